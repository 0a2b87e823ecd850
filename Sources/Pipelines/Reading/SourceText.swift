import ConnectorKit

/// The text of a configuration file, and its lines.
package struct SourceText: Sendable {
  /// As the user named it.
  package let file: String
  /// UTF-8 without a byte order mark.
  package let bytes: [UInt8]
  private let lineStarts: [Int]

  init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
    lineStarts = Self.lineStarts(bytes)
  }

  package var lineCount: Int { lineStarts.count }

  /// Longer lines are not looked at, in bytes: a file of one line would be read again for each value in it.
  private static let lineBytesMax = 2_000

  /// The line of that number, counted from 1, without its end; empty where there is none, or a longer one.
  package func line(_ number: Int) -> String {
    guard number >= 1, number <= lineStarts.count else { return "" }
    let end = number < lineStarts.count ? lineStarts[number] : bytes.count
    guard end - lineStarts[number - 1] <= Self.lineBytesMax else { return "" }
    var text = bytes[lineStarts[number - 1]..<end]
    while let last = text.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { text.removeLast() }
    return String(decoding: text, as: UTF8.self)
  }

  /// Lines end as YAML 1.1 says and libyaml counts: at LF, CR LF, CR, NEL, LS and PS.
  private static func lineStarts(_ bytes: [UInt8]) -> [Int] {
    var starts = [0]
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case 0x0a: starts.append(index + 1)
      case 0x0d where index + 1 == bytes.count || bytes[index + 1] != 0x0a: starts.append(index + 1)
      case 0x85 where index >= 1 && bytes[index - 1] == 0xc2: starts.append(index + 1)
      case 0xa8, 0xa9:
        if index >= 2, bytes[index - 1] == 0x80, bytes[index - 2] == 0xe2 { starts.append(index + 1) }
      default: break
      }
    }
    return starts
  }

  /// The byte that a place points to: the file's end where it points behind it.
  package func byte(at place: Place) -> Int {
    guard place.line <= lineStarts.count else { return bytes.count }
    var byte = lineStarts[place.line - 1]
    var column = 1
    while byte < bytes.count, column < place.column {
      byte += 1
      // Bytes that continue a character are no columns.
      while byte < bytes.count, bytes[byte] & 0xc0 == 0x80 { byte += 1 }
      column += 1
    }
    return byte
  }

  /// The place of a byte.
  func place(ofByte index: Int) -> Place {
    let line = lineStarts.lastIndex { $0 <= index } ?? 0
    // Bytes that continue a character are no columns.
    let column = bytes[lineStarts[line]..<min(index, bytes.count)].count { $0 & 0xc0 != 0x80 }
    return Place(file: file, line: line + 1, column: column + 1)
  }
}
