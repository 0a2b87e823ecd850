/// The sets extension: lists looked at as sets.
enum SetFunctions {
  static let all: [Function] = [
    function("sets.contains", "Whether a list holds every element of another.", "sets.contains([1, 2, 3], [2, 3.0])") {
      $0.holdsAll(of: $1)
    },
    function("sets.equivalent", "Whether two lists hold the same elements.", "sets.equivalent([1, 2, 2], [2, 1])") {
      $0.holdsAll(of: $1) && $1.holdsAll(of: $0)
    },
    function("sets.intersects", "Whether two lists have an element in common.", "sets.intersects([1, 2], [2, 3])") {
      $0.holdsAny(of: $1)
    },
  ]

  private static func function(
    _ name: String, _ summary: String, _ example: String, _ holds: @escaping @Sendable (ValueSet, ValueSet) -> Bool
  ) -> Function {
    Function(
      name, .sets, summary,
      [
        .function(.listOfT, .listOfT, .bool) { a, b throws(EvaluationError) in
          let (x, y) = (ValueSet(try a.items()), ValueSet(try b.items()))
          guard x.others.count * b.weight + y.others.count * a.weight <= ExpressionLimits.cost else {
            throw EvaluationError(.tooCostly, "the lists are too long for \(name)()")
          }
          return .bool(holds(x, y))
        }
      ], examples: [example: "true"])
  }
}

/// The elements of a list: keys to look up, and others to compare one by one.
private struct ValueSet {
  private var keys: Set<MapKey> = []
  private(set) var others: [CELValue] = []

  init(_ items: [CELValue]) {
    for item in items {
      if let key = MapKey(item) { keys.insert(key) } else { others.append(item) }
    }
  }

  private func holds(_ value: CELValue) -> Bool { others.contains { Comparison.equal($0, value) } }

  func holdsAll(of other: ValueSet) -> Bool { other.keys.isSubset(of: keys) && other.others.allSatisfy { holds($0) } }
  func holdsAny(of other: ValueSet) -> Bool {
    !other.keys.isDisjoint(with: keys) || other.others.contains { holds($0) }
  }
}
