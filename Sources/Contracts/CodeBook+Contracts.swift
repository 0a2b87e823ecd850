import Records

extension CodeBook {
  /// What is wrong with a schema that is to be a contract.
  package static let contracts = CodeBook([
    Entry(
      "contract.dialect_unknown", "a schema of another dialect", "`$schema` names a dialect that is not draft 2020-12.",
      remedy: "Write the schema for draft 2020-12, or leave `$schema` out."),
    Entry(
      "contract.duplicate_id", "an address that stands for two schemas",
      "Two different schemas have the same `$id` or anchor.",
      remedy: "Give one of them another."),
    Entry(
      "contract.file_not_json", "a schema that is no JSON",
      "The file of a schema, or one that it refers to, is no JSON.",
      remedy: "Correct it at the place that the message names."),
    Entry(
      "contract.file_unreadable", "a schema that cannot be read",
      "A contract, or a reference in its schema, names a file that is not there or cannot be read.",
      remedy: "Check the path: it starts from the folder of the file that names it."),
    Entry(
      "contract.format_unknown", "a format that is not checked",
      "The format is to be asserted and there is no check for it, so every value would pass unseen.",
      remedy: "Use a `pattern`, or leave the format as a note."),
    Entry(
      "contract.keyword_invalid", "a keyword of the wrong form",
      "The value of the keyword is not what the standard says.",
      remedy: "Correct it; the message says what is expected."),
    Entry(
      "contract.keyword_unknown", "a keyword that means nothing",
      "JSON Schema has no such keyword and ignores it, so a misspelt one checks nothing.",
      remedy: "Correct it; or begin its name with `x-` where it is your own."),
    Entry(
      "contract.pattern_invalid", "a pattern that is none", "The text is no regular expression.", remedy: "Correct it."),
    Entry(
      "contract.pattern_unsupported", "a pattern that cannot be matched in linear time",
      "Lookarounds, back references and very large repeats are refused, because a record could make them take for ever.",
      remedy: "Write the pattern without them."),
    Entry(
      "contract.reference_loop", "references in a circle",
      "References lead back to themselves without a step into the value.",
      remedy: "Break the circle."),
    Entry(
      "contract.reference_unresolved", "a reference to nothing",
      "`$ref` names a schema that is not there; nothing is fetched.",
      remedy: "Correct it, or add the document it names."),
    Entry(
      "contract.too_large", "a schema too large", "The schema has more parts than the limit allows.",
      remedy: "Split the contract."),
    Entry(
      "contract.unknown_field", "a field that the contract does not declare",
      "The record has a field that its schema does not name, and `unknown_fields` of the pipeline refuses such fields.",
      remedy: "Add the field to the schema, or write `unknown_fields: keep` or `drop`."),
    Entry(
      "contract.version_unknown", "a version that the contract does not have",
      "The event names no version, or one that stands not under `contract.versions`.",
      remedy: "Add the version, or say with `unknown_versions` what becomes of such events: keep, drop, reject, stop."),
    Entry(
      "contract.violation", "a record that breaks the contract",
      "The record is not what its JSON Schema says. The message has the place in the record, what is wrong and the"
        + " keyword of the schema.",
      remedy: "Mend the record at its source, or the schema; `millrace dry-run` shows what is refused."),
    Entry(
      "contract.vocabulary_unknown", "a vocabulary that is not known",
      "The dialect requires keywords that are not known here.", remedy: "Leave the vocabulary out, or make it optional."
    ),
  ])
}
