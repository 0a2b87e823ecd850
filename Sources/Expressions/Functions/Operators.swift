/// The operators, under the names that the standard gives them.
enum Operators {
  static let all: [Function] = logic + equality + ordering + arithmetic + indexing

  private static let logic = [
    Function(
      "_?_:_", .standard, "One of two values, by a condition.", [.form(.bool, .T, .T, to: .T)],
      examples: ["2 < 5 ? 'yes' : 'no'": "'yes'"]),
    Function(
      "_&&_", .standard, "Whether all hold; one that does not wins over errors of others.",
      [.form(.bool, .bool, to: .bool)], examples: ["true && false": "false"]),
    Function(
      "_||_", .standard, "Whether one holds; one that does wins over errors of others.",
      [.form(.bool, .bool, to: .bool)], examples: ["1 / 0 > 1 || true": "true"]),
    Function(
      "!_", .standard, "The opposite.",
      [.function(.bool, .bool) { value throws(EvaluationError) in .bool(try !value.bool()) }],
      examples: ["!true": "false"]),
  ]

  private static let equality = [
    Function(
      "_==_", .standard, "Whether two values are the same; numbers of different types are compared by value.",
      equalityForms, shared: .two { a, b throws(EvaluationError) in .bool(Comparison.equal(a, b)) },
      examples: ["[1, 2] == [1, 2]": "true", "dyn(1) == 1.0": "true"]),
    Function(
      "_!=_", .standard, "Whether two values differ.",
      equalityForms, shared: .two { a, b throws(EvaluationError) in .bool(!Comparison.equal(a, b)) },
      examples: ["'a' != 'A'": "true"]),
    Function(
      "@in", .standard, "Whether a list holds a value or a map has a key.",
      [.form(.T, .listOfT, to: .bool), .form(.K, .mapOfKV, to: .bool)], shared: .two(contains),
      examples: ["2 in [1, 2, 3]": "true", "'a' in {'b': 1}": "false"]),
  ]

  private static var equalityForms: [Overload] {
    [.form(.T, .T, to: .bool), .form(.decimal, .int, to: .bool), .form(.int, .decimal, to: .bool)]
  }

  private static func contains(_ wanted: CELValue, _ holder: CELValue) throws(EvaluationError) -> CELValue {
    switch holder {
    case .list(let list): return .bool(list.items.contains { Comparison.equal($0, wanted) })
    case .array(let node):
      var cursor = node.cursor
      while let element = cursor.next() {
        if Comparison.equal(element, wanted) { return .bool(true) }
      }
      return .bool(false)
    case .map(let map): return .bool(map.value(of: wanted) != nil)
    case .object(let node):
      guard let name = try? wanted.string() else { return .bool(false) }
      return .bool(node.member(name) != nil)
    default: throw .noSuchOverload
    }
  }

  private static let ordering = [
    order("_<_", "before", "1 < 2") { $0 < 0 },
    order("_<=_", "before or the same as", "'a' <= 'a'") { $0 <= 0 },
    order("_>_", "after", "2.5 > 1.0") { $0 > 0 },
    order("_>=_", "after or the same as", "2 >= 2") { $0 >= 0 },
  ]

  private static func order(
    _ name: String, _ word: String, _ example: String, _ holds: @escaping @Sendable (Int) -> Bool
  ) -> Function {
    let numbers: [CELType] = [.int, .uint, .double]
    let mixed = numbers.flatMap { a in numbers.map { b in Overload.form(a, b, to: .bool) } }
    let same: [CELType] = [.bool, .string, .bytes, .timestamp, .duration, .date]
    let decimals = decimalPairs.map { Overload.form($0, $1, to: .bool) }
    return Function(
      name, .standard, "Whether one value stands \(word) another.",
      mixed + same.map { .form($0, $0, to: .bool) } + decimals,
      shared: .two { a, b throws(EvaluationError) in .bool(try Comparison.order(a, b).map(holds) ?? false) },
      examples: [example: "true"])
  }

  private static let decimalPairs: [(CELType, CELType)] = [(.decimal, .decimal), (.decimal, .int), (.int, .decimal)]

  /// The forms of an arithmetic operator: of each type with itself, then the special ones, then decimals.
  private static func forms(
    _ same: [CELType], _ special: [Overload] = [], decimals: Bool = true
  ) -> [Overload] {
    same.map { .form($0, $0, to: $0) } + special
      + (decimals ? decimalPairs.map { .form($0, $1, to: .decimal) } : [])
  }

  private static let arithmetic = [
    Function(
      "_+_", .standard, "The sum of numbers, a later time, or texts, bytes and lists one after the other.",
      forms(
        [.int, .uint, .double, .string, .bytes, .duration, .listOfT],
        [.form(.timestamp, .duration, to: .timestamp), .form(.duration, .timestamp, to: .timestamp)]),
      shared: .two(Arithmetic.add), examples: ["1 + 2": "3", "'a' + 'b'": "'ab'", "[1] + [2]": "[1, 2]"]),
    Function(
      "_-_", .standard, "The difference of numbers or times.",
      forms(
        [.int, .uint, .double, .duration],
        [
          .form(.timestamp, .duration, to: .timestamp), .form(.timestamp, .timestamp, to: .duration),
          .form(.date, .date, to: .int),
        ]),
      shared: .two(Arithmetic.subtract), examples: ["5 - 3": "2"]),
    Function(
      "_*_", .standard, "The product of numbers of one type.", forms([.int, .uint, .double]),
      shared: .two(Arithmetic.multiply), examples: ["2 * 3": "6", "decimal('1.10') * 3": "decimal('3.30')"]),
    Function(
      "_/_", .standard, "The quotient of numbers of one type; of ints without the remainder.",
      forms([.int, .uint, .double]), shared: .two(Arithmetic.divide), examples: ["7 / 2": "3", "7.0 / 2.0": "3.5"]),
    Function(
      "_%_", .standard, "The remainder of a division.", forms([.int, .uint], decimals: false),
      shared: .two(Arithmetic.remainder), examples: ["7 % 2": "1"]),
    Function(
      "-_", .standard, "The number with the other sign.",
      [.form(.int, to: .int), .form(.double, to: .double), .form(.decimal, to: .decimal)],
      shared: .one(Arithmetic.negate),
      examples: ["-(2)": "-2"]),
  ]

  private static let indexing = [
    Function(
      "_[_]", .standard, "An element of a list, counted from 0, or the value of a key.",
      [
        .form(.listOfT, .int, to: .T), .form(.mapOfKV, .K, to: .V),
        .form(.optional(.listOfT), .int, to: .optional(.T)), .form(.optional(.mapOfKV), .K, to: .optional(.V)),
      ], examples: ["['a', 'b'][1]": "'b'", "{'a': 1}['a']": "1"]),
    Function(
      "_[?_]", .optionals, "An element or value, or none where there is no such one.",
      [
        .form(.listOfT, .int, to: .optional(.T)), .form(.mapOfKV, .K, to: .optional(.V)),
        .form(.optional(.listOfT), .int, to: .optional(.T)), .form(.optional(.mapOfKV), .K, to: .optional(.V)),
      ], examples: ["[1, 2][?5]": "optional.none()"]),
  ]
}
