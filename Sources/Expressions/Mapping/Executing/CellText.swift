import Glibc
import Records

/// Texts of cells, seen and changed in place in a batch's bytes.
enum CellText {
  /// The text without JSON's escapes; unescapes the cell where it must. Valid until the batch's bytes change.
  @inline(__always)
  static func plain(_ cell: inout Node, _ batch: Batch) -> UnsafeRawBufferPointer {
    if cell.has(Node.Bit.escaped) { unescape(&cell, batch) }
    return batch.text(of: cell)
  }

  /// Whether two texts are the same bytes.
  @inline(__always)
  static func same(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count == b.count else { return false }
    guard let x = a.baseAddress, let y = b.baseAddress else { return true }
    return memcmp(x, y, a.count) == 0
  }

  @inline(never)
  private static func unescape(_ cell: inout Node, _ batch: Batch) {
    var text = ByteBuffer(capacity: Int(cell.length))
    JSONText.unescape(batch.raw(cell), into: &text)
    set(&cell, to: text.bytes, in: batch)
    cell.flags.insert(.plain)
  }

  /// Appends new text to the batch and lets the cell point to it; the cell becomes a string that needs no escapes
  /// unless the caller flags it.
  static func set(_ cell: inout Node, to text: UnsafeRawBufferPointer, in batch: Batch) {
    let start = batch.bytes.count
    batch.bytes.append(text)
    cell.offset = UInt32(start)
    cell.length = UInt32(text.count)
    cell.flags.remove(.escaped)
    cell.flags.remove(.plain)
    cell.flags.remove(.inline)
  }

  static func set(_ cell: inout Node, to text: String, in batch: Batch) {
    var text = text
    text.withUTF8 { set(&cell, to: UnsafeRawBufferPointer($0), in: batch) }
  }

  /// Takes white space (Unicode's) from both ends.
  static func trim(_ cell: inout Node, _ batch: Batch) {
    guard cell.isString else { return }
    let text = plain(&cell, batch)
    if cell.has(Node.Bit.wide) { return trimWide(&cell, batch) }
    var start = 0
    var end = text.count
    while start < end, isSpace(text[start]) { start += 1 }
    while end > start, isSpace(text[end - 1]) { end -= 1 }
    narrow(&cell, dropping: start, keeping: end - start)
  }

  @inline(__always)
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

  private static func narrow(_ cell: inout Node, dropping: Int, keeping: Int) {
    cell.offset += UInt32(dropping)
    cell.length = UInt32(keeping)
  }

  private static func trimWide(_ cell: inout Node, _ batch: Batch) {
    let scalars = Array(String(decoding: batch.raw(cell), as: UTF8.self).unicodeScalars)
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return narrow(&cell, dropping: 0, keeping: 0) }
    let dropped = scalars[..<first].reduce(0) { $0 + UTF8.width($1) }
    narrow(&cell, dropping: dropped, keeping: scalars[first...last].reduce(0) { $0 + UTF8.width($1) })
  }

  /// The number of characters (code points).
  static func length(_ cell: inout Node, _ batch: Batch) -> Int {
    let text = plain(&cell, batch)
    return cell.flags.contains(.wide) ? text.count { $0 & 0xc0 != 0x80 } : text.count
  }

  /// Keeps the first `length` characters.
  static func cut(_ cell: inout Node, to length: Int, _ batch: Batch) {
    let text = plain(&cell, batch)
    var characters = 0
    for (index, byte) in text.enumerated() where byte & 0xc0 != 0x80 {
      if characters == length { return narrow(&cell, dropping: 0, keeping: index) }
      characters += 1
    }
  }
}

extension UTF8 {
  fileprivate static func width(_ scalar: Unicode.Scalar) -> Int { UTF8.encode(scalar)?.count ?? 3 }
}
