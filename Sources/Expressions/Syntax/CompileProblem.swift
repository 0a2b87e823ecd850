/// Something wrong with an expression, found before it runs.
package struct CompileProblem: Error, Sendable, Equatable {
  /// A stable code, `expression.unknown_field`.
  package var code: Code
  package var message: String
  /// What to do about it, where that is known.
  package var hint: String?
  /// Where, in bytes from the start of the expression.
  package var offset: Int
  /// The same place for people; filled in by ``Expression``.
  package var place = TextPlace(line: 1, column: 1)

  package enum Code: String, Sendable, CaseIterable {
    case syntax = "expression.syntax"
    case tooLong = "expression.too_long"
    case tooDeep = "expression.too_deep"
    case unknownName = "expression.unknown_name"
    case unknownField = "expression.unknown_field"
    case unknownFunction = "expression.unknown_function"
    case noMatchingOverload = "expression.no_matching_overload"
    case typeMismatch = "expression.type_mismatch"
    case badPattern = "expression.bad_pattern"
    case alwaysFails = "expression.always_fails"
    case neverTrue = "expression.never_true"
    case alwaysTrue = "expression.always_true"
  }

  init(_ code: Code, _ message: String, hint: String? = nil, at offset: Int) {
    self.code = code
    self.message = message
    self.hint = hint
    self.offset = offset
  }

  /// The message and what to do about it.
  package var sentence: String { hint.map { "\(message); \($0)" } ?? message }
}

/// All that is wrong with one expression; never empty.
package struct CompileProblems: Error, Sendable, Equatable {
  package var problems: [CompileProblem]
}
