import Glibc

/// NDJSON: every newline ends a record, because JSON has none inside its strings.
struct LineFramer: Framer {
  func scan(_ bytes: UnsafeMutableRawBufferPointer, seen: Int) -> Int {
    Self.behindLastNewline(in: bytes, seen..<bytes.count) ?? 0
  }

  /// The last line may lack its newline.
  func finish(_ bytes: UnsafeMutableRawBufferPointer) -> Bool { !bytes.isEmpty }

  func skip(_ bytes: UnsafeMutableRawBufferPointer) -> Int? { Self.behindNewline(in: bytes) }

  static func behindNewline(in bytes: UnsafeMutableRawBufferPointer) -> Int? {
    guard let start = bytes.baseAddress, let newline = memchr(start, 0x0a, bytes.count) else { return nil }
    return UnsafeRawPointer(newline) - UnsafeRawPointer(start) + 1
  }

  static func behindLastNewline(in bytes: UnsafeMutableRawBufferPointer, _ range: Range<Int>) -> Int? {
    bytes[range].lastIndex(of: 0x0a).map { $0 + 1 }
  }
}
