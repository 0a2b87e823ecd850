import Records

/// An expression over the parts of an event, as mappings, filters and transforms use it.
package struct EventExpression: Sendable {
  package let expression: Expression
  /// The place that it names, where it is nothing but a path: such a value is copied, and keeps every digit.
  package let path: Path?
  /// What is probably not meant.
  package let warnings: [CompileProblem]
  /// What must hold where it does: comparisons of paths with constants.
  package let constraints: [Constraint]
  /// How it is computed without an evaluation for usual rows; nil where it has no such form.
  var form: CommonForm?

  /// - Parameters:
  ///   - scope: what is known of the event's parts.
  ///   - result: what it must give; nil: anything.
  package init(
    _ text: String, in scope: EventScope = EventScope(), giving result: CELType? = nil
  ) throws(CompileProblems) {
    expression = try Expression(text, in: scope.environment)
    let parsed = try? Parser.parse(expression.source)
    let source = expression.source
    constraints = parsed.map { ConditionLogic.constraints($0, source) } ?? []
    warnings =
      expression.warnings + (parsed.map { ConditionLogic.problems($0, source) } ?? [])
      + (parsed.map { ConditionLogic.comparisons($0, source) } ?? []).compactMap { scope.problem($0) }
    path = parsed.flatMap { Path($0) }
    form = parsed.flatMap { CommonForm($0) }
    if let result { try Self.require(result, expression) }
  }

  /// The paths of fields that it reads.
  package var reads: [Path] { expression.paths.map { Path($0) } }

  /// As it was written.
  package var text: String { expression.source.text }

  private static func require(_ wanted: CELType, _ expression: Expression) throws(CompileProblems) {
    switch expression.type.nonNull {
    case wanted, .dyn, .error: return
    case let found:
      let problem = CompileProblem(
        .typeMismatch, "this gives \(found.word), and \(wanted.word) is needed here",
        hint: wanted == .bool ? "compare it: record.kind == 'physical', record.stock > 0" : nil, at: 0)
      throw CompileProblems(problems: [problem])
    }
  }
}

extension EventExpression: Equatable {
  package static func == (a: EventExpression, b: EventExpression) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
}

/// What is known of an event before it is there: the types of its parts.
///
/// The seam for declared types: a contract or a table says what a record looks like, and every expression of the
/// pipeline is checked against it.
package struct EventScope: Sendable {
  package var record: CELType
  package var before: CELType
  package var key: CELType

  /// The values that paths may have, where there are no others.
  package var allowed: [AllowedValues] = []

  package struct AllowedValues: Sendable {
    package var path: Path
    package var values: [Value]
    package init(_ path: Path, _ values: [Value]) {
      self.path = path
      self.values = values
    }
  }

  package init(record: CELType = .dyn, before: CELType? = nil, key: CELType = .dyn) {
    self.record = record
    self.before = before ?? record
    self.key = key
  }

  /// Whether anything is known beyond the names.
  package var isDeclared: Bool { record != .dyn || key != .dyn }

  /// The variables stand in the order of ``Path/Root``.
  var environment: Environment {
    var environment = Environment(
      variables: Path.Root.allCases.map { Environment.Variable($0.rawValue, type(of: $0)) })
    environment.fieldsOf = Path.Root.record.rawValue
    return environment
  }

  private func type(of root: Path.Root) -> CELType {
    switch root {
    case .op: .string
    case .key: key
    case .record: record
    case .before: before
    case .meta: .object(Self.meta)
    }
  }

  private static let meta = ObjectType("meta", Path.metaNames.map { ObjectType.Field($0, .dyn) })
}

extension EventScope {
  /// The values that a path may have; nil where nothing is said of them.
  package func values(of path: Path) -> [Value]? { allowed.first { $0.path == path }?.values }

  /// A comparison with a value that the path cannot have.
  func problem(_ constraint: Constraint) -> CompileProblem? {
    guard let values = values(of: constraint.path), !values.isEmpty else { return nil }
    let fitting = values.filter { constraint.allows($0) }
    if fitting.isEmpty {
      var near: String?
      if case .oneOf(let wanted) = constraint.kind, let text = wanted.first?.string {
        near = Suggestion.nearest(to: text, among: values.compactMap(\.string))
      }
      return CompileProblem(
        .neverTrue, "`\(constraint.text)` never holds: \(constraint.path) is none of that",
        hint: near.map { "did you mean '\($0)'?" } ?? "it is one of \(Self.shown(values))", at: constraint.offset)
    }
    guard fitting.count == values.count else { return nil }
    return CompileProblem(
      .alwaysTrue, "`\(constraint.text)` always holds", hint: "\(constraint.path) is one of \(Self.shown(values))",
      at: constraint.offset)
  }

  /// The most values that a message names.
  private static let shownMax = 8

  package static func shown(_ values: [Value]) -> String {
    values.prefix(shownMax).map(\.json).joined(separator: ", ") + (values.count > shownMax ? ", …" : "")
  }
}

extension Path.Root {
  /// Its place among the variables of an ``EventScope``.
  var variable: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension Path {
  /// The path that an expression is; nil where it is anything else.
  init?(_ expr: Expr) {
    switch expr.kind {
    case .identifier(let name):
      guard let root = Root(rawValue: name) else { return nil }
      self.init(root)
    case .select(let operand, let field, .value):
      guard let before = Path(operand) else { return nil }
      self = before.appending(.member(field))
    case .index(let operand, let index, optional: false):
      guard let before = Path(operand), let step = Step(index) else { return nil }
      self = before.appending(step)
    default: return nil
    }
  }

  /// The path of fields that an expression reads.
  init(_ path: FieldPath) {
    self.init(Root.allCases[path.variable], path.fields.map { .member($0) })
  }

  private func appending(_ step: Step) -> Path { Path(root, steps + [step]) }
}

extension Path.Step {
  fileprivate init?(_ index: Expr) {
    switch index.kind {
    case .literal(.string(let name)): self = .member(name)
    case .literal(.int(let place)) where place >= 0 && place <= Int32.max: self = .index(Int(place))
    default: return nil
    }
  }
}

extension Filter {
  /// The comparison that an expression is; nil where it is anything else.
  init?(_ expr: Expr) {
    guard case .call(let name, let sides) = expr.kind, sides.count == 2, let comparison = Self.comparisons[name] else {
      return nil
    }
    if let path = Path(sides[0]), let literal = Value(compared: sides[1]) {
      self.init(path, comparison, literal)
    } else if let path = Path(sides[1]), let literal = Value(compared: sides[0]) {
      self.init(path, comparison.flipped, literal)
    } else {
      return nil
    }
  }

  private static let comparisons: [String: Comparison] = [
    "_==_": .equal, "_!=_": .notEqual, "_<_": .less, "_<=_": .lessOrEqual, "_>_": .greater, "_>=_": .greaterOrEqual,
  ]
}

extension Filter.Comparison {
  /// The same with the sides exchanged.
  fileprivate var flipped: Self {
    switch self {
    case .equal, .notEqual: self
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    }
  }
}

extension Value {
  /// A literal that is compared with a cell; a double only where its order among numbers is that of its digits.
  fileprivate init?(compared expr: Expr) {
    guard case .literal(.double(let number)) = expr.kind else {
      self.init(literal: expr)
      return
    }
    let text = number.description
    guard text.utf8.count <= ConditionExecutor.exactMax, !text.utf8.contains(UInt8(ascii: "e")) else { return nil }
    self = .number(text)
  }

  /// nil where the expression is no literal, or a double, which is left to the evaluation.
  init?(literal expr: Expr) {
    guard case .literal(let literal) = expr.kind else { return nil }
    switch literal {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .int(let number): self = .int(number)
    case .string(let text): self = .string(text)
    case .uint, .double, .bytes: return nil
    }
  }
}
