import Testing

@testable import Expressions

/// Exact numbers.
@Suite struct DecimalTests {
  @Test(arguments: [
    ("half_even", ["2.4", "2.6", "-2.4", "2.4", "2.5", "2.4"]),
    ("half_up", ["2.5", "2.6", "-2.5", "2.4", "2.5", "2.4"]),
    ("half_down", ["2.4", "2.5", "-2.4", "2.4", "2.5", "2.4"]), ("up", ["2.5", "2.6", "-2.5", "2.5", "2.5", "2.4"]),
    ("down", ["2.4", "2.5", "-2.4", "2.4", "2.4", "2.4"]), ("ceiling", ["2.5", "2.6", "-2.4", "2.5", "2.5", "2.4"]),
    ("floor", ["2.4", "2.5", "-2.5", "2.4", "2.4", "2.4"]),
  ])
  func aDecimalIsRounded(mode: String, wanted: [String]) throws {
    for (text, rounded) in zip(["2.45", "2.55", "-2.45", "2.44", "2.46", "2.4"], wanted) {
      #expect(try evaluate("string(decimal('\(text)').round(1, '\(mode)'))").string() == rounded, "\(text) \(mode)")
    }
  }

  @Test(arguments: [
    ("decimal('1') / decimal('8')", "0.125"), ("decimal('10') / 4", "2.5"),
    ("decimal('1') / 3", "0.3333333333333333333333333333333333"),
    ("decimal('2') / 3", "0.6666666666666666666666666666666667"),
    ("decimal('-2') / 3", "-0.6666666666666666666666666666666667"),
    ("decimal('12345678901234567890.12') + 1", "12345678901234567891.12"), ("-decimal('1.50')", "-1.50"),
    ("decimal(0.1)", "0.1"), ("decimal('1e3')", "1000"), ("math.abs(decimal('-1.5'))", "1.5"),
    ("3 * decimal('1.10')", "3.30"),
    ("decimal('1.0') - 1", "0.0"), ("math.greatest(decimal('1.5'), 2)", "2"), ("decimal('6') / decimal('0.02')", "300"),
  ])
  func decimalsCompute(expression: String, wanted: String) throws {
    #expect(try evaluate("string(\(expression))").string() == wanted)
  }

  @Test(arguments: [
    "decimal('1.10') == decimal('1.1')", "decimal('1') == 1", "1 < decimal('1.01')", "decimal('2.5') == dyn(2.5)",
    "int(decimal('-2.9')) == -2", "double(decimal('0.1')) == 0.1", "decimal('1.10') in [decimal('1.1')]",
    "uint(decimal('3')) == 3u", "string(decimal('1.10')) == '1.10'", "decimal('1.5') > decimal('1.49')",
  ])
  func decimalsCompare(expression: String) throws {
    #expect(try evaluate(expression).bool())
  }

  @Test(arguments: [
    "decimal('x')", "decimal('')", "decimal('1.2.3')", "decimal('1') / 0",
    "decimal('99999999999999999999999999999999999999') + 1",
    "decimal('1').round(2, 'sideways')", "decimal('1').round(-1)", "decimal('1').round(99)", "decimal(0.0 / 0.0)",
    "decimal('1e30') * decimal('1e30')",
  ])
  func whatHasNoResultIsAnError(expression: String) {
    #expect(throws: EvaluationError.self) { try evaluate(expression) }
  }

  @Test func decimalsDoNotChangeWhatTheStandardSaysOfOtherTypes() throws {
    let environment = Environment(variables: [.init("x", .dyn)])
    #expect(try Expression("x + 1", in: environment).type == .int)
    #expect(try Expression("x + decimal('1')", in: environment).type == .decimal)
    #expect(try Expression("x + x", in: environment).type == .dyn)
    #expect(throws: CompileProblems.self) { try Expression("decimal('1') + 1.5", in: environment) }
  }
}
