import Glibc
import Records

/// Reads a chunked body (RFC 9112, 7.1), however it arrives. A value that decides and moves nothing.
struct ChunkReader: Equatable {
  /// The longest line with the size of a chunk, in bytes.
  private static let lineMax = 256

  enum Step: Equatable {
    /// More bytes are needed.
    case more
    /// A chunk of so many bytes begins.
    case size(Int)
    case data(Range<Int>)
    /// The last chunk and the trailers, which are read over, lie behind.
    case end
  }

  private enum State: Equatable {
    /// The line with a chunk's size comes next.
    case size
    case data(left: Int)
    case trailer
  }

  private var state = State.size
  /// How long the trailers are so far, in bytes.
  private var trailerBytes = 0

  /// - Parameter seen: how much of the bytes lies behind.
  mutating func step(_ bytes: borrowing ByteBuffer, _ seen: inout Int) throws(HTTPRefusal) -> Step {
    switch state {
    case .size:
      guard let line = try Self.line(bytes, &seen, max: Self.lineMax) else { return .more }
      let size = try Self.size(bytes.bytes, line)
      state = size == 0 ? .trailer : .data(left: size)
      return .size(size)
    case .data(let left): return try data(bytes, &seen, left)
    case .trailer: return try trailer(bytes, &seen)
    }
  }

  private static func line(
    _ bytes: borrowing ByteBuffer, _ seen: inout Int, max: Int
  ) throws(HTTPRefusal) -> Range<Int>? {
    guard let found = memchr(bytes.base + seen, 0x0a, bytes.count - seen) else {
      if bytes.count - seen > max { throw HTTPRefusal(400, "a line between chunks is too long") }
      return nil
    }
    let feed = found.assumingMemoryBound(to: UInt8.self) - bytes.base
    guard feed > seen, bytes.base[feed - 1] == 0x0d, feed - seen <= max else {
      throw HTTPRefusal(400, "a line between chunks is too long, or ends without a carriage return")
    }
    defer { seen = feed + 1 }
    return seen..<feed - 1
  }

  private static func size(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(HTTPRefusal) -> Int {
    let digits = bytes[line].prefix { $0 != UInt8(ascii: ";") }
    let text = digits.last == 0x20 ? digits.dropLast() : digits
    guard (1...15).contains(text.count), text.allSatisfy({ isHex($0) }),
      let size = Int(String(decoding: text, as: UTF8.self), radix: 16)
    else { throw HTTPRefusal(400, "the size of a chunk is no number") }
    return size
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  private mutating func data(
    _ bytes: borrowing ByteBuffer, _ seen: inout Int, _ left: Int
  ) throws(HTTPRefusal) -> Step {
    let count = min(left, bytes.count - seen)
    if count > 0 {
      state = .data(left: left - count)
      defer { seen += count }
      return .data(seen..<seen + count)
    }
    guard left == 0, bytes.count - seen >= 2 else { return .more }
    guard bytes.base[seen] == 0x0d, bytes.base[seen + 1] == 0x0a else {
      throw HTTPRefusal(400, "a chunk is longer than its size")
    }
    seen += 2
    state = .size
    return try step(bytes, &seen)
  }

  private mutating func trailer(_ bytes: borrowing ByteBuffer, _ seen: inout Int) throws(HTTPRefusal) -> Step {
    while let line = try Self.line(bytes, &seen, max: HTTPHeadLines.bytesMax) {
      if line.isEmpty { return .end }
      trailerBytes += line.count
      if trailerBytes > HTTPHeadLines.bytesMax { throw HTTPRefusal(400, "the trailers are too long") }
    }
    return .more
  }
}
