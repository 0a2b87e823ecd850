import Expressions
import Records
import Testing

@Suite struct UnitConversionTests {
  static let conversions: [(String, String, String)] = [
    ("kg -> g", "1.25", "1250"), ("g->kg", "1", "0.001"), ("in -> cm", "10", "25.4"), ("mi -> m", "1", "1609.344"),
    ("lb -> kg", "1", "0.45359237"), ("oz -> g", "1", "28.349523125"), ("l -> ml", "0.5", "500"),
    ("gal_us -> l", "1", "3.785411784"), ("floz_us -> ml", "1", "29.5735295625"), ("m3 -> l", "2", "2000"),
    ("pt_us -> floz_us", "1", "16"), ("gal_uk -> pt_uk", "1", "8"), ("pt_uk -> floz_uk", "1", "20"),
    ("st -> lb", "1", "14"), ("mi -> yd", "1", "1760"), ("wk -> d", "1", "7"),
    ("degC -> degF", "100", "212"), ("degF -> degC", "-40", "-40"), ("degF -> degC", "212", "100"),
    ("degC -> K", "0", "273.15"), ("K -> degC", "0", "-273.15"), ("K -> degF", "0", "-459.67"),
    ("h -> s", "1.5", "5400"), ("ms -> s", "1", "0.001"), ("GiB -> B", "1", "1073741824"), ("B -> bit", "3", "24"),
    ("kB -> KiB", "1", "0.9765625"), ("EUR -> cents", "9.99", "999"), ("cents -> EUR", "999", "9.99"),
    ("JPY -> minor", "5", "5"), ("KWD -> minor", "1.234", "1234"), ("GBP -> pence", "1", "100"),
    ("degF -> degC", "0", "-17.77777777777777777777777777777778"),
    ("s -> h", "1", "0.0002777777777777777777777777777777778"), ("min -> h", "30", "0.5"),
    ("kg -> lb", "1", "2.20462262184877580722973801345027"), ("m -> m", "7.10", "7.1"),
  ]

  @Test(arguments: conversions)
  func exact(text: String, value: String, expected: String) throws {
    let conversion = try UnitConversion(parsing: text)
    let number = try #require(Decimal(value))
    let result = try #require(conversion.apply(number))
    #expect("\(result)" == expected)
  }

  @Test func aFiniteResultThatIsTooLongIsRefused() throws {
    let conversion = try UnitConversion(parsing: "nm -> km")
    let number = try #require(Decimal("0.1234567890123456789012345678901234567"))
    #expect(conversion.apply(number) == nil)
  }

  static let problems: [(String, String, String?)] = [
    ("kg", "unit.syntax", nil), ("-> g", "unit.syntax", nil), ("kg -> l", "unit.dimension", nil),
    ("kgs -> g", "unit.unknown", "did you mean `kg`?"), ("KG -> g", "unit.unknown", "did you mean `kg`?"),
    ("stone -> g", "unit.unknown", nil), ("EUR -> USD", "unit.dimension", nil), ("EUR -> g", "unit.unknown", nil),
    ("kg -> cents", "unit.unknown", "write the code of ISO 4217: EUR -> cents"),
    ("JPY -> cents", "unit.dimension", nil),
    ("eur -> cents", "unit.unknown", nil),
  ]

  @Test(arguments: problems)
  func refused(text: String, code: String, hint: String?) {
    let problem = #expect(throws: UnitProblem.self) { try UnitConversion(parsing: text) }
    #expect(problem?.code == code)
    if let hint { #expect(problem?.hint == hint) }
  }

  @Test func everyPairOfADimensionConvertsThereAndBack() throws {
    for group in [
      ["nm", "km", "mi", "nmi"], ["ug", "t", "oz"], ["ul", "m3", "floz_uk"], ["K", "degC", "degF"], ["bit", "PiB"],
    ] {
      for a in group {
        for b in group { #expect(throws: Never.self) { try UnitConversion(parsing: "\(a) -> \(b)") } }
      }
    }
  }
}
