import Glibc
import Records

/// Equality and order of values, after the standard: numbers stand on one line whatever their type, text and bytes are
/// compared by code points and bytes, everything else only with its own type.
enum Comparison {
  static func equal(_ a: CELValue, _ b: CELValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.string, .string), (.slice, .slice), (.string, .slice), (.slice, .string): equalText(a, b)
    case (.bytes(let a), .bytes(let b)): a == b
    case (.timestamp(let a), .timestamp(let b)): a == b
    case (.duration(let a), .duration(let b)): a == b
    case (.date(let a), .date(let b)): a == b
    case (.type(let a), .type(let b)): a.type.name == b.type.name
    case (.optional(let a), .optional(let b)): equalOptionals(a.value, b.value)
    case (.list, .list), (.array, .array), (.list, .array), (.array, .list): equalLists(a, b)
    case (.map, .map), (.object, .object), (.map, .object), (.object, .map): equalMaps(a, b)
    default: numberOrder(a, b) == .some(0)
    }
  }

  private static func equalText(_ a: CELValue, _ b: CELValue) -> Bool {
    a.withText { a in b.withText { b in a.count == b.count && byteOrder(a, b) == 0 } }
  }

  private static func equalOptionals(_ a: CELValue?, _ b: CELValue?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return equal(a, b)
  }

  private static func equalLists(_ a: CELValue, _ b: CELValue) -> Bool {
    guard let a = try? a.items(), let b = try? b.items(), a.count == b.count else { return false }
    return zip(a, b).allSatisfy { equal($0, $1) }
  }

  private static func equalMaps(_ a: CELValue, _ b: CELValue) -> Bool {
    guard let a = try? a.map(), let b = try? b.map(), a.count == b.count else { return false }
    return zip(a.keys, a.values).allSatisfy { key, value in b.value(of: key).map { equal(value, $0) } ?? false }
  }

  /// Negative, zero or positive; nil where a NaN is among them.
  static func order(_ a: CELValue, _ b: CELValue) throws(EvaluationError) -> Int? {
    switch (a, b) {
    case (.int(let a), .int(let b)): return a < b ? -1 : a == b ? 0 : 1
    case (.bool(let a), .bool(let b)): return (a ? 1 : 0) - (b ? 1 : 0)
    case (.string, .string), (.slice, .slice), (.string, .slice), (.slice, .string):
      return a.withText { a in b.withText { b in byteOrder(a, b) } }
    case (.bytes(let a), .bytes(let b)):
      return a.withUnsafeBytes { a in b.withUnsafeBytes { b in byteOrder(a, b) } }
    case (.timestamp(let a), .timestamp(let b)): return order(a, b)
    case (.duration(let a), .duration(let b)): return order(a, b)
    case (.date(let a), .date(let b)): return order(a, b)
    default:
      guard a.isNumber, b.isNumber else { throw .noSuchOverload }
      return numberOrder(a, b)
    }
  }

  private static func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a == b ? 0 : 1 }

  /// The order of two numbers of any type; nil where one is a NaN or no number.
  private static func numberOrder(_ a: CELValue, _ b: CELValue) -> Int? {
    switch (a, b) {
    case (.double(let a), .double(let b)): return a.isNaN || b.isNaN ? nil : order(a, b)
    case (.double(let a), _): return b.isNumber ? order(b, double: a).map { -$0 } : nil
    case (_, .double(let b)): return order(a, double: b)
    default:
      guard let a = a.exact, let b = b.exact else { return nil }
      return order(a, b)
    }
  }

  /// As the standard's implementations do it: the whole number becomes a double, though it may lose digits.
  private static func order(_ a: CELValue, double b: Double) -> Int? {
    guard !b.isNaN, let exact = a.exact else { return nil }
    return order(exact.scale == 0 ? Double(exact.digits) : strtod(exact.description, nil), b)
  }
}

extension CELValue {
  var isNumber: Bool {
    switch self {
    case .int, .uint, .double, .decimal: true
    default: false
    }
  }

  /// A number that is no double, exactly.
  var exact: Decimal? {
    switch self {
    case .int(let value): Decimal(Int128(value))
    case .uint(let value): Decimal(Int128(value))
    case .decimal(let value): value.decimal
    default: nil
    }
  }

  /// The bytes of a text; none for anything else.
  @inline(__always)
  func withText<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    switch self {
    case .slice(let text): return body(text.bytes)
    case .string(let text):
      var text = text
      return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    default: return body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }
}
