import Records

extension CodeBook {
  /// Why transforms and mappings refuse a record.
  package static let mappings = CodeBook([
    Entry(
      "mapping.cast_failed", "a value that cannot be cast",
      "The value is none of the type that `as` names, or would lose something as one.",
      remedy:
        "Choose another `as`, or say what takes its place: `on_error: null`, or `default` with `on_error: default`."),
    Entry(
      "mapping.not_a_number", "no number to convert", "A unit is converted from a number, and the value is none.",
      remedy: "Correct the path, or say what takes its place with `on_error`."),
    Entry(
      "mapping.required_missing", "a required value that is missing",
      "The field is required, or part of the key, and its value is missing or null.",
      remedy: "Correct the record in the source, give the field a `default`, or remove `required`."),
    Entry(
      "mapping.too_long", "a text too long",
      "The text has more characters than max_length allows; nothing is cut in silence.",
      remedy: "Raise max_length, or set truncate: true to cut it."),
    Entry(
      "mapping.unit_inexact", "a conversion that does not fit",
      "The converted number is longer than a decimal holds.", remedy: "Check the value and the units."),
    Entry(
      "mapping.value_unknown", "a value that is in no table", "The value is none of the keys of `values`.",
      remedy: "Add it to `values`, or say with `otherwise` what all others become."),
    Entry(
      "transform.assertion_failed", "an assertion that does not hold",
      "A transform asserts something of every event, and this one breaks it.",
      remedy: "Correct the record in the source, or the assertion; `millrace dead-letters show` has the record."),
    Entry(
      "transform.name_taken", "a new name that is taken",
      "A transform renames a member to a name that the record has already; one of the two would be lost.",
      remedy: "Choose another name, or `unset` the other member before."),
    Entry(
      "transform.no_object", "a member of what has none",
      "A transform sets a member inside of a value that is no object.", remedy: "Correct the path."),
    Entry(
      "transform.no_time", "an event without a time",
      "`dedupe` compares events within a `window`, by the events' own times, and this one has none, or one that is no"
        + " timestamp such as 2026-01-31T12:00:00Z.",
      remedy: "Say where the time stands (`time: timestamp(record.created_at)`), or leave out `window`: then the last"
        + " `records` keys are compared."),
    Entry(
      "transform.no_version", "an event with an odd version",
      "`dedupe` compares versions, and this event's is neither a whole number of at most 62 bits nor a timestamp such as"
        + " 2026-01-31T12:00:00Z of the years 1824 to 2116.",
      remedy: "Make it one with an expression (`version: int(record.revision)`), or name another field."),
    Entry(
      "transform.not_a_list", "no list to explode", "`explode` makes an event of each element of a list.",
      remedy: "Correct the path; a single value becomes a list with `set: {record.a: \"[record.a]\"}`."),
    Entry(
      "transform.routed", "an event that was routed here",
      "A transform sends events to the dead letters for which its condition holds; the message has the reason.",
      remedy: "Nothing is broken: the pipeline file asks for it."),
  ])
}
