/// One value of a record: sixteen bytes, in document order, in the node array of its batch.
///
/// A container is followed by its members; `next` skips them all. A member of an object carries the id of its key; a
/// key that has no id (see ``KeyTable``) stands in a ``Kind/keyText`` node right before its value.
public struct Node: BitwiseCopyable, Sendable {
  public enum Kind: UInt8, BitwiseCopyable, Sendable {
    /// No value: a mapped field that is left out.
    case absent
    case null, `false`, `true`
    /// A number without fraction or exponent.
    case integer
    /// Any other number.
    case number
    case string
    case array, object
    /// The text of the key of the value that follows.
    case keyText

    /// Written out, so that other modules compare two bytes and call nothing.
    @inlinable @inline(__always)
    public static func == (a: Kind, b: Kind) -> Bool { a.rawValue == b.rawValue }
  }

  /// A plain set of bits rather than an `OptionSet`, whose generic operations cost more than the work around them.
  public struct Flags: BitwiseCopyable, Sendable, Equatable {
    public var rawValue: UInt8
    @inlinable public init(rawValue: UInt8 = 0) { self.rawValue = rawValue }
    @inlinable public static var none: Flags { Flags() }
    /// The text contains JSON escapes; it must be unescaped before it is compared or computed with.
    @inlinable public static var escaped: Flags { Flags(rawValue: 1) }
    /// The text was not taken from JSON; it must be escaped when it is written as JSON.
    @inlinable public static var plain: Flags { Flags(rawValue: 2) }
    /// `offset` and `length` hold the low and high half of a signed 64-bit integer, not a place in the bytes.
    @inlinable public static var inline: Flags { Flags(rawValue: 4) }
    /// The text has characters beyond ASCII.
    @inlinable public static var wide: Flags { Flags(rawValue: 8) }
    /// A cell's container whose members have no nodes, only its JSON text.
    @inlinable public static var textOnly: Flags { Flags(rawValue: 16) }
    /// The value has a type that its kind does not tell: a number is a decimal, a string a timestamp or a date.
    @inlinable public static var typed: Flags { Flags(rawValue: 32) }

    @inlinable @inline(__always)
    public func contains(_ flag: Flags) -> Bool { rawValue & flag.rawValue != 0 }
    @inlinable @inline(__always)
    public mutating func insert(_ flag: Flags) { rawValue |= flag.rawValue }
    @inlinable @inline(__always)
    public mutating func remove(_ flag: Flags) { rawValue &= ~flag.rawValue }
  }

  public var kind: Kind
  public var flags: Flags
  /// The id of the key of an object's member; 0 elsewhere.
  public var key: UInt16
  /// The index of the node after this value and all that it contains.
  public var next: UInt32
  /// Where the text begins in the bytes of the batch: a string's without its quotes, a container's with its brackets.
  public var offset: UInt32
  /// The length of the text, in bytes.
  public var length: UInt32

  @inlinable public init(
    _ kind: Kind, flags: Flags = .none, key: UInt16 = 0, next: UInt32 = 0, offset: UInt32 = 0, length: UInt32 = 0
  ) {
    self.kind = kind
    self.flags = flags
    self.key = key
    self.next = next
    self.offset = offset
    self.length = length
  }

  /// A node's first eight bytes in one word, without its kind and flags, which take the lowest two.
  static func word(key: UInt16, next: UInt32) -> UInt64 { UInt64(key) << 16 | UInt64(next) << 32 }

  /// An integer that stands in the node itself.
  @inlinable public init(integer: Int64) {
    let bits = UInt64(bitPattern: integer)
    self.init(
      .integer, flags: .inline, offset: UInt32(truncatingIfNeeded: bits), length: UInt32(truncatingIfNeeded: bits >> 32)
    )
  }

  @inlinable public init(bool: Bool) { self.init(bool ? .true : .false) }

  @inlinable public static var absent: Node { Node(.absent) }
  @inlinable public static var null: Node { Node(.null) }

  /// The integer that an ``Flags/inline`` node holds.
  @inlinable public var inlineInteger: Int64 {
    Int64(bitPattern: UInt64(offset) | UInt64(length) << 32)
  }
}
