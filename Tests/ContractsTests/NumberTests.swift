import Testing

@testable import Contracts

/// Numbers of any length, exactly.
@Suite struct NumberTests {
  @Test(arguments: [
    ("1", "1.0", 0), ("100", "1e2", 0), ("0.1", "1E-1", 0), ("-0.0", "0e9", 0), ("12.5", "1250e-2", 0), ("2", "10", -1),
    ("-2", "-10", 1), ("-1", "1", -1), ("0", "-5", 1), ("9007199254740993", "9007199254740992", 1),
    ("123456789012345678901234567890.1", "123456789012345678901234567890.2", -1), ("1e400", "1e399", 1),
    ("1e-400", "0", 1), ("0.30000000000000000001", "0.3", 1), ("1.5", "1.49", 1), ("101", "11e1", -1),
    ("1e99999999999999999999", "1e5", 1),
  ])
  func orders(_ a: String, _ b: String, _ order: Int) throws {
    let result = NumberView.with(a) { a in NumberView.with(b) { b in NumberView.order(a, b).signum() } }
    #expect(result == order)
    #expect(NumberView.with(a) { a in NumberView.with(b) { b in NumberView.order(b, a).signum() } } == -order)
  }

  @Test(arguments: ["", "-", ".", "NaN", "1e", "1x", "+1", "1e+", "Infinity"])
  func refuses(_ text: String) { #expect(NumberView.with(text) { $0 } == nil) }

  @Test(arguments: [
    ("1", true), ("1.0", true), ("1e2", true), ("0.0", true), ("12.50e1", true), ("1.5", false), ("1e-1", false),
  ])
  func knowsIntegers(_ text: String, _ isIntegral: Bool) {
    #expect(NumberView.with(text) { $0.isIntegral } == isIntegral)
  }

  @Test(arguments: [
    ("0.0075", "0.0001", true), ("0.00751", "0.0001", false), ("4.5", "1.5", true), ("35", "1.5", false),
    ("0", "7", true),
    ("1e308", "0.123456789", false), ("12391239123", "1e-8", true), ("1e308", "0.5", true), ("19.99", "0.01", true),
    ("123456789012345678901234567890", "10", true), ("123456789012345678901234567891", "10", false),
    ("-9", "3", true), ("1e300", "7", false), ("7e300", "7", true), ("100", "30e1", false), ("300", "30e1", true),
    ("680564733841876926926749214863536422912", "340282366920938463463374607431768211", false),
    ("680564733841876926926749214863536422", "340282366920938463463374607431768211", true),
  ])
  func dividesExactly(_ number: String, _ divisor: String, _ expected: Bool) throws {
    let divisor = try #require(NumberView.with(divisor) { Divisor($0) })
    #expect(NumberView.with(number) { divisor.divides($0) } == expected)
  }
}
