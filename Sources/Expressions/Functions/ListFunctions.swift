/// The lists extension.
enum ListFunctions {
  static let all: [Function] = [
    Function(
      "slice", .lists, "The elements from a place up to another.",
      [
        .method(.listOfT, .int, .int, .listOfT) { list, start, end throws(EvaluationError) in
          try slice(list.items(), start.int(), end.int())
        }
      ], examples: ["[1, 2, 3, 4].slice(1, 3)": "[2, 3]"]),
    Function(
      "flatten", .lists, "The elements of the lists in a list, one level or so many deep.",
      [
        .method(.list(.listOfT), .listOfT) { list throws(EvaluationError) in .list(try flatten(list.items(), 1)) },
        .method(.list(.dyn), .int, .list(.dyn)) { list, depth throws(EvaluationError) in
          let depth = try depth.int()
          guard depth >= 0 else { throw EvaluationError(.badArgument, "flatten() goes 0 or more levels deep") }
          return .list(try flatten(list.items(), depth))
        },
      ], examples: ["[1, [2, 3], [4]].flatten()": "[1, 2, 3, 4]", "[1, [2, [3, [4]]]].flatten(2)": "[1, 2, 3, [4]]"]),
    Function(
      "lists.range", .lists, "The numbers from 0 up to one less than a number.",
      [
        .function(.int, .list(.int)) { count throws(EvaluationError) in
          let count = try count.int()
          guard count <= ExpressionLimits.values else { throw .tooLarge("the list") }
          return .list((0..<max(count, 0)).map { .int($0) })
        }
      ], examples: ["lists.range(3)": "[0, 1, 2]"]),
    Function(
      "distinct", .lists, "The elements without those that came before.",
      [.method(.listOfT, .listOfT) { list throws(EvaluationError) in .list(try distinct(list.items())) }],
      examples: ["[1, 2, 2, 3, 1].distinct()": "[1, 2, 3]"]),
    Function(
      "sort", .lists, "The elements in ascending order.",
      Sorting.types.map { type in
        .method(.list(type), .list(type)) { list throws(EvaluationError) in
          let items = try list.items()
          return .list(try Sorting.sorted(items, by: items))
        }
      }, examples: ["[3, 1, 2].sort()": "[1, 2, 3]"]),
    Function(
      "reverse", .lists, "The elements in reverse order.",
      [.method(.listOfT, .listOfT) { list throws(EvaluationError) in .list(try list.items().reversed()) }],
      examples: ["[1, 2].reverse()": "[2, 1]"]),
    Function(
      "first", .lists, "The first element, or none.",
      [
        .method(.listOfT, .optional(.T)) { list throws(EvaluationError) in
          .optional(CELOptional(try list.items().first))
        }
      ],
      examples: ["[1, 2].first()": "optional.of(1)"]),
    Function(
      "last", .lists, "The last element, or none.",
      [
        .method(.listOfT, .optional(.T)) { list throws(EvaluationError) in .optional(CELOptional(try list.items().last))
        }
      ],
      examples: ["[].last()": "optional.none()"]),
  ]

  private static func slice(_ items: [CELValue], _ start: Int64, _ end: Int64) throws(EvaluationError) -> CELValue {
    guard start >= 0, start <= end, end <= items.count else {
      throw EvaluationError(.outOfRange, "slice(\(start), \(end)) does not lie in a list of \(items.count)")
    }
    return .list(Array(items[Int(start)..<Int(end)]))
  }

  private static func flatten(_ items: [CELValue], _ depth: Int64) throws(EvaluationError) -> [CELValue] {
    var flat: [CELValue] = []
    for item in items {
      guard depth > 0, item.isOf(.list(.dyn)) else {
        flat.append(item)
        continue
      }
      flat += try flatten(item.items(), depth - 1)
      guard flat.count <= ExpressionLimits.values else { throw .tooLarge("the list") }
    }
    return flat
  }

  /// Keys are looked up; other values are compared with each that was kept, within the limit on work.
  static func distinct(_ items: [CELValue]) throws(EvaluationError) -> [CELValue] {
    var kept: [CELValue] = []
    var keys: Set<MapKey> = []
    var others: [CELValue] = []
    var work = 0
    for item in items {
      if let key = MapKey(item) {
        if keys.insert(key).inserted { kept.append(item) }
        continue
      }
      work += others.count * item.weight
      guard work <= ExpressionLimits.cost else {
        throw EvaluationError(.tooCostly, "the list is too long for distinct()")
      }
      if !others.contains(where: { Comparison.equal($0, item) }) {
        others.append(item)
        kept.append(item)
      }
    }
    return kept
  }
}

/// Ordering lists by keys of one type.
enum Sorting {
  static let types: [CELType] = [.int, .uint, .double, .bool, .duration, .timestamp, .string, .bytes, .decimal, .date]

  /// The items in the order of their keys; items with equal keys keep theirs.
  static func sorted(_ items: [CELValue], by keys: [CELValue]) throws(EvaluationError) -> [CELValue] {
    guard let first = keys.first else { return items }
    guard types.contains(first.type) else {
      throw EvaluationError(.noSuchOverload, "\(first.type.simpleWord) has no order to sort by")
    }
    guard let odd = keys.first(where: { $0.type != first.type }) else { return order(items, keys) }
    throw EvaluationError(
      .noSuchOverload,
      "a list is sorted by values of one type, and here are \(first.type.simpleWord) and \(odd.type.simpleWord)")
  }

  private static func order(_ items: [CELValue], _ keys: [CELValue]) -> [CELValue] {
    let places = items.indices.sorted { a, b in
      // The types were compared above, so only a NaN has no order.
      let order = (try? Comparison.order(keys[a], keys[b])).flatMap { $0 } ?? 0
      return order == 0 ? a < b : order < 0
    }
    return places.map { items[$0] }
  }
}
