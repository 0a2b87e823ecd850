import Testing

@testable import Expressions

/// No expression exhausts the machine.
@Suite struct LimitTests {
  private func nested(_ depth: Int, _ open: String, _ inner: String, _ close: String) -> String {
    String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
  }

  @Test(arguments: [
    ("(", "1", ")"), ("[", "1", "]"), ("{1: ", "1", "}"), ("size([", "1", "])"), ("true ? 1 : ", "1", ""),
  ])
  func nestingHasALimit(open: String, inner: String, close: String) throws {
    _ = try evaluate(nested(100, open, inner, close), checked: false)
    #expect(code(nested(50_000 / (open.count + close.count), open, inner, close)) == .tooDeep)
  }

  @Test func chainsHaveALimit() throws {
    #expect(try evaluate((0..<900).map { "\($0)" }.joined(separator: "+")).int() == 404_550)
    #expect(code((0..<5_000).map { "\($0)" }.joined(separator: "+")) == .tooDeep)
    #expect(code("a" + String(repeating: ".b", count: 5_000)) == .tooDeep)
    #expect(code("a" + String(repeating: "[0]", count: 5_000)) == .tooDeep)
    #expect(try evaluate((0..<5_000).map { _ in "true" }.joined(separator: "&&")).bool())
    #expect(try evaluate(String(repeating: "!", count: 20_000) + "true").bool())
    #expect(try evaluate(String(repeating: "-", count: 20_001) + "(1)").int() == -1)
  }

  @Test func theTextHasALimit() {
    #expect(code(String(repeating: " ", count: 200_000) + "1") == .tooLong)
  }

  private func code(_ text: String) -> CompileProblem.Code? {
    do {
      _ = try Expression(text, in: Environment(variables: [.init("a", .dyn)]))
      return nil
    } catch {
      return error.problems.first?.code
    }
  }

  @Test(arguments: [
    // Time that grows with the power of the nesting.
    nest(8, ".all(x, ", ")"),
    "lists.range(900).map(x, lists.range(2000).map(y, y))",
    "lists.range(10000).filter(x, x in lists.range(10000))",
    "lists.range(10000).map(x, [x]).distinct()",
    // Space that doubles with each step.
    "['0123456789']" + String(repeating: ".map(x, x + x)", count: 40),
    "[[0, 1]]" + String(repeating: ".map(x, [x, x])", count: 60),
    "cel.bind(a, lists.range(1000), a" + String(repeating: ".map(x, a)", count: 1)
      + String(repeating: ".map(x, [x, x, x, x])", count: 10) + ")",
    "lists.range(9223372036854775807)",
    "'a'.replace('', lists.range(900000).map(x, '0123456789').join())",
    "lists.range(900000).map(x, 'a').join('0123456789')",
    "'%.1000000f'.format([1.0])",
    "[1].flatten(9223372036854775807) + lists.range(900000) + lists.range(900000)",
  ])
  func workAndSizeHaveALimit(expression: String) {
    let error = #expect(throws: EvaluationError.self) { try evaluate(expression) }
    #expect([.tooCostly, .tooLarge, .badArgument].contains(error?.code))
  }

  private static func nest(_ depth: Int, _ open: String, _ close: String) -> String {
    (0..<depth).reduce("true") { inner, _ in "lists.range(20)\(open)\(inner)\(close)" }
  }

  @Test func aPatternTakesLinearTimeAndBoundedMemory() throws {
    let text = String(repeating: "a", count: 50_000)
    #expect(try !evaluate("'\(text)b'.matches('^(a+)+$')").bool())
    #expect(code("'a'.matches('((((a{100}){100}){100}){100})')") == .badPattern)
  }

  @Test func tryDoesNotCatchTheLimit() {
    #expect(throws: EvaluationError.self) { try evaluate("try(\(Self.nest(8, ".all(x, ", ")")), true)") }
  }
}
