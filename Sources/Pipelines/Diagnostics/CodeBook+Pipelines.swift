import Records

extension CodeBook {
  /// What reading and checking pipeline files raises.
  package static let pipelines = CodeBook(files + language)

  private static let files: [Entry] = [
    Entry(
      "config.file_is_folder", "a folder in place of a file",
      "The path names a folder where a pipeline file is needed.",
      remedy: "Name the file in it. A folder that is given itself means its *.yaml and *.yml files."),
    Entry(
      "config.file_not_found", "no such file", "Nothing stands at the path.",
      remedy: "Check the path; it starts from the working folder."),
    Entry(
      "config.file_not_regular", "no regular file", "The path names a pipe, a device or a socket.",
      remedy: "Write the pipeline to a file."),
    Entry(
      "config.file_too_large", "a file too large",
      "A pipeline file has a bound, and this one is beyond it. No more was read.",
      remedy: "Check that it is the pipeline and not its data; split it otherwise."),
    Entry(
      "config.file_unreadable", "a file that cannot be read",
      "The system refuses to read it; the message has its words.",
      remedy: "Check the permissions of the file and of its folders."),
    Entry(
      "config.no_files", "a folder without pipelines", "A folder means its *.yaml and *.yml files, and there are none.",
      remedy: "Name another folder, or the files; folders inside are not searched."),
  ]

  private static let language: [Entry] = [
    Entry(
      "config.bad_name", "a name that files cannot carry",
      "The pipeline's name becomes part of file names and metrics.",
      remedy: "Use letters, digits, `-`, `_` and `.`, a letter or digit first."),
    Entry(
      "config.bad_table", "a text that names no table", "Streams are named by the source's tables.",
      remedy: "Write table, schema.table, schema.*, \"*\", or \"odd.name\".\"table\"."),
    Entry(
      "config.lanes_across_tables", "several lanes and several tables",
      "Each lane writes at its own pace, so a row can arrive before a row of another table that it refers to.",
      remedy: "Write lanes: 1 where the target's tables have foreign keys, or leave these unchecked."),
    Entry(
      "config.no_tables", "streams of a source without tables",
      "Streams tell the source's tables apart, and this source has none.",
      remedy: "Remove `streams`, and write `mappings` and `target` for all events."),
    Entry(
      "config.not_a_member", "no member that can be changed",
      "Transforms change members of the record, which are named by their names; not elements of lists, `op` or `meta`.",
      remedy: "Write a path such as record.address.city."),
    Entry(
      "config.not_a_path", "more than a path", "Here a field of the event is named, and nothing is computed.",
      remedy: "Write a path such as record.id, record.tags[0] or record[\"odd name\"]."),
    Entry(
      "config.not_per_stream", "a setting that all streams share",
      "A stream has its own place in the target, and no server of its own.",
      remedy: "Write the setting under `target`, or write a pipeline for each server."),
    Entry(
      "config.one_stream", "several streams into one place",
      "The target takes the rows of one stream only.", remedy: "Skip the others, or write a pipeline for each."),
    Entry(
      Plan.neverShownCode, "a result that is never shown",
      "The target puts its result in its place when the source has ended, so that nobody sees half of it. This source goes"
        + " on with what comes later and never ends, so the result stays under its partial name.",
      remedy: "Write `write: append`; or keep it, and end each run: `millrace run --once` or `--until-current`."),
    Entry(
      "config.default_type", "a default of another type",
      "`default` stands in after the cast, so it must be a value that the cast could give.",
      remedy:
        "Write a value of the type that `as` names; dates and timestamps as in 2024-05-01 and 2024-05-01T10:00:00Z."),
    Entry(
      "config.duplicate_name", "a name given twice",
      "Two pipelines of one name would share their checkpoint, and two tests of one name cannot be told apart.",
      remedy: "Give one of them another name."),
    Entry(
      "config.lanes_without_key", "lanes without a key",
      "With several lanes, rows of one key keep their order because they take the same lane. Without a key nothing keeps it.",
      remedy: "Name the key's fields in the target, or write lanes: 1."),
    Entry(
      "config.language_version", "an unknown language version",
      "The file is written for another version of the language.",
      remedy: "Use a millrace that knows it, or write the version that the message names."),
    Entry(
      "config.impossible_cast", "a cast that never succeeds",
      "What the field is made of is of a type that `as` can never make the other one of, so each record would fail.",
      remedy: "Convert it in the expression, or name another type."),
    Entry(
      "config.lossy_cast", "a cast that refuses what it would lose",
      "The cast takes no value that would lose something: a fraction, a time of day, digits. Such records become dead"
        + " letters.",
      remedy: "Say in the expression what shall become of the rest (round it, cut it), or name a type that holds it."),
    Entry(
      "config.unreachable_value", "an entry of values that nothing matches",
      "No value of the field is ever equal to this key: another entry is for the same value, it is of another kind (the"
        + " text \"1\" is not the number 1), or the contract does not allow it.",
      remedy: "Correct the key, put quotes around it or take them away, or remove the entry."),
    Entry(
      "config.mixed_keys", "texts and numbers as keys of values",
      "`values` compares a record's value with its kind: the key 1 is a number and matches no text \"1\".",
      remedy: "Put the keys in quotes that stand for texts."),
    Entry(
      "config.unused", "a setting without effect",
      "The setting is read by nothing, given what the others say: the file means less than it seems to.",
      remedy: "Remove it, or change the setting that keeps it from being used."),
    Entry(
      "config.too_many_lanes", "more lanes than the target takes",
      "The target cannot be written by so many writers at once.", remedy: "Lower `lanes`."),
    Entry(
      "config.unknown_column", "a key that is no field",
      "The target's key names a field that the mappings do not make.",
      remedy: "Map the field, or correct its name in `key`."),
    Entry(
      "config.unknown_connector", "an unknown connector",
      "The `type` of the source or target is none that this millrace has for that direction.",
      remedy: "`millrace connectors` lists them."),
    Entry(
      "config.unknown_transform", "an unknown transform", "The step of `transforms` is none that this millrace has.",
      remedy: "Use one that the hint names."),
    Entry(
      "yaml.alias_loop", "an alias inside what it names",
      "An alias repeats what its anchor names, and would never end.",
      remedy: "Write the value out."),
    Entry(
      "yaml.byte_order_mark", "a byte order mark",
      "The file begins with a mark that UTF-8 does not need; it is skipped.",
      remedy: "Save the file as UTF-8 without a mark."),
    Entry(
      "yaml.colon_in_value", "a colon inside a value",
      "A colon and a space make a key. Inside a value without quotes YAML cannot tell.",
      remedy: "Put the whole value in quotes; or correct the indentation."),
    Entry(
      "yaml.comment_in_value", "a # that ate the value",
      "A space and a `#` begin a comment, and here they probably belong to the value, which now ends before them.",
      remedy: "Put the whole value in quotes. If it is a comment, put a space behind the #."),
    Entry(
      "yaml.control_character", "a control character",
      "YAML forbids control characters other than tab and line breaks.",
      remedy: "Remove it, or write it as an escape in double quotes."),
    Entry(
      "yaml.duplicate_key", "a key that stands twice",
      "A mapping has the same key twice. Tools differ in which one counts, so neither is guessed.",
      remedy: "Remove one of them."),
    Entry(
      "yaml.empty", "an empty file", "The file holds no document.", remedy: "`millrace init` writes a first pipeline."),
    Entry(
      "yaml.escape", "an unknown escape", "In double quotes a backslash begins an escape, and this is none.",
      remedy: "Double the backslash, or use single quotes, in which it is a plain character."),
    Entry(
      "yaml.key_not_scalar", "a key that is no text", "YAML allows lists and mappings as keys; a pipeline has none.",
      remedy: "Put a key that begins with a bracket in quotes."),
    Entry(
      "yaml.merge_key", "a merge key", "`<<` merges mappings in YAML 1.1; it is not part of YAML 1.2 and is not read.",
      remedy: "Write the keys out, or use an alias for the whole value."),
    Entry(
      "yaml.not_utf8", "not UTF-8", "The file is in another encoding, such as UTF-16 or Latin-1.",
      remedy: "Save it as UTF-8; `iconv -f ENCODING -t UTF-8` converts it."),
    Entry(
      "yaml.nul_byte", "a NUL byte", "The file holds a byte that no text has.",
      remedy: "Check that it is a text file and was written whole."),
    Entry(
      "yaml.reserved_character", "a character that begins no value",
      "`@`, `` ` ``, `%` and some others cannot begin a value without quotes.", remedy: "Put the value in quotes."),
    Entry(
      "yaml.several_documents", "several documents in one file",
      "`---` begins another document; a file holds one pipeline.",
      remedy: "Move each pipeline to a file of its own; a folder can be given in place of files."),
    Entry(
      "yaml.star", "a star without quotes", "`*` begins an alias in YAML, so the key for all fields needs quotes.",
      remedy: "Write \"*\"."),
    Entry(
      "yaml.syntax", "not YAML", "The text is not YAML from here on; the message has the parser's words.",
      remedy: "Look at the line and the one before it: indentation, a missing colon, quote or bracket."),
    Entry("yaml.tab", "a tab", "YAML indents with spaces only.", remedy: "Replace the tabs by spaces."),
    Entry(
      "yaml.tag", "a tag", "Tags such as `!!int` or `!env` are not read.", remedy: "Remove it; put texts in quotes."),
    Entry(
      "yaml.too_deep", "nesting too deep", "Lists and mappings stand inside each other beyond the bound.",
      remedy: "Check for brackets that are left unclosed, and for aliases inside aliases."),
    Entry(
      "yaml.too_many_values", "too many values",
      "The file has more values than the bound allows, those counted that aliases repeat.",
      remedy: "Write less through aliases; split the file."),
    Entry(
      "yaml.value_ended", "a value that ends too early",
      "A value that begins with a quote or a bracket ends with it, and something follows.",
      remedy: "Put the whole value in quotes of the other kind, or write it behind `>-` on a line of its own."),
    Entry(
      "yaml.unclosed_quote", "a quote that is never closed", "A text in quotes runs to the end of the file.",
      remedy: "Close the quote. Inside single quotes a quote is doubled, inside double quotes it is written \\\"."),
    Entry(
      "yaml.unknown_alias", "an alias without an anchor",
      "`*name` repeats what `&name` marked before it, and nothing did.",
      remedy: "Put a text in quotes that begins with a star; otherwise mark the value with an anchor."),
    Entry(
      "yaml.unquoted_reference", "a reference without quotes inside braces",
      "Inside { } the braces of ${NAME} are YAML's own.", remedy: "Write \"${NAME}\"."),
  ]
}
