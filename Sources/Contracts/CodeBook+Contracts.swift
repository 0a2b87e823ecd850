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
      "contract.format_unknown", "a format that is not checked",
      "The format is to be asserted and there is no check for it, so every value would pass unseen.",
      remedy: "Use a `pattern`, or leave the format as a note."),
    Entry(
      "contract.keyword_invalid", "a keyword of the wrong form",
      "The value of the keyword is not what the standard says.",
      remedy: "Correct it; the message says what is expected."),
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
      "contract.vocabulary_unknown", "a vocabulary that is not known",
      "The dialect requires keywords that are not known here.", remedy: "Leave the vocabulary out, or make it optional."
    ),
  ])
}
