/// A function of the expression language: what it is called, what it does, and how.
///
/// Declared once; the checker reads the signatures, the compiler the implementations, `millrace functions` the words,
/// and a test evaluates every example.
package struct Function: Sendable {
  package enum Library: String, Sendable, CaseIterable {
    case standard, strings, math, lists, sets, optionals, regex, encoders, data
  }

  /// An expression and what it gives, both in the language itself.
  package struct Example: Sendable {
    package var expression: String
    package var result: String
  }

  package var name: String
  package var library: Library
  /// One sentence.
  package var summary: String
  package var overloads: [Overload]
  package var examples: [Example]
  /// One implementation that serves all overloads and looks at the values itself.
  let shared: Overload.Implementation?

  init(
    _ name: String, _ library: Library, _ summary: String, _ overloads: [Overload],
    shared: Overload.Implementation? = nil, examples: KeyValuePairs<String, String> = [:]
  ) {
    self.name = name
    self.library = library
    self.summary = summary
    self.overloads = overloads
    self.shared = shared
    self.examples = examples.map { Example(expression: $0.key, result: $0.value) }
  }
}

/// One form of a function.
package struct Overload: Sendable {
  typealias Zero = @Sendable () throws(EvaluationError) -> CELValue
  typealias One = @Sendable (CELValue) throws(EvaluationError) -> CELValue
  typealias Two = @Sendable (CELValue, CELValue) throws(EvaluationError) -> CELValue
  typealias Three = @Sendable (CELValue, CELValue, CELValue) throws(EvaluationError) -> CELValue
  typealias Many = @Sendable ([CELValue]) throws(EvaluationError) -> CELValue

  enum Implementation: Sendable {
    /// The compiler has nodes of its own for it, or it is declared for checking only.
    case none
    case zero(Zero)
    case one(One)
    case two(Two)
    case three(Three)
    case many(Many)
  }

  /// Whether it is called `a.f(b)` rather than `f(a, b)`; the receiver is the first parameter.
  package var isMethod: Bool
  package var parameters: [CELType]
  package var result: CELType
  let implementation: Implementation

  package init(isMethod: Bool, parameters: [CELType], result: CELType) {
    self.init(isMethod, parameters, result, .none)
  }

  /// A form whose function has one implementation for all.
  static func form(_ parameters: CELType..., to result: CELType) -> Overload {
    Overload(false, parameters, result, .none)
  }

  static func methodForm(_ parameters: CELType..., to result: CELType) -> Overload {
    Overload(true, parameters, result, .none)
  }

  init(_ isMethod: Bool, _ parameters: [CELType], _ result: CELType, _ implementation: Implementation) {
    self.isMethod = isMethod
    self.parameters = parameters
    self.result = result
    self.implementation = implementation
  }

  /// `string.indexOf(string, int) -> int`
  package func signature(of name: String) -> String {
    let words = parameters.map(\.word)
    let call =
      isMethod
      ? "\(words[0]).\(name)(\(words.dropFirst().joined(separator: ", ")))"
      : "\(name)(\(words.joined(separator: ", ")))"
    return "\(call) -> \(result.word)"
  }

  /// Forms over decimals and dates are chosen only where one of them is known to be there, so that `dyn + 1` keeps the
  /// type that the standard gives it.
  func isEligible(for types: [CELType]) -> Bool {
    let ours = parameters.filter { $0 == .decimal || $0 == .date }
    return ours.isEmpty || parameters.count == 1 || types.contains { $0.nonNull == .decimal || $0.nonNull == .date }
  }
}

extension Function {
  /// A function that is declared for checking only.
  package init(declared name: String, overloads: [Overload]) {
    self.init(name, .standard, "", overloads)
  }
}

extension Overload {
  static func function(_ result: CELType, _ body: @escaping Zero) -> Overload {
    Overload(false, [], result, .zero(body))
  }
  static func function(_ a: CELType, _ result: CELType, _ body: @escaping One) -> Overload {
    Overload(false, [a], result, .one(body))
  }
  static func function(_ a: CELType, _ b: CELType, _ result: CELType, _ body: @escaping Two) -> Overload {
    Overload(false, [a, b], result, .two(body))
  }
  static func function(
    _ a: CELType, _ b: CELType, _ c: CELType, _ result: CELType, _ body: @escaping Three
  ) -> Overload {
    Overload(false, [a, b, c], result, .three(body))
  }
  static func function(_ parameters: [CELType], _ result: CELType, _ body: @escaping Many) -> Overload {
    Overload(false, parameters, result, .many(body))
  }
  static func method(_ target: CELType, _ result: CELType, _ body: @escaping One) -> Overload {
    Overload(true, [target], result, .one(body))
  }
  static func method(_ target: CELType, _ a: CELType, _ result: CELType, _ body: @escaping Two) -> Overload {
    Overload(true, [target, a], result, .two(body))
  }
  static func method(
    _ target: CELType, _ a: CELType, _ b: CELType, _ result: CELType, _ body: @escaping Three
  ) -> Overload {
    Overload(true, [target, a, b], result, .three(body))
  }
}

/// All functions.
package enum Functions {
  /// In the order of the documentation.
  package static let all: [Function] =
    Operators.all + StandardFunctions.all + Conversions.all + TimeFunctions.all + StringFunctions.all
    + FormatFunction.all + MathFunctions.all + ListFunctions.all + SetFunctions.all + OptionalFunctions.all
    + RegexFunctions.all + EncoderFunctions.all + DecimalFunctions.all + DateFunctions.all + TextFunctions.all
    + DataFunctions.all

  /// What people write by name, macros included, for documentation.
  package static let documented: [Function] =
    all.filter { $0.name.utf8.first.map(isLetter) ?? false && !$0.name.hasPrefix("_") } + Macros.all

  /// The names of all functions and macros that people write, in the order of the alphabet.
  static let names: [String] = Set(documented.map(\.name)).sorted()

  /// By name. A name that two libraries declare has the overloads of both.
  static let named: [String: Function] = Dictionary(
    all.map { ($0.name, $0) },
    uniquingKeysWith: { first, second in
      var both = first
      both.overloads += second.overloads
      return both
    })
}

extension CELType {
  static let T = CELType.parameter("T")
  static let K = CELType.parameter("K")
  static let V = CELType.parameter("V")
  static let listOfT = CELType.list(T)
  static let mapOfKV = CELType.map(K, V)
}
