import Records

/// The cells of an encoded row, as places in its bytes: in the binary form with their lengths, in the text without the
/// tabs between them.
enum RowCells {
  /// The places of the first cells.
  ///
  /// - Returns: false where there are not so many.
  static func find(
    _ count: Int, in row: UnsafeRawBufferPointer, isBinary: Bool, _ cells: inout [Range<Int>]
  ) -> Bool {
    cells.removeAll(keepingCapacity: true)
    return isBinary ? findBinary(count, row, &cells) : findText(count, row, &cells)
  }

  private static func findBinary(_ count: Int, _ row: UnsafeRawBufferPointer, _ cells: inout [Range<Int>]) -> Bool {
    var at = 2
    for _ in 0..<count {
      guard at + 4 <= row.count else { return false }
      let length = Int(Int32(bigEndian: row.loadUnaligned(fromByteOffset: at, as: Int32.self)))
      let end = at + 4 + max(0, length)
      guard end <= row.count else { return false }
      cells.append(at..<end)
      at = end
    }
    return true
  }

  /// Tabs inside of cells are escaped, and so is the end of the line.
  private static func findText(_ count: Int, _ row: UnsafeRawBufferPointer, _ cells: inout [Range<Int>]) -> Bool {
    var at = 0
    for _ in 0..<count {
      guard at < row.count else { return false }
      let rest = row[at...]
      let end = rest.firstIndex { $0 == CopyText.tab || $0 == UInt8(ascii: "\n") } ?? row.count
      cells.append(at..<end)
      at = end + 1
    }
    return true
  }

  /// Appends a cell in the binary form, from whichever it is in.
  ///
  /// - Returns: false where it is null, or has no binary form that means surely the same.
  static func append(
    _ cell: UnsafeRawBufferPointer, isBinary: Bool, as form: BinaryForm, to out: inout ByteBuffer
  ) -> Bool {
    if isBinary {
      guard cell.count >= 4, cell[0] & 0x80 == 0 else { return false }
      out.append(cell)
      return true
    }
    // What is escaped, null among it, is left to the server.
    if cell.contains(CopyText.backslash) { return false }
    if form != .text { return BinaryCells.append(cell, as: form, to: &out) }
    BinaryCells.append(text: cell, to: &out)
    return true
  }
}
