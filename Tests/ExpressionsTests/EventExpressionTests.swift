import Records
import Testing

@testable import Expressions

/// What is recognised in an expression: paths, which are copied, and comparisons, which need no evaluation.
@Suite struct EventExpressionTests {
  static let paths: [(String, Path)] = [
    ("record", Path(.record)), ("record.id", Path(.record, [.member("id")])), ("op", Path(.op)),
    ("record.brand.name", Path(.record, [.member("brand"), .member("name")])),
    (" record.tags[0] ", Path(.record, [.member("tags"), .index(0)])),
    (#"record["odd key"].x"#, Path(.record, [.member("odd key"), .member("x")])),
    (#"record['it\'s']"#, Path(.record, [.member("it's")])), ("record.`a-b`", Path(.record, [.member("a-b")])),
    (#"record["aA\n\"\\"]"#, Path(.record, [.member("aA\n\"\\")])),
    ("record[ 12 ][3]", Path(.record, [.index(12), .index(3)])), ("before.x", Path(.before, [.member("x")])),
    ("meta.headers.x", Path(.meta, [.member("headers"), .member("x")])), ("key", Path(.key)),
    (#"record["é"]"#, Path(.record, [.member("é")])), ("record._a1", Path(.record, [.member("_a1")])),
    (#"record["in"]"#, Path(.record, [.member("in")])), ("(record.a)", Path(.record, [.member("a")])),
  ]

  @Test(arguments: paths)
  func aPathIsCopied(text: String, path: Path) throws {
    #expect(try EventExpression(text).path == path)
    #expect(try EventExpression(path.description).path == path)
  }

  @Test(arguments: ["record.a + 1", "record.?a", "record[record.i]", "'record'", "has(record.a)", "size(record)"])
  func anythingElseIsNot(text: String) throws { #expect(try EventExpression(text).path == nil) }

  static let filters: [(String, Filter)] = [
    (#"record.kind == "physical""#, Filter(Path(.record, [.member("kind")]), .equal, "physical")),
    ("record.a!='x'", Filter(Path(.record, [.member("a")]), .notEqual, "x")),
    ("'x' != record.a", Filter(Path(.record, [.member("a")]), .notEqual, "x")),
    ("record.n <= 10", Filter(Path(.record, [.member("n")]), .lessOrEqual, 10)),
    ("10 < record.n", Filter(Path(.record, [.member("n")]), .greater, 10)),
    ("record.n > -1 ", Filter(Path(.record, [.member("n")]), .greater, -1)),
    ("record.b == true", Filter(Path(.record, [.member("b")]), .equal, true)),
    ("record.b != null", Filter(Path(.record, [.member("b")]), .notEqual, nil)),
    ("op == 'delete'", Filter(Path(.op), .equal, "delete")),
    ("1.5 > record.a", Filter(Path(.record, [.member("a")]), .less, .number("1.5"))),
  ]

  @Test(arguments: filters)
  func aComparisonIsSeen(text: String, filter: Filter) throws {
    #expect(try comparison(text) == filter)
  }

  @Test(arguments: [
    "record.a == record.b", "record.a == 1.2345678901234567", "record.a == 1u", "record.a in [1]", "!record.a",
  ])
  func othersAreNone(text: String) throws { #expect(try comparison(text) == nil) }

  private func comparison(_ text: String) throws -> Filter? {
    guard case .test(.comparison(let filter)) = try EventExpression(text, giving: .bool).form else { return nil }
    return filter
  }

  static let problems: [(String, String, Int)] = [
    ("", "expression.syntax", 0), ("id", "expression.unknown_name", 0), ("recrod.id", "expression.unknown_name", 0),
    ("record.", "expression.syntax", 7), ("record..a", "expression.syntax", 7), ("record.1", "expression.syntax", 6),
    ("record[0", "expression.syntax", 8), ("record[\"a]", "expression.syntax", 7),
    ("record[99999999999999999999]", "expression.syntax", 7), (#"record["\q"]"#, "expression.syntax", 8),
    ("op.x", "expression.type_mismatch", 3), ("meta.tiem", "expression.unknown_field", 5),
    ("record.é", "expression.syntax", 7),
  ]

  @Test(arguments: problems)
  func aProblemHasItsPlace(text: String, code: String, offset: Int) {
    let found = #expect(throws: CompileProblems.self) { try EventExpression(text) }
    #expect(found?.problems.first?.code.rawValue == code)
    #expect(found?.problems.first?.offset == offset)
  }

  @Test(arguments: ["1 + 1", "'yes'", "op", "size(record)"])
  func aConditionIsABool(text: String) {
    let found = #expect(throws: CompileProblems.self) { try EventExpression(text, giving: .bool) }
    #expect(found?.problems.map(\.code) == [.typeMismatch])
  }
}
