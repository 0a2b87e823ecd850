import Glibc

/// CSV: a newline ends a row, unless it stands in quotes.
///
/// A quote opens a quoted cell only as the cell's first byte; anywhere else outside of quotes it is text. ``CSVScanner``
/// reads rows by the same rule, so both see the same rows.
struct CSVFramer: Framer {
  private let delimiter: UInt8
  private var isQuoted = false
  /// The last byte that was seen closed a quoted cell; a quote right behind it stands for a quote in the text.
  private var justClosed = false

  init(delimiter: UInt8) { self.delimiter = delimiter }

  mutating func scan(_ bytes: UnsafeMutableRawBufferPointer, seen: Int) -> Int {
    var cut = 0
    var at = seen
    while at < bytes.count {
      let quote = find(quotation, in: bytes, from: at)
      if isQuoted {
        guard let quote else { return cut }
        isQuoted = false
        justClosed = true
        at = quote + 1
        continue
      }
      let stop = quote ?? bytes.count
      if let end = LineFramer.behindLastNewline(in: bytes, at..<stop) { cut = end }
      if stop > at { justClosed = false }
      guard let quote else { return cut }
      isQuoted = justClosed || opensCell(bytes, quote)
      justClosed = false
      at = quote + 1
    }
    return cut
  }

  /// The last row may lack its newline; a quote that is still open is its decoder's to tell.
  mutating func finish(_ bytes: UnsafeMutableRawBufferPointer) -> Bool { !bytes.isEmpty }

  /// Goes on at the next newline, in quotes or not: a quote that was never closed must not swallow the rest.
  mutating func skip(_ bytes: UnsafeMutableRawBufferPointer) -> Int? {
    isQuoted = false
    justClosed = false
    return LineFramer.behindNewline(in: bytes)
  }

  private var quotation: UInt8 { UInt8(ascii: "\"") }

  private func opensCell(_ bytes: UnsafeMutableRawBufferPointer, _ quote: Int) -> Bool {
    quote == 0 || bytes[quote - 1] == delimiter || bytes[quote - 1] == 0x0a
  }

  private func find(_ byte: UInt8, in bytes: UnsafeMutableRawBufferPointer, from: Int) -> Int? {
    guard let start = bytes.baseAddress, let hit = memchr(start + from, Int32(byte), bytes.count - from) else {
      return nil
    }
    return UnsafeRawPointer(hit) - UnsafeRawPointer(start)
  }
}
