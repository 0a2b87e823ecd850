import Records

extension CodeBook {
  /// What reading conversions of units raises.
  package static let units = CodeBook([
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
