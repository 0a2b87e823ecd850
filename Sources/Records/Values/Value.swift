/// A value outside the hot path: settings, positions, constants, tests. Records on their way are ``Node``s.
///
/// Text is compared by its code points, as the expression language and a database's keys compare it, and not by
/// canonical equivalence as Swift's `String` does.
public indirect enum Value: Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  /// A number that is no 64-bit integer, as the text it was written in.
  case number(String)
  case string(String)
  case bytes([UInt8])
  case array([Value])
  /// Members in their order; names are unique.
  case object([Member])

  public struct Member: Sendable, Equatable {
    public var name: String
    public var value: Value
    public init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
    public static func == (a: Member, b: Member) -> Bool {
      a.name.utf8.elementsEqual(b.name.utf8) && a.value == b.value
    }
  }
}

extension Value {
  /// The member of that name; nil where there is none or where this is no object.
  public subscript(name: String) -> Value? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }

  public var string: String? { if case .string(let text) = self { text } else { nil } }
  public var int: Int64? { if case .int(let number) = self { number } else { nil } }
  public var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
  public var array: [Value]? { if case .array(let items) = self { items } else { nil } }
  public var isNull: Bool { if case .null = self { true } else { false } }
}

extension Value: Equatable {
  public static func == (a: Value, b: Value) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.bytes(let a), .bytes(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .int(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(nilLiteral: ()) { self = .null }
  public init(arrayLiteral elements: Value...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, Value)...) { self = .object(elements.map { Member($0, $1) }) }
}
