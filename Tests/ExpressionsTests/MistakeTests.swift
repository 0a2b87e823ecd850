import Records
import Testing

@testable import Expressions

/// What people get wrong, and what they are told.
@Suite struct MistakeTests {
  private static let product = ObjectType(
    "products",
    [
      .init("id", .int), .init("sku", .string), .init("price", .decimal), .init("qty", .int), .init("weight", .double),
      .init("name", .string), .init("tags", .list(.string)), .init("created_at", .timestamp), .init("active", .bool),
    ])
  private static let environment = Environment(variables: [.init("record", .object(product)), .init("meta", .dyn)])

  @Test(arguments: [
    ("record.prise", "1:8 products has no field `prise`; did you mean `price`?"),
    ("record['skuu']", "1:7 products has no field `skuu`; did you mean `sku`?"),
    ("has(record.nam)", "1:12 products has no field `nam`; did you mean `name`?"),
    ("recrod.sku", "1:1 there is no `recrod` here; did you mean `record`?"),
    ("record.sku + 1", "1:12 string + int is not defined; write record.sku + string(1)"),
    ("record.qty * record.weight", "1:12 int * double is not defined; write double(record.qty) * record.weight"),
    ("record.qty * 1.5", "1:12 int * double is not defined; write double(record.qty) * 1.5"),
    (
      "record.price * record.weight",
      "1:14 decimal * double is not defined; write record.price * decimal(record.weight)"
    ),
    (
      "record.qty + null",
      "1:12 int + null_type is not defined; null has no +: write coalesce(…, 0), or test with == null first"
    ),
    ("record.sku = 'a'", "1:12 `=` has no meaning here; write == to compare"),
    ("record.active & true", "1:15 `&` has no meaning here; write && for and"),
    ("record.active and true", "1:15 found `and` where an operator or the end should stand; write && for and"),
    ("not record.active", "1:5 found `record` where an operator or the end should stand; write ! for not"),
    ("record.sku == active", "1:15 there is no `active` here"),
    ("record.sku.upper_ascii()", "1:12 there is no function `upper_ascii`; did you mean `upperAscii`?"),
    ("record.sku.length()", "1:12 there is no function `length`; write size(…)"),
    (
      "record.sku.to_upper()",
      "1:12 there is no function `to_upper`; write ….upperAscii(), or ….upper() for all letters"
    ),
    ("ifnull(record.sku, '')", "1:1 there is no function `ifnull`; write coalesce(value, other)"),
    (
      "now()",
      "1:1 there is no function `now`; an event gives the same output whenever it is replayed: meta.time says when it happened, meta.ingested_at when it came"
    ),
    ("math.sqroot(2.0)", "1:6 there is no function `math.sqroot`; did you mean `math.sqrt`?"),
    ("date.of(record.created_at)", "1:6 there is no function `date.of`; there is date.parse"),
    (
      "record.qty.size()",
      "1:12 int.size() is not defined; there is size(string) -> int, size(bytes) -> int, size(list(T)) -> int, size(map(K, V)) -> int"
    ),
    ("record.sku == 1", "1:12 string == int is not defined"),
    ("record.active ? 1 : 'a'", "1:15 the branches of `?` have different types, int and string"),
    ("record.qty ? 1 : 2", "1:12 the condition before `?` is int, and not bool"),
    (
      "record.name.matches('(')",
      "1:21 the pattern does not work: missing ): (; patterns are RE2's; write r'…' to keep backslashes"
    ),
    (#"record.name.matches('\d+')"#, #"1:22 there is no such escape; write \\ for a backslash, or a raw string r'…'"#),
    ("record.name == 'a", "1:16 the text that starts here has no closing quote"),
    ("(record.qty", "1:12 the expression ends where `)` to close `(` should follow"),
    ("record.tags.map(t)", "1:13 map() does not fit these arguments; it is used like [1, 2, 3].map(x, x * 2)"),
    (
      "record.created_at > '2026-01-01'",
      "1:19 timestamp > string is not defined; write record.created_at > timestamp('2026-01-01')"
    ),
    ("sum(record.tags)", "1:1 sum(list(string)) is not defined; call it on the value: record.tags.sum()"),
    ("record.qty +\n  record.naem", "2:10 products has no field `naem`; did you mean `name`?"),
    ("'é' + record.qty", "1:5 string + int is not defined; write 'é' + string(record.qty)"),
    ("class", "1:1 there is no `class` here"),
    ("upper", "1:1 there is no `upper` here; it is a function, and used like 'straße'.upper()"),
    (
      "record.sku if true",
      "1:12 found `if` where an operator or the end should stand; write condition ? this : that"
    ),
    ("import", "1:1 `import` is a reserved word; a field of that name is read after a dot"),
    (
      "9223372036854775808",
      "1:1 9223372036854775808 is beyond int, which ends at 9223372036854775807; write 9223372036854775808.0 for a double"
    ),
    ("[1, 2", "1:6 the expression ends where `]` to close `[` should follow"),
    ("{'a': 1, 'b'}", "1:13 found `}` where `:` between a key and its value should stand"),
    ("", "1:1 the expression ends where a value should follow"),
  ])
  func aMistakeIsNamedWithItsMend(expression: String, message: String) {
    #expect(problem(of: expression) == message)
  }

  private func problem(of text: String) -> String? {
    do {
      _ = try Expression(text, in: Self.environment)
      return nil
    } catch {
      let first = error.problems[0]
      return "\(first.place.line):\(first.place.column) \(first.sentence)"
    }
  }

  @Test func whatFailsForEveryRecordIsAWarning() throws {
    let expression = try Expression("record.created_at > timestamp('2026-01-01')", in: Self.environment)
    #expect(expression.warnings.map(\.place.column) == [21])
    #expect(expression.warnings.map(\.code) == [.alwaysFails])
  }

  @Test func allProblemsAreReportedInTheirOrder() {
    let found = #expect(throws: CompileProblems.self) {
      try Expression("record.aa + record.bb + foo(1)", in: Self.environment)
    }
    #expect(found?.problems.map(\.place.column) == [8, 20, 25])
  }

  @Test(arguments: [
    ("r.qty * r.price", "1:7 int * double is not defined; write double(r.qty) * r.price"),
    ("r.price * 2", "1:9 double * int is not defined; write r.price * 2.0"),
    ("r.name + r.qty", "1:8 string + int is not defined; write r.name + string(r.qty)"),
    ("r.missing", "1:3 there is no field `missing`; r.?missing allows for its absence"),
    (
      "int(r.nothing)",
      "1:1 int(null_type) is not defined; r.nothing is null: write coalesce(r.nothing, …), or test with == null first"
    ),
    ("[r.qty, r.nothing].sum()", "1:20 the list has a null, which cannot be added; write ….filter(x, x != null).sum()"),
    ("{'Table': 1}[r.name]", "1:13 there is no field `n`; {'Table': 1}[?r.name] allows for its absence"),
    ("r.prise", "1:3 there is no field `prise`; did you mean `price`?"),
    (
      "r.nothing + 1",
      "1:11 null_type + int is not defined; null has no +: write coalesce(…, 0), or test with == null first"
    ),
    ("r.name.missing", "1:8 string has no fields, so there is no '.missing'"),
    ("r.name.length", "1:8 string has no fields, so there is no '.length'; write size(…)"),
    ("r.tags[7]", "1:7 there is no element 7 in a list of 2; r.tags[?7] allows for its absence"),
    ("int('x')", "1:1 'x' is no int; try(int(…), …) allows for that"),
    ("date('2026-11-23T08:15:30Z')", "1:1 '2026-11-23T08:15:30Z' is no date; write date(timestamp(…))"),
    (
      "timestamp('23.11.2026')",
      "1:1 '23.11.2026' is no timestamp; RFC 3339 looks like 2026-11-23T08:15:30Z; timestamp.parse() reads other patterns"
    ),
    ("9223372036854775807 + 1", "1:21 the result is beyond int"),
    ("1 / 0", "1:3 division by zero"),
    ("optional.none().value()", "1:17 the optional holds no value; orValue(…) gives another"),
    ("r.qty ? 1 : 2", "1:3 the condition before `?` is int, and not bool"),
    ("{r.price: 1}", "1:4 double cannot be the key of a map; keys are int, uint, bool or string"),
    ("{'a': 1, 'a': 2}", "1:10 the key 'a' is there twice"),
  ])
  func anErrorOfARecordIsNamedWithItsMend(expression: String, message: String) throws {
    let row = try CELValue(
      json: Value(json: #"{"qty": 2, "price": 1.5, "nothing": null, "name": "n", "tags": ["a", "b"]}"#))
    let environment = Environment(variables: [.init("r", .dyn)])
    let compiled = try Expression(expression, in: environment)
    let frame = compiled.makeFrame()
    frame[0] = row
    let error = #expect(throws: EvaluationError.self) { try compiled.evaluate(frame) }
    let place = error.map { compiled.place(of: $0) }
    #expect("\(place?.line ?? 0):\(place?.column ?? 0) \(error?.sentence ?? "")" == message)
  }
}
