import CScan
import Testing

@testable import Records

/// The scans over whole batches, against the standard library.
@Suite struct ScanTests {
  /// Pieces of text, whole and damaged.
  static let pieces: [[UInt8]] =
    ["a", "\u{7f}", "é", "\u{7ff}", "日", "\u{ffff}", "😀", "\u{10ffff}"].map { Array($0.utf8) } + [
      [0x80], [0xc3], [0xc0, 0x80], [0xe2, 0x82], [0xe0, 0x9f, 0xbf], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98],
      [0xf0, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xff],
    ]

  /// At every place of a block.
  @Test func textIsUTF8WhereTheStandardLibrarySaysSo() {
    for before in 0..<140 {
      for piece in Self.pieces {
        for behind in [0, 1, 2, 3, 31, 64, 65] {
          let text = Self.ascii(before) + piece + Self.ascii(behind)
          #expect(isUTF8(text) == (String(validating: text, as: UTF8.self) != nil), "\(before) \(piece) \(behind)")
        }
      }
    }
  }

  @Test func twoPiecesAreWholeTogetherAsTheyAreAlone() {
    for before in 0..<70 {
      for between in 0..<70 {
        #expect(isUTF8(Self.ascii(before) + [0xc3] + Self.ascii(between) + [0xa9]) == (between == 0))
      }
    }
  }

  static func ascii(_ count: Int) -> [UInt8] { Array(repeating: 0x61, count: count) }

  private func isUTF8(_ text: [UInt8]) -> Bool {
    var bytes = ByteBuffer()
    text.withUnsafeBytes { bytes.append($0) }
    return scan_is_utf8(bytes.base, bytes.end)
  }
}
