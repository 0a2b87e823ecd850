import Records

/// A value that an expression works with.
///
/// Numbers, short text and everything that stands in a record's batch are held inline: reading a field, comparing and
/// computing allocates nothing. ``slice``, ``array`` and ``object`` look into a batch and live as long as it is not
/// reset; ``detached`` makes them independent.
package enum CELValue: Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case uint(UInt64)
  case double(Double)
  case string(String)
  /// Text without escapes that stands in a batch.
  case slice(BatchText)
  case bytes([UInt8])
  case list(CELList)
  case map(CELMap)
  /// A list that stands in a batch.
  case array(BatchNode)
  /// A map that stands in a batch.
  case object(BatchNode)
  case timestamp(Timestamp)
  /// Nanoseconds.
  case duration(Int64)
  case decimal(PackedDecimal)
  case date(CivilDate)
  case type(CELTypeValue)
  case optional(CELOptional)
  /// What a name stands for whose value could not be computed; reading it is this error.
  case failure(EvaluationError)
}

/// A type as a value.
package final class CELTypeValue: Sendable {
  package let type: CELType
  package init(_ type: CELType) { self.type = type }
}

/// A value or the absence of one.
package final class CELOptional: Sendable {
  package let value: CELValue?
  package init(_ value: CELValue?) { self.value = value }
  package static let none = CELOptional(nil)
}

/// A day without a time, in days since 1970-01-01.
package struct CivilDate: Sendable, Hashable, Comparable {
  package var days: Int32
  package init(days: Int32) { self.days = days }
  package static func < (a: CivilDate, b: CivilDate) -> Bool { a.days < b.days }
}

/// A ``Decimal`` in 24 bytes without the alignment of its 128-bit integer, so that it does not widen every value.
package struct PackedDecimal: Sendable {
  private let high: Int64
  private let low: UInt64
  private let scale: UInt8

  package init(_ decimal: Decimal) {
    high = Int64(truncatingIfNeeded: decimal.digits >> 64)
    low = UInt64(truncatingIfNeeded: decimal.digits)
    scale = UInt8(truncatingIfNeeded: decimal.scale)
  }

  package var decimal: Decimal { Decimal(Int128(high) << 64 | Int128(low), scale: Int(scale)) }
}

extension CELValue {
  static let noValue = CELValue.optional(.none)

  static func decimal(_ decimal: Decimal) -> CELValue { .decimal(PackedDecimal(decimal)) }
  static func some(_ value: CELValue) -> CELValue { .optional(CELOptional(value)) }
  static func list(_ items: [CELValue]) -> CELValue { .list(CELList(items)) }
  static func strings(_ items: [String]) -> CELValue { .list(CELList(items.map { .string($0) })) }

  init(_ literal: Literal) {
    switch literal {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .uint(let value): self = .uint(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .bytes(let value): self = .bytes(value)
    }
  }

  /// The type that `type()` gives: lists and maps without what they hold.
  package var type: CELType {
    switch self {
    case .null: .null
    case .bool: .bool
    case .int: .int
    case .uint: .uint
    case .double: .double
    case .string, .slice: .string
    case .bytes: .bytes
    case .list, .array: .list(.dyn)
    case .map, .object: .map(.dyn, .dyn)
    case .timestamp: .timestamp
    case .duration: .duration
    case .decimal: .decimal
    case .date: .date
    case .type: .type(nil)
    case .optional: .optional(.dyn)
    case .failure: .error
    }
  }

  /// Whether this is of a declared type, as far as values know their types.
  func isOf(_ type: CELType) -> Bool {
    switch (type, self) {
    case (.dyn, _), (.parameter, _), (.variable, _), (.error, _): true
    case (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double), (.bytes, .bytes): true
    case (.string, .string), (.string, .slice), (.list, .list), (.list, .array), (.map, .map), (.map, .object): true
    case (.timestamp, .timestamp), (.duration, .duration), (.decimal, .decimal), (.date, .date): true
    case (.type, .type), (.object, .object), (.object, .map): true
    case (.opaque("optional_type", _), .optional): true
    default: false
    }
  }

  /// The same value without any tie to a batch.
  package var detached: CELValue {
    switch self {
    case .slice(let text): .string(text.string)
    case .array(let node): .list(CELList(node.elements.map(\.detached)))
    case .object(let node): CELValue.map(node.map).detached
    case .optional(let optional): optional.value.map { .some($0.detached) } ?? self
    case .list(let list): .list(CELList(list.items.map(\.detached)))
    case .map(let map): .map(CELMap(uniqueKeys: map.keys.map(\.detached), values: map.values.map(\.detached)))
    default: self
    }
  }
}

/// Reading arguments; each throws `noSuchOverload` where the value is of another type.
extension CELValue {
  func bool() throws(EvaluationError) -> Bool {
    guard case .bool(let value) = self else { throw .noSuchOverload }
    return value
  }

  func int() throws(EvaluationError) -> Int64 {
    guard case .int(let value) = self else { throw .noSuchOverload }
    return value
  }

  func uint() throws(EvaluationError) -> UInt64 {
    guard case .uint(let value) = self else { throw .noSuchOverload }
    return value
  }

  func double() throws(EvaluationError) -> Double {
    guard case .double(let value) = self else { throw .noSuchOverload }
    return value
  }

  func string() throws(EvaluationError) -> String {
    switch self {
    case .string(let value): return value
    case .slice(let text): return text.string
    default: throw .noSuchOverload
    }
  }

  func bytes() throws(EvaluationError) -> [UInt8] {
    guard case .bytes(let value) = self else { throw .noSuchOverload }
    return value
  }

  /// The elements of a list.
  func items() throws(EvaluationError) -> [CELValue] {
    switch self {
    case .list(let list): return list.items
    case .array(let node): return node.elements
    default: throw .noSuchOverload
    }
  }

  func map() throws(EvaluationError) -> CELMap {
    switch self {
    case .map(let map): return map
    case .object(let node): return node.map
    default: throw .noSuchOverload
    }
  }

  func timestamp() throws(EvaluationError) -> Timestamp {
    guard case .timestamp(let value) = self else { throw .noSuchOverload }
    return value
  }

  func duration() throws(EvaluationError) -> Int64 {
    guard case .duration(let value) = self else { throw .noSuchOverload }
    return value
  }

  func decimal() throws(EvaluationError) -> Decimal {
    guard case .decimal(let value) = self else { throw .noSuchOverload }
    return value.decimal
  }

  func date() throws(EvaluationError) -> CivilDate {
    guard case .date(let value) = self else { throw .noSuchOverload }
    return value
  }

  func optional() throws(EvaluationError) -> CELOptional {
    guard case .optional(let value) = self else { throw .noSuchOverload }
    return value
  }
}
