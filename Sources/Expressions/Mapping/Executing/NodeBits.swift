import Records

/// A node's kind and flags, read off its stored bits: the functions of Records are calls from this module, and cost more
/// than the work around them where they are made for every field of every record.
extension Node {
  /// The bits of ``Node/Flags``; a test holds them against those of Records.
  enum Bit {
    static let escaped: UInt8 = 1
    static let plain: UInt8 = 2
    static let inline: UInt8 = 4
    static let wide: UInt8 = 8
    static let typed: UInt8 = 32
  }

  @inline(__always)
  func has(_ bit: UInt8) -> Bool { flags.rawValue & bit != 0 }

  /// Left out, or null.
  @inline(__always)
  var isMissing: Bool {
    switch kind {
    case .absent, .null: true
    default: false
    }
  }

  @inline(__always)
  var isString: Bool { if case .string = kind { true } else { false } }

  @inline(__always)
  var isNumber: Bool {
    switch kind {
    case .integer, .number: true
    default: false
    }
  }
}

extension Batch {
  /// The text of a node or cell that was made by a decoder or a step; ``raw(_:)`` checks, this does not.
  @inline(__always)
  func text(of cell: Node) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: bytes.base + Int(cell.offset), count: Int(cell.length))
  }
}
