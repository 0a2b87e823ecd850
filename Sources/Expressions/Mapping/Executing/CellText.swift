import Glibc
import Records

/// Texts of cells, seen and changed in place in a batch's bytes.
enum CellText {
  /// The text without JSON's escapes; unescapes the cell where it must. Valid until the batch's bytes change.
  @inline(__always)
  static func plain(_ cell: inout Node, _ batch: Batch) -> UnsafeRawBufferPointer {
    if cell.flags.contains(.escaped) { unescape(&cell, batch) }
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
    cell.flags.remove(.typed)
  }

  static func set(_ cell: inout Node, to text: String, in batch: Batch) {
    var text = text
    text.withUTF8 { set(&cell, to: UnsafeRawBufferPointer($0), in: batch) }
  }

  /// Takes white space (Unicode's) from both ends.
  static func trim(_ cell: inout Node, _ batch: Batch) {
    guard cell.isString else { return }
    var text = plain(&cell, batch)
    if let first = text.first, let last = text.last, isPrintable(first), isPrintable(last) { return }
    let whole = text.count
    while case let width = widthOfSpace(text), width > 0 {
      text = UnsafeRawBufferPointer(rebasing: text.dropFirst(width))
    }
    let dropped = whole - text.count
    while case let width = widthOfSpace(before: text), width > 0 {
      text = UnsafeRawBufferPointer(rebasing: text.dropLast(width))
    }
    narrow(&cell, dropping: dropped, keeping: text.count)
  }

  /// Whether the byte is a character of ASCII that can be seen.
  @inline(__always)
  private static func isPrintable(_ byte: UInt8) -> Bool { byte &- 0x21 < 0x5f }

  /// How many bytes the white space at the begin of a text takes; 0 where it begins with something else.
  @inline(__always)
  private static func widthOfSpace(_ text: UnsafeRawBufferPointer) -> Int {
    guard let first = text.first else { return 0 }
    if first < 0x80 { return first == 0x20 || (0x09...0x0d).contains(first) ? 1 : 0 }
    return widthOfWideSpace(text)
  }

  /// How many bytes the white space at the end of a text takes.
  @inline(__always)
  private static func widthOfSpace(before text: UnsafeRawBufferPointer) -> Int {
    guard let last = text.last else { return 0 }
    if last < 0x80 { return widthOfSpace(UnsafeRawBufferPointer(rebasing: text.suffix(1))) }
    for width in 2...3 where width <= text.count {
      if widthOfWideSpace(UnsafeRawBufferPointer(rebasing: text.suffix(width))) == width { return width }
    }
    return 0
  }

  /// The white space of Unicode (`White_Space`) beyond ASCII, by its bytes in UTF-8.
  private static func widthOfWideSpace(_ text: UnsafeRawBufferPointer) -> Int {
    guard text.count >= 2 else { return 0 }
    // U+0085, U+00A0
    if text[0] == 0xc2 { return text[1] == 0x85 || text[1] == 0xa0 ? 2 : 0 }
    guard text.count >= 3 else { return 0 }
    switch (text[0], text[1], text[2]) {
    // U+1680; U+2000 to U+200A, U+2028, U+2029, U+202F; U+205F; U+3000
    case (0xe1, 0x9a, 0x80), (0xe2, 0x80, 0x80...0x8a), (0xe2, 0x80, 0xa8...0xa9), (0xe2, 0x80, 0xaf),
      (0xe2, 0x81, 0x9f), (0xe3, 0x80, 0x80):
      return 3
    default: return 0
    }
  }

  private static func narrow(_ cell: inout Node, dropping: Int, keeping: Int) {
    cell.offset += UInt32(dropping)
    cell.length = UInt32(keeping)
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
