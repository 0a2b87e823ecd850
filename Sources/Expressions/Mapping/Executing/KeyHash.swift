import Records

/// A hash of a key's values: equal keys have equal hashes, however their numbers are written.
struct KeyHash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ cell: Node, _ batch: Batch) {
    var cell = cell
    switch cell.kind {
    case .integer, .number: add(number: cell, batch)
    case .string: add(CellText.plain(&cell, batch))
    default: add(UInt64(cell.kind.rawValue))
    }
  }

  private mutating func add(number cell: Node, _ batch: Batch) {
    if cell.flags.contains(.inline) { return add(UInt64(bitPattern: cell.inlineInteger)) }
    let text = batch.raw(cell)
    guard let number = Decimal(text) else { return add(text) }
    if let integer = number.int64 { return add(UInt64(bitPattern: integer)) }
    let canonical = number.normalized
    add(UInt64(truncatingIfNeeded: canonical.digits))
    add(UInt64(canonical.scale))
  }

  private mutating func add(_ text: UnsafeRawBufferPointer) {
    add(UInt64(text.count))
    var index = 0
    while index + 8 <= text.count {
      add(text.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var tail: UInt64 = 0
    for byte in text[index...] { tail = tail << 8 | UInt64(byte) }
    add(tail)
  }

  private mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0x9e37_79b9_7f4a_7c15
    value ^= value >> 32
  }
}
