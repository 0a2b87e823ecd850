import Records

/// A unit of a dimension: a value in the dimension's base unit is (value × `numerator` + `offset`) / `denominator`.
struct Unit: Sendable {
  enum Dimension: String, Sendable, CaseIterable {
    case length, mass, volume, temperature, time, bytes, currency
  }

  var name: String
  var dimension: Dimension
  var numerator: Int128
  var denominator: Int128
  var offset: Int128

  init(
    _ name: String, _ dimension: Dimension, _ numerator: Int128, over denominator: Int128 = 1, offset: Int128 = 0
  ) {
    self.name = name
    self.dimension = dimension
    self.numerator = numerator
    self.denominator = denominator
    self.offset = offset
  }

  /// The two units of a conversion, of the same dimension.
  static func pair(_ from: String, _ to: String) throws(UnitProblem) -> (Unit, Unit) {
    if let money = try Money.pair(from, to) { return money }
    let (source, target) = (try named(from), try named(to))
    guard source.dimension == target.dimension else {
      throw UnitProblem(
        "unit.dimension",
        "`\(from)` is a unit of \(source.dimension.rawValue), `\(to)` one of \(target.dimension.rawValue)",
        hint: "units of \(source.dimension.rawValue): \(names(of: source.dimension))")
    }
    return (source, target)
  }

  private static func named(_ name: String) throws(UnitProblem) -> Unit {
    if let unit = table.first(where: { $0.name == name }) { return unit }
    throw UnitProblem("unit.unknown", "unknown unit `\(name)`", hint: hint(for: name))
  }

  private static func hint(for name: String) -> String {
    let folded = name.lowercased()
    let meant = table.first { $0.name.lowercased() == folded }?.name ?? spelled[folded]
    if let meant { return "did you mean `\(meant)`?" }
    return Dimension.allCases.filter { $0 != .currency }
      .map { "\($0.rawValue): \(names(of: $0))" }.joined(separator: "; ") + "; currency: EUR -> cents"
  }

  static func names(of dimension: Dimension) -> String {
    table.filter { $0.dimension == dimension }.map(\.name).joined(separator: ", ")
  }

  /// How people write units out.
  private static let spelled: [String: String] = [
    "meter": "m", "meters": "m", "metre": "m", "metres": "m", "inch": "in", "inches": "in", "foot": "ft", "feet": "ft",
    "yard": "yd", "yards": "yd", "mile": "mi", "miles": "mi", "gram": "g", "grams": "g", "gramm": "g", "gr": "g",
    "kilo": "kg", "kilos": "kg", "kilogram": "kg", "kilograms": "kg", "kgs": "kg", "lbs": "lb", "pound": "lb",
    "pounds": "lb", "ounce": "oz", "ounces": "oz", "ton": "t", "tons": "t", "tonne": "t", "liter": "l", "liters": "l",
    "litre": "l", "litres": "l", "gal": "gal_us", "gallon": "gal_us", "gallons": "gal_us", "fl_oz": "floz_us",
    "floz": "floz_us", "pint": "pt_us", "pt": "pt_us", "c": "degC", "celsius": "degC", "°c": "degC", "f": "degF",
    "fahrenheit": "degF", "°f": "degF", "kelvin": "K", "sec": "s", "second": "s", "seconds": "s", "minute": "min",
    "minutes": "min", "m.": "min", "hour": "h", "hours": "h", "hr": "h", "day": "d", "days": "d", "week": "wk",
    "weeks": "wk", "µs": "us", "byte": "B", "bytes": "B", "bits": "bit", "µm": "um", "µg": "ug",
  ]

  /// Base units: metre, gram, litre, kelvin, second, byte. Pounds, feet and gallons by the agreements of 1959, 1893/1959
  /// and 1976, exact by definition.
  static let table: [Unit] =
    metric("m", .length, [("nm", -9), ("um", -6), ("mm", -3), ("cm", -2), ("dm", -1), ("m", 0), ("km", 3)])
    + [
      Unit("in", .length, 254, over: 10_000), Unit("ft", .length, 3_048, over: 10_000),
      Unit("yd", .length, 9_144, over: 10_000), Unit("mi", .length, 1_609_344, over: 1_000),
      Unit("nmi", .length, 1_852),
    ]
    + metric("g", .mass, [("ug", -6), ("mg", -3), ("g", 0), ("kg", 3), ("t", 6)])
    + [
      Unit("oz", .mass, 28_349_523_125, over: 1_000_000_000), Unit("lb", .mass, 45_359_237, over: 100_000),
      Unit("st", .mass, 635_029_318, over: 100_000), Unit("ct", .mass, 1, over: 5),
    ]
    + metric("l", .volume, [("ul", -6), ("ml", -3), ("cl", -2), ("dl", -1), ("l", 0), ("hl", 2), ("m3", 3)])
    + [
      Unit("mm3", .volume, 1, over: 1_000_000), Unit("cm3", .volume, 1, over: 1_000), Unit("dm3", .volume, 1),
      Unit("floz_us", .volume, 295_735_295_625, over: 10_000_000_000_000),
      Unit("pt_us", .volume, 473_176_473, over: 1_000_000_000),
      Unit("gal_us", .volume, 3_785_411_784, over: 1_000_000_000),
      Unit("floz_uk", .volume, 284_130_625, over: 10_000_000_000),
      Unit("pt_uk", .volume, 56_826_125, over: 100_000_000), Unit("gal_uk", .volume, 454_609, over: 100_000),
    ]
    + [
      Unit("K", .temperature, 1), Unit("degC", .temperature, 100, over: 100, offset: 27_315),
      Unit("degF", .temperature, 500, over: 900, offset: 229_835),
    ]
    + metric("s", .time, [("ns", -9), ("us", -6), ("ms", -3), ("s", 0)])
    + [Unit("min", .time, 60), Unit("h", .time, 3_600), Unit("d", .time, 86_400), Unit("wk", .time, 604_800)]
    + [Unit("bit", .bytes, 1, over: 8)]
    + metric("B", .bytes, [("B", 0), ("kB", 3), ("MB", 6), ("GB", 9), ("TB", 12), ("PB", 15)])
    + [
      Unit("KiB", .bytes, 1 << 10), Unit("MiB", .bytes, 1 << 20), Unit("GiB", .bytes, 1 << 30),
      Unit("TiB", .bytes, 1 << 40), Unit("PiB", .bytes, 1 << 50),
    ]

  /// Units that are powers of ten of the base unit.
  private static func metric(_ base: String, _ dimension: Dimension, _ powers: [(String, Int)]) -> [Unit] {
    powers.map { name, power in
      Unit(name, dimension, power > 0 ? power10(power) : 1, over: power < 0 ? power10(-power) : 1)
    }
  }

  static func power10(_ exponent: Int) -> Int128 {
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }
}

/// Currencies and their minor units: `EUR -> cents`, `JPY -> minor`. Never one currency to another: a rate is no unit.
enum Money {
  /// Codes of ISO 4217 whose minor unit is not a hundredth, with its decimals.
  private static let decimals: [String: Int] = [
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3,
    "TND": 3,
  ]
  /// Names of minor units; `minor` fits every currency, the others those with two decimals.
  private static let minorNames = ["cents", "cent", "pence", "minor"]

  /// nil where neither name is one of money.
  static func pair(_ from: String, _ to: String) throws(UnitProblem) -> (Unit, Unit)? {
    let (fromMinor, toMinor) = (minorNames.contains(from), minorNames.contains(to))
    switch (isCode(from), isCode(to), fromMinor, toMinor) {
    case (true, _, _, true): return (major(from), try minor(to, of: from))
    case (_, true, true, _): return (try minor(from, of: to), major(to))
    case (true, true, _, _):
      throw UnitProblem(
        "unit.dimension", "`\(from)` and `\(to)` are different currencies",
        hint: "a rate changes by the day and is no unit; \(from) -> minor gives the minor unit")
    default:
      guard fromMinor || toMinor else { return nil }
      let other = fromMinor ? to : from
      throw UnitProblem(
        "unit.unknown", "`\(other)` is no currency", hint: "write the code of ISO 4217: EUR -> cents")
    }
  }

  private static func isCode(_ name: String) -> Bool {
    name.utf8.count == 3 && name.utf8.allSatisfy { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
      && !Unit.table.contains { $0.name == name }
  }

  private static func major(_ code: String) -> Unit { Unit(code, .currency, Unit.power10(decimals[code] ?? 2)) }

  private static func minor(_ name: String, of code: String) throws(UnitProblem) -> Unit {
    if name != "minor", let places = decimals[code] {
      throw UnitProblem(
        "unit.dimension", "\(code) has \(places) decimals and no \(name)", hint: "write \(code) -> minor")
    }
    return Unit(name, .currency, 1)
  }
}
