/// The standard's functions on text, lists and types.
enum StandardFunctions {
  static let all: [Function] = [
    Function(
      "size", .standard, "The number of characters, bytes, elements or entries.",
      [
        .form(.string, to: .int), .form(.bytes, to: .int), .form(.listOfT, to: .int), .form(.mapOfKV, to: .int),
        .methodForm(.string, to: .int), .methodForm(.bytes, to: .int), .methodForm(.listOfT, to: .int),
        .methodForm(.mapOfKV, to: .int),
      ], shared: .one(size), examples: ["size('naïve')": "5", "[1, 2].size()": "2"]),
    Function(
      "type", .standard, "The type of a value.",
      [.function(.T, .type(.T)) { value throws(EvaluationError) in .type(CELTypeValue(value.type)) }],
      examples: ["type(1) == int": "true"]),
    Function(
      "dyn", .standard, "The same value, of whose type the checker knows nothing.",
      [.function(.T, .dyn) { value throws(EvaluationError) in value }], examples: ["dyn(1) == 1.0": "true"]),
    Function(
      "contains", .standard, "Whether a text stands in another.",
      [
        .method(.string, .string, .bool) { text, part throws(EvaluationError) in
          try test(text, part) { TextSearch.find($1, in: $0, from: 0) != nil }
        }
      ],
      examples: ["'tacocat'.contains('coca')": "true"]),
    Function(
      "startsWith", .standard, "Whether a text begins with another.",
      [
        .method(.string, .string, .bool) { text, part throws(EvaluationError) in
          try test(text, part) { $0.starts(with: $1) }
        }
      ],
      examples: ["'tacocat'.startsWith('taco')": "true"]),
    Function(
      "endsWith", .standard, "Whether a text ends with another.",
      [
        .method(.string, .string, .bool) { text, part throws(EvaluationError) in
          try test(text, part) { $0.count >= $1.count && $0.suffix($1.count).elementsEqual($1) }
        }
      ], examples: ["'tacocat'.endsWith('cat')": "true"]),
  ]

  private static func size(_ value: CELValue) throws(EvaluationError) -> CELValue {
    switch value {
    case .string, .slice: return .int(Int64(value.withText(countCodePoints)))
    case .bytes(let bytes): return .int(Int64(bytes.count))
    case .list(let list): return .int(Int64(list.items.count))
    case .map(let map): return .int(Int64(map.count))
    case .array(let node): return .int(Int64(node.count))
    case .object(let node): return .int(Int64(node.map.count))
    default: throw .noSuchOverload
    }
  }

  private static func test(
    _ text: CELValue, _ part: CELValue, _ holds: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) throws(EvaluationError) -> CELValue {
    guard text.isOf(.string), part.isOf(.string) else { throw .noSuchOverload }
    return .bool(text.withText { text in part.withText { part in holds(text, part) } })
  }
}

/// Finding bytes in bytes.
enum TextSearch {
  /// The place of the first `part` at or after `start`. UTF-8 never finds a character inside another one.
  static func find(_ part: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let first = part.first else { return start <= text.count ? start : nil }
    var at = start
    while at + part.count <= text.count {
      guard let candidate = text[at...].firstIndex(of: first), candidate + part.count <= text.count else { return nil }
      if UnsafeRawBufferPointer(rebasing: text[candidate..<candidate + part.count]).elementsEqual(part) {
        return candidate
      }
      at = candidate + 1
    }
    return nil
  }
}
