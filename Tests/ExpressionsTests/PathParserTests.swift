import Expressions
import Records
import Testing

@Suite struct PathParserTests {
  static let paths: [(String, Path)] = [
    ("record", Path(.record)), ("record.id", Path(.record, [.member("id")])), ("op", Path(.op)),
    ("record.brand.name", Path(.record, [.member("brand"), .member("name")])),
    (" record.tags[0] ", Path(.record, [.member("tags"), .index(0)])),
    (#"record["odd key"].x"#, Path(.record, [.member("odd key"), .member("x")])),
    (#"record['it\'s']"#, Path(.record, [.member("it's")])),
    (#"record["aA\n\"\\"]"#, Path(.record, [.member("aA\n\"\\")])),
    ("record[ 12 ][3]", Path(.record, [.index(12), .index(3)])), ("before.x", Path(.before, [.member("x")])),
    ("meta.headers.x", Path(.meta, [.member("headers"), .member("x")])), ("key", Path(.key)),
    (#"record["é"]"#, Path(.record, [.member("é")])), ("record._a1", Path(.record, [.member("_a1")])),
  ]

  @Test(arguments: paths)
  func read(text: String, path: Path) throws {
    #expect(try Path(parsing: text) == path)
    #expect(try Path(parsing: path.text) == path)
  }

  static let problems: [(String, String, Int)] = [
    ("", "expression.syntax", 0), ("id", "expression.unknown_name", 0), ("recrod.id", "expression.unknown_name", 0),
    ("record.", "expression.syntax", 7), ("record..a", "expression.syntax", 7), ("record.1", "expression.syntax", 7),
    ("record.a + 1", "expression.not_supported", 9), ("record.a.upper()", "expression.not_supported", 14),
    ("int(record.a)", "expression.not_supported", 3), ("record.?a", "expression.not_supported", 7),
    ("record[-1]", "expression.not_supported", 7), ("record[0", "expression.not_supported", 8),
    ("record[\"a]", "expression.syntax", 7), ("record[99999999999999999999]", "expression.syntax", 7),
    (#"record["\q"]"#, "expression.syntax", 8), ("op.x", "expression.unknown_name", 0),
    ("meta.tiem", "expression.unknown_name", 0), ("meta[0]", "expression.unknown_name", 0),
    ("\"text\"", "expression.not_supported", 0), ("record.é", "expression.syntax", 7),
  ]

  @Test(arguments: problems)
  func refused(text: String, code: String, offset: Int) {
    let problem = #expect(throws: ExpressionProblem.self) { try Path(parsing: text) }
    #expect(problem?.code == code)
    #expect(problem?.offset == offset)
  }
}

@Suite struct FilterParserTests {
  static let filters: [(String, Filter)] = [
    (#"record.kind == "physical""#, Filter(Path(.record, [.member("kind")]), .equal, "physical")),
    ("record.a!='x'", Filter(Path(.record, [.member("a")]), .notEqual, "x")),
    ("record.n <= 10", Filter(Path(.record, [.member("n")]), .lessOrEqual, 10)),
    ("record.n<-1.50 ", Filter(Path(.record, [.member("n")]), .less, .number("-1.50"))),
    ("record.n >= 1e3", Filter(Path(.record, [.member("n")]), .greaterOrEqual, .number("1e3"))),
    ("record.b == true", Filter(Path(.record, [.member("b")]), .equal, true)),
    ("record.b != null", Filter(Path(.record, [.member("b")]), .notEqual, nil)),
    ("op == 'delete'", Filter(Path(.op), .equal, "delete")),
  ]

  @Test(arguments: filters)
  func read(text: String, filter: Filter) throws {
    #expect(try Filter(parsing: text) == filter)
    #expect(try Filter(parsing: filter.text) == filter)
  }

  static let problems: [(String, String, Int)] = [
    ("record.kind", "expression.not_supported", 11), ("record.kind = 'x'", "expression.not_supported", 13),
    ("record.a == record.b", "expression.not_supported", 12),
    ("record.a == 'x' && record.b == 1", "expression.not_supported", 16),
    ("record.a == 1 || record.b == 1", "expression.not_supported", 12), ("record.a ==", "expression.not_supported", 11),
    ("record.a < true", "expression.type", 11), ("record.a > null", "expression.type", 11),
    ("'x' == record.a", "expression.not_supported", 0), ("record.a == .5", "expression.not_supported", 12),
    ("record.a == 1.", "expression.not_supported", 12), ("!record.a", "expression.not_supported", 0),
    ("record.a == 'x", "expression.syntax", 12), ("", "expression.syntax", 0),
  ]

  @Test(arguments: problems)
  func refused(text: String, code: String, offset: Int) {
    let problem = #expect(throws: ExpressionProblem.self) { try Filter(parsing: text) }
    #expect(problem?.code == code)
    #expect(problem?.offset == offset)
  }
}

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
    let problem = #expect(throws: ExpressionProblem.self) { try UnitConversion(parsing: text) }
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
