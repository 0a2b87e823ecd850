import Records
import Testing

@testable import Expressions

/// Fields that an expression makes, as they reach a target.
@Suite struct FieldExpressionTests {
  private static let record = """
    {"id":7,"sku":"ab-\\u0031\\"x","name":" K\u{f6}ln ","price":19.99,"qty":3,"big":18446744073709551615,"none":null,\
    "tags":["a","b"],"brand":{"name":"ACME","since":1947},"at":"2026-11-23T08:15:30Z","yes":true}
    """

  private func row(_ expression: String, _ change: (inout FieldMapping) -> Void = { _ in }) throws -> String {
    var field = FieldMapping(from: .expression(try EventExpression(expression)))
    change(&field)
    let result = MappingRun.run(Self.record, [("x", field)])
    return result.rows.first ?? result.failures.joined()
  }

  @Test(arguments: [
    ("record.qty + 1", "4"), ("record.price * 2.0", "39.98"), ("int(decimal(record.price) * 100)", "1999"),
    ("record.sku.upperAscii()", #""AB-1\"X""#), ("true ? record.sku : ''", #""ab-\u0031\"x""#),
    ("record.name.trim()", "\"K\u{f6}ln\""), ("'line\\n' + op", #""line\nread""#),
    ("true ? record.name : ''", "\" K\u{f6}ln \""),
    ("record.tags.map(t, t + '!')", #"["a!","b!"]"#), ("true ? record.brand : {}", #"{"name":"ACME","since":1947}"#),
    ("{'a': record.tags, 'n': decimal('1.10')}", #"{"a":["a","b"],"n":1.10}"#), ("decimal('1.10') * 3", "3.30"),
    ("true ? record.big : 0u", "18446744073709551615"), ("record.none == null ? record.none : 1", "null"),
    ("!record.yes", "false"), ("timestamp(record.at) + duration('1h')", #""2026-11-23T09:15:30Z""#),
    ("date('2026-11-23')", #""2026-11-23""#), ("b'abc'", #""YWJj""#), ("record.?none", "null"),
    ("meta.event_id + '!'", #""in:0!""#),
    ("hash.sha256('a').size()", "64"), ("1.0 / 0.0", #""Infinity""#), ("type(1)", #""int""#), ("meta.source", #""in""#),
    ("coalesce(record.?nothing, record.none, 'c')", #""c""#), ("before == null", "true"),
  ])
  func aValueArrivesAsItIs(expression: String, json: String) throws {
    #expect(try row(expression) == "{\"x\":\(json)}")
  }

  @Test func anOptionalWithoutValueLeavesTheFieldOut() throws {
    #expect(try row("record.?missing") == "{}")
    #expect(try row("optional.none()") == "{}")
    #expect(try row("record.?missing") { $0.fallback = 5 } == #"{"x":5}"#)
    #expect(try row("record.?missing") { $0.required = true } == "mapping.required_missing x")
  }

  @Test func theStepsOfAMappingObjectFollow() throws {
    #expect(try row("record.name + 'x'") { $0.trim = true } == "{\"x\":\"K\u{f6}ln x\"}")
    #expect(try row("record.qty * 2") { $0.cast = .string } == #"{"x":"6"}"#)
    #expect(try row("record.tags[1]") { $0.values = [.init("b", 2)] } == #"{"x":2}"#)
    #expect(try row("record.name + 'yy'") { $0.maxLength = 3 } == "mapping.too_long x")
    #expect(try row("record.qty + 2") { $0.unit = try? UnitConversion(parsing: "kg -> g") } == #"{"x":5000}"#)
  }

  @Test func whatFailsIsADeadLetterUnlessTheFieldSaysOtherwise() throws {
    #expect(try row("record.missing + 1") == "expression.no_such_key x")
    #expect(try row("record.name + record.qty") == "expression.no_such_overload x")
    #expect(try row("record.missing + 1") { $0.onError = .null } == #"{"x":null}"#)
    #expect(
      try row("int('x')") {
        $0.onError = .default
        $0.fallback = 0
      } == #"{"x":0}"#)
  }

  @Test func manyRecordsOfManyShapesThroughOneMapper() throws {
    let lines = (0..<300).map { index in
      index % 3 == 0
        ? "{\"a\":{\"b\":\(index)}}" : index % 3 == 1 ? "{\"z\":0,\"a\":{\"c\":1,\"b\":\(index)}}" : "{\"a\":5}"
    }
    let field = FieldMapping(from: .expression(try EventExpression("record.?a.?b.orValue(-1) + 1")))
    let result = MappingRun.run(lines.joined(separator: "\n"), [("x", field)])
    #expect(result.rows.prefix(2) == [#"{"x":1}"#, #"{"x":2}"#])
    #expect(result.failures.first == "expression.no_such_field x")
    #expect(result.rows.count + result.failures.count == 300)
  }
}
