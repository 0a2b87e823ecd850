import Records

/// Cells of lines of COPY's text, off the hot path.
enum CopyLine {
  /// The texts of some cells of the last line; nil where one is null or the line has fewer.
  static func cells(_ indices: [Int], ofLastLineOf bytes: UnsafeRawBufferPointer) -> [String]? {
    guard bytes.count > 0 else { return nil }
    let body = bytes.dropLast()
    let start = body.lastIndex(of: 0x0a).map { $0 + 1 } ?? body.startIndex
    let cells = body[start...].split(separator: CopyText.tab, omittingEmptySubsequences: false)
    var texts: [String] = []
    for index in indices {
      guard index < cells.count, !cells[index].elementsEqual("\\N".utf8) else { return nil }
      var plain = ByteBuffer()
      CopyText.unescape(UnsafeRawBufferPointer(rebasing: cells[index]), into: &plain)
      texts.append(plain.text)
    }
    return texts
  }
}
