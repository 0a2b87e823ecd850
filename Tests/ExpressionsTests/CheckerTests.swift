import Testing

@testable import Expressions

/// What is known of types before anything runs.
@Suite struct CheckerTests {
  private func type(
    _ text: String, _ variables: KeyValuePairs<String, String> = [:], in container: String = ""
  ) throws -> String {
    let declared = try variables.map { Environment.Variable($0.key, try #require(TypeReader.type($0.value))) }
    return try Expression(text, in: Environment(variables: declared, container: container)).type.description
  }

  @Test(arguments: [
    ("[]", "list(dyn)"), ("{}", "map(dyn, dyn)"), ("[1, 'a']", "list(dyn)"), ("[1, dyn(2)]", "list(dyn)"),
    ("[[], [1]]", "list(list(int))"), ("[null, duration('1s')]", "list(google.protobuf.Duration)"),
    ("[type(1)]", "list(type(int))"), ("{'a': 1}.?a", "optional_type(int)"), ("{'a': 1}[?'a']", "optional_type(int)"),
    ("[1].first()", "optional_type(int)"), ("optional.of([1])[0]", "optional_type(int)"),
    ("[?optional.of(1)]", "list(int)"),
    ("[1, 2].map(x, string(x))", "list(string)"), ("{'a': 1}.map(k, k)", "list(string)"),
    ("[1].filter(x, x > 0)", "list(int)"),
    ("{'a': 1}.transformMap(k, v, v > 0)", "map(string, bool)"),
    ("{'a': 1}.transformMapEntry(k, v, {v: k})", "map(int, string)"),
    ("['a'].sortBy(x, size(x))", "list(string)"), ("['a'].groupBy(x, size(x))", "map(int, list(string))"),
    ("[1].transformList(i, v, i + v)", "list(int)"), ("dyn(1) + 2", "int"), ("dyn(1) + dyn(2)", "dyn"),
    ("true ? 1 : dyn('a')", "dyn"),
    ("optional.none().orValue(1)", "int"), ("optional.of(1).optMap(x, string(x))", "optional_type(string)"),
    ("coalesce(null, {'a': 1}.?a, 2)", "int"), ("try(int('x'), 0)", "int"), ("try(1, 'a')", "dyn"),
    ("[1, 2].sum()", "int"),
    ("cel.bind(x, [1], x)", "list(int)"), ("json.parse('1')", "dyn"), ("int", "type(int)"),
    ("math.greatest(1, 2.0)", "dyn"),
    ("{'a': [1]}.a[0]", "int"), ("regex.extract('a', 'b')", "optional_type(string)"),
  ])
  func aTypeIsDeduced(expression: String, wanted: String) throws {
    #expect(try type(expression) == wanted)
  }

  @Test func aNullableColumnMayBeNull() throws {
    #expect(try type("[x, 1]", ["x": "wrapper(int)"]) == "list(wrapper(int))")
    #expect(try type("x + 1", ["x": "wrapper(int)"]) == "int")
    #expect(try type("x == null", ["x": "wrapper(int)"]) == "bool")
    #expect(throws: CompileProblems.self) { try type("x == null", ["x": "int"]) }
  }

  @Test func namesAreLookedUpFromTheInside() throws {
    #expect(try type("a.b.c", ["a.b.c": "string", "a.b": "map(string, int)"]) == "string")
    #expect(try type("a.b.d", ["a.b.c": "string", "a.b": "map(string, int)"]) == "int")
    #expect(try type("y", ["p.q.y": "int", "p.y": "bool", "y": "string"], in: "p.q") == "int")
    #expect(try type(".y", ["p.q.y": "int", "p.y": "bool", "y": "string"], in: "p.q") == "string")
    #expect(try type("['a'].map(y, y)[0] + .y", ["y": "string"]) == "string")
    #expect(try type("[1].map(y, y)[0]", ["y": "string"]) == "int")
  }

  @Test(arguments: [
    "list(int)", "map(string, list(dyn))", "optional_type(int)", "tuple(T, U)", "google.protobuf.Timestamp",
    "null_type", "wrapper(int)",
  ])
  func aTypeIsReadAndWritten(text: String) {
    #expect(TypeReader.type(text)?.description == text)
  }

  @Test(arguments: ["", "list(", "list(int", "list(int))", "map(int,)", "(int)"])
  func aTypeThatIsNotWellFormedIsRefused(text: String) {
    #expect(TypeReader.type(text) == nil)
  }

  @Test func anObjectThatIsOpenHasOtherFieldsToo() throws {
    let open = ObjectType("events", [.init("id", .int)], isOpen: true)
    let environment = Environment(variables: [.init("r", .object(open))])
    #expect(try Expression("r.id", in: environment).type == .int)
    #expect(try Expression("r.other", in: environment).type == .dyn)
    #expect(try Expression("r.map(k, k)", in: environment).type == .list(.string))
  }
}
