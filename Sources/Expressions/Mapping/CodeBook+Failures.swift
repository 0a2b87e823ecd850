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
  ])
}
