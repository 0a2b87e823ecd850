import Records

extension CodeBook {
  /// What reading paths, comparisons and units raises.
  package static let paths = CodeBook([
    Entry(
      "expression.not_supported", "more than a path or a comparison",
      "A mapping takes the path of a field, and a filter compares a path with a literal. What stands here is part of a"
        + " larger expression.",
      remedy: "Write a path such as record.id, record.tags[0] or record[\"odd name\"]; use the keys of a mapping object"
        + " (values, unit, as, trim) for simple changes."),
    Entry(
      "expression.syntax", "a broken expression", "The expression ends too early, or a part of it is misspelt.",
      remedy: "Look at the character that the message points to."),
    Entry(
      "expression.type", "a comparison without order", "`<`, `<=`, `>` and `>=` need numbers or texts.",
      remedy: "Use == or != with true, false and null."),
    Entry(
      "expression.unknown_name", "no part of an event",
      "An expression begins with a part of the event: op, key, record, before or meta.",
      remedy: "For a field of the record write record.FIELD."),
    Entry(
      "unit.dimension", "units that cannot be converted",
      "The two units measure different things, or are two currencies, whose rate changes by the day.",
      remedy: "Name two units of the same dimension."),
    Entry(
      "unit.range", "a conversion too large", "The factor between the two units is beyond 64 bits.",
      remedy: "Convert in two steps, in two pipelines or in the source."),
    Entry(
      "unit.syntax", "no conversion", "A conversion of units is written FROM -> TO.",
      remedy: "Write, for instance, kg -> g."),
    Entry(
      "unit.unknown", "an unknown unit",
      "The name is no unit of length, mass, volume, temperature, time, bytes or currency that is known. Capital letters"
        + " count: `mB` is no `MB`.",
      remedy: "Use a unit that the hint names."),
  ])
}
