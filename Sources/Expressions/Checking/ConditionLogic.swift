import Records

/// What a comparison of a path with constants says of its value.
package struct Constraint: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case oneOf([Value])
    case noneOf([Value])
    /// `<`, `<=`, `>`, `>=`
    case ordered(Filter.Comparison, Value)
  }

  package var path: Path
  package var kind: Kind
  /// Where it stands in its expression, in bytes.
  package var offset: Int
  /// As it was written.
  package var text: String
}

/// Finds conditions that hold for no event, or for each: comparisons of one path that contradict each other.
///
/// `record.a == 1 && record.a == 2` holds for none, `record.a != 1 || record.a != 2` for all. Nothing is said of what is
/// compared with other fields, or computed.
struct ConditionLogic {
  /// More comparisons are not held against each other.
  private static let constraintsMax = 100

  private let source: SourceText
  private(set) var problems: [CompileProblem] = []

  static func problems(_ root: Expr, _ source: SourceText) -> [CompileProblem] {
    var logic = ConditionLogic(source: source)
    logic.visit(root)
    return logic.problems
  }

  /// What must hold where the whole does.
  static func constraints(_ root: Expr, _ source: SourceText) -> [Constraint] {
    let logic = ConditionLogic(source: source)
    return logic.operands(root, of: "_&&_").compactMap { logic.constraint($0) }
  }

  /// All comparisons of paths with constants, wherever they stand.
  static func comparisons(_ root: Expr, _ source: SourceText) -> [Constraint] {
    let logic = ConditionLogic(source: source)
    if let constraint = logic.constraint(root) { return [constraint] }
    return root.children.flatMap { comparisons($0, source) }
  }

  private init(source: SourceText) { self.source = source }

  private mutating func visit(_ expr: Expr) {
    switch expr.kind {
    case .call("_&&_", _): check(expr, "_&&_")
    case .call("_||_", _): check(expr, "_||_")
    default: for child in expr.children { visit(child) }
    }
  }

  private mutating func check(_ expr: Expr, _ name: String) {
    let isAnd = name == "_&&_"
    let operands = operands(expr, of: name)
    let constraints = operands.compactMap { constraint($0) }.map { isAnd ? $0 : $0.opposite }
    if let (first, second) = Self.contradiction(among: constraints) {
      problems.append(isAnd ? never(first, second) : always(first, second))
    } else if isAnd, let list = Self.exhausted(constraints) {
      problems.append(
        CompileProblem(
          .neverTrue, "the other conditions leave nothing of `\(list.text)`", hint: "correct one of them",
          at: list.offset))
    }
    for operand in operands { visit(operand) }
  }

  private func never(_ first: Constraint, _ second: Constraint) -> CompileProblem {
    CompileProblem(
      .neverTrue, "`\(first.text)` and `\(second.text)` never hold together",
      hint: "correct one of them, or write || where one of them is enough", at: second.offset)
  }

  private func always(_ first: Constraint, _ second: Constraint) -> CompileProblem {
    CompileProblem(
      .alwaysTrue, "one of `\(first.text)` and `\(second.text)` holds for every value",
      hint: "write && where both must hold", at: second.offset)
  }

  static func contradiction(among constraints: [Constraint]) -> (Constraint, Constraint)? {
    let known = constraints.prefix(constraintsMax)
    for (index, second) in known.enumerated() {
      for first in known[..<index] where first.path == second.path && first.contradicts(second) {
        return (first, second)
      }
    }
    return nil
  }

  /// A list of values of which others together leave none.
  private static func exhausted(_ constraints: [Constraint]) -> Constraint? {
    constraints.prefix(constraintsMax).first { list in
      guard case .oneOf(let values) = list.kind else { return false }
      let others = constraints.prefix(constraintsMax).filter { $0.path == list.path && $0 != list }
      return values.allSatisfy { value in others.contains { !$0.allows(value) } }
    }
  }

  /// The operands of a chain, through brackets.
  private func operands(_ expr: Expr, of name: String) -> [Expr] {
    guard case .call(name, let parts) = expr.kind else { return [expr] }
    return parts.flatMap { operands($0, of: name) }
  }

  private func constraint(_ expr: Expr) -> Constraint? {
    if case .call("!_", let parts) = expr.kind { return constraint(parts[0])?.opposite }
    guard let (path, kind) = comparison(expr) ?? membership(expr) else { return nil }
    return Constraint(path: path, kind: kind, offset: expr.range.lowerBound, text: source.text(in: expr.range))
  }

  private func comparison(_ expr: Expr) -> (Path, Constraint.Kind)? {
    guard let filter = Filter(expr) else { return nil }
    switch filter.comparison {
    case .equal: return (filter.path, .oneOf([filter.literal]))
    case .notEqual: return (filter.path, .noneOf([filter.literal]))
    default: return (filter.path, .ordered(filter.comparison, filter.literal))
    }
  }

  /// `record.kind in ['a', 'b']`
  private func membership(_ expr: Expr) -> (Path, Constraint.Kind)? {
    guard case .call("@in", let sides) = expr.kind, let path = Path(sides[0]), case .list(let items) = sides[1].kind
    else { return nil }
    let values = items.map { $0.optional ? nil : Value(literal: $0.value) }
    return values.contains { $0 == nil } ? nil : (path, .oneOf(values.compactMap { $0 }))
  }
}

extension Constraint {
  /// Two that no value fits both of, one of each.
  package static func contradiction(
    of first: [Constraint], with second: [Constraint]
  ) -> (Constraint, Constraint)? {
    for one in second {
      if let other = first.first(where: { $0.path == one.path && $0.contradicts(one) }) { return (other, one) }
    }
    return nil
  }

  /// What holds where this one does not, of a value that can be compared at all.
  fileprivate var opposite: Constraint {
    var opposite = self
    switch kind {
    case .oneOf(let values): opposite.kind = .noneOf(values)
    case .noneOf(let values): opposite.kind = .oneOf(values)
    case .ordered(let comparison, let bound): opposite.kind = .ordered(comparison.opposite, bound)
    }
    return opposite
  }

  /// Whether no value fits both.
  func contradicts(_ other: Constraint) -> Bool {
    switch (kind, other.kind) {
    case (.oneOf(let values), _): values.allSatisfy { !other.allows($0) }
    case (_, .oneOf(let values)): values.allSatisfy { !allows($0) }
    case (.ordered(let a, let x), .ordered(let b, let y)): Self.excludes(a, x, b, y)
    default: false
    }
  }

  /// Whether a value fits; one that is of another kind than a bound is not spoken of.
  func allows(_ value: Value) -> Bool {
    switch kind {
    case .oneOf(let values): values.contains(value)
    case .noneOf(let values): !values.contains(value)
    case .ordered(let comparison, let bound): value.order(bound).map { comparison.holds($0) } ?? true
    }
  }

  private static func excludes(_ a: Filter.Comparison, _ x: Value, _ b: Filter.Comparison, _ y: Value) -> Bool {
    guard a.isLower != b.isLower, let order = x.order(y) else { return false }
    let (isStrict, gap) = (a.isStrict || b.isStrict, a.isLower ? -order : order)
    return gap < 0 || gap == 0 && isStrict
  }
}

extension Filter.Comparison {
  fileprivate var opposite: Self {
    switch self {
    case .equal: .notEqual
    case .notEqual: .equal
    case .less: .greaterOrEqual
    case .lessOrEqual: .greater
    case .greater: .lessOrEqual
    case .greaterOrEqual: .less
    }
  }

  /// Whether it bounds from below.
  fileprivate var isLower: Bool { self == .greater || self == .greaterOrEqual }
  fileprivate var isStrict: Bool { self == .greater || self == .less }

  fileprivate func holds(_ order: Int) -> Bool {
    switch self {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    }
  }
}

extension Value {
  /// Of two integers or two texts; nil where they are of other kinds.
  fileprivate func order(_ other: Value) -> Int? {
    switch (self, other) {
    case (.int(let a), .int(let b)): a < b ? -1 : a == b ? 0 : 1
    case (.string(let a), .string(let b)):
      a.utf8.elementsEqual(b.utf8) ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
    default: nil
    }
  }
}
