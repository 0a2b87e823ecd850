import Records

/// What mappings ask of cells.
extension Node {
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
