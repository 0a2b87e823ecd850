/// An expression as it was written; turns byte offsets into lines and columns.
package struct SourceText: Sendable {
  package let text: String
  let bytes: [UInt8]

  package init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
  }

  /// The line and column of a byte, both counted from 1; columns count code points.
  package func place(of offset: Int) -> TextPlace {
    let before = bytes.prefix(max(0, offset))
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    return TextPlace(line: line, column: before[lineStart...].count { !isContinuation($0) } + 1)
  }

  /// The line of that number, counted from 1, without its end; empty where there is none.
  package func line(_ number: Int) -> String {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.indices.contains(number - 1) ? String(decoding: lines[number - 1], as: UTF8.self) : ""
  }

  /// What was written in a range of bytes.
  func text(in range: Range<Int>) -> String {
    String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
  }
}

/// A place in an expression's text, counted from 1.
package struct TextPlace: Sendable, Equatable {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// Whether a byte of UTF-8 continues a character.
@inline(__always)
func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
