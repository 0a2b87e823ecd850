/// Why an expression has no value for a record.
///
/// A class, so that passing it on costs one word; made only where something fails.
package final class EvaluationError: Error, Sendable {
  package enum Code: String, Sendable, CaseIterable {
    case noSuchOverload = "expression.no_such_overload"
    case noSuchKey = "expression.no_such_key"
    case noSuchField = "expression.no_such_field"
    case unknownName = "expression.unknown_name"
    case outOfRange = "expression.out_of_range"
    case divideByZero = "expression.divide_by_zero"
    case badConversion = "expression.bad_conversion"
    case badArgument = "expression.bad_argument"
    case badPattern = "expression.bad_pattern"
    case duplicateKey = "expression.duplicate_key"
    case noValue = "expression.no_value"
    case tooCostly = "expression.too_costly"
    case tooLarge = "expression.too_large"
  }

  package let code: Code
  package let message: String
  package let hint: String?
  /// Where, in bytes from the start of the expression; nil until the node that failed adds it.
  package let offset: Int?

  init(_ code: Code, _ message: String, hint: String? = nil, offset: Int? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
    self.offset = offset
  }

  /// The message and what to do about it.
  package var sentence: String { hint.map { "\(message); \($0)" } ?? message }

  /// This error with its place, unless it has one.
  func located(at offset: Int) -> EvaluationError {
    self.offset == nil ? EvaluationError(code, message, hint: hint, offset: offset) : self
  }

  /// The call that this came from puts the names and types in.
  static let noSuchOverload = EvaluationError(.noSuchOverload, "")

  static func overflow(_ type: String) -> EvaluationError {
    EvaluationError(.outOfRange, "the result is beyond \(type)")
  }

  static func tooLarge(_ what: String) -> EvaluationError {
    EvaluationError(
      .tooLarge, "\(what) would be too large",
      hint:
        "an expression makes texts of at most \(ExpressionLimits.textBytes) bytes and lists of \(ExpressionLimits.values) values"
    )
  }

  /// Whether it says that something is not there, which `coalesce` passes over.
  var isAbsence: Bool { code == .noSuchKey || code == .noSuchField || code == .noValue }
}
