import Glibc

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
          try test(text, part) {
            $0.count >= $1.count && CellText.same(UnsafeRawBufferPointer(rebasing: $0.prefix($1.count)), $1)
          }
        }
      ],
      examples: ["'tacocat'.startsWith('taco')": "true"]),
    Function(
      "endsWith", .standard, "Whether a text ends with another.",
      [
        .method(.string, .string, .bool) { text, part throws(EvaluationError) in
          try test(text, part) {
            $0.count >= $1.count && CellText.same(UnsafeRawBufferPointer(rebasing: $0.suffix($1.count)), $1)
          }
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

/// Finding and copying bytes.
enum TextSearch {
  /// Copies a text to a place.
  ///
  /// - Returns: the place behind it.
  static func copy(_ text: UnsafeRawBufferPointer, to out: UnsafeMutableBufferPointer<UInt8>, at place: Int) -> Int {
    let end = place + text.count
    UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(out)[place..<end]).copyMemory(from: text)
    return end
  }

  /// The place of the first `part` at or after `start`. UTF-8 never finds a character inside another one.
  static func find(_ part: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let first = part.first else { return start <= text.count ? start : nil }
    guard let base = text.baseAddress, let wanted = part.baseAddress else { return nil }
    var at = start
    while at + part.count <= text.count {
      guard let found = memchr(base + at, Int32(first), text.count - part.count + 1 - at) else { return nil }
      if memcmp(found, wanted, part.count) == 0 { return UnsafeRawPointer(found) - base }
      at = UnsafeRawPointer(found) - base + 1
    }
    return nil
  }
}
