import Testing

@testable import Expressions

/// What the documentation says of each function holds.
@Suite struct FunctionTests {
  private static let documented = Functions.all + Macros.all

  @Test(arguments: documented.flatMap { function in function.examples.map { ($0.expression, $0.result) } })
  func everyExampleGivesItsResult(expression: String, result: String) throws {
    let value = try evaluate(expression)
    let wanted = try evaluate(result)
    #expect(value.type == wanted.type)
    #expect(Comparison.equal(value, wanted), "\(expression) gives \(value.shown)")
    #expect(Comparison.equal(value, try evaluate(value.shown)), "\(value.shown) reads back as itself")
  }

  @Test func operatorsAreNotDocumentedAsFunctions() {
    #expect(
      !Functions.documented.contains { $0.name.hasPrefix("_") || $0.name.hasPrefix("@") || $0.name.hasSuffix("_") })
    #expect(Functions.documented.count > 100)
  }

  @Test func everyFunctionHasAnExampleAndASentence() {
    for function in Self.documented {
      #expect(!function.examples.isEmpty, "\(function.name)")
      #expect(function.summary.hasSuffix("."), "\(function.name)")
      #expect(!function.overloads.isEmpty, "\(function.name)")
    }
  }
}

/// The value of an expression over variables.
func evaluate(
  _ text: String, _ variables: KeyValuePairs<String, CELValue> = [:], checked: Bool = true
) throws -> CELValue {
  let environment = Environment(variables: variables.map { .init($0.key, .dyn) })
  let expression = try Expression(text, in: environment, checked: checked)
  let frame = expression.makeFrame()
  for (slot, variable) in variables.enumerated() { frame[slot] = variable.value }
  return try expression.evaluate(frame)
}
