import Glibc
import Records

/// Reads requests off one connection's bytes, however they arrive. A value that decides and does no I/O.
struct HTTPReader {
  /// The longest head of a request, and the longest trailer of a chunked body, in bytes.
  static let headBytesMax = 32 << 10
  /// The longest line with the size of a chunk, in bytes.
  private static let chunkLineMax = 256

  enum Step: Equatable {
    /// More bytes are needed.
    case more
    /// A head is there; ``begin(bodyMax:)`` goes on to its body.
    case head
    /// The whole request is there.
    case request
    case refused(HTTPRefusal)
  }

  private enum State: Equatable {
    case head
    /// The head is read, and nobody has said how long the body may be.
    case decision(HTTPHeadParser.Framing)
    case body(length: Int)
    /// The line with a chunk's size comes next.
    case chunkSize
    case chunkData(left: Int)
    case trailer
    case done
  }

  private(set) var request = HTTPRequest()
  private var state = State.head
  /// How much of the bytes was looked at.
  private var seen = 0
  private var bodyMax = 0

  /// Whether nothing of a request has come yet, so that the connection may be closed without harm.
  func isBetween(_ bytes: borrowing ByteBuffer) -> Bool { state == .head && bytes.isEmpty }

  /// Whether a body is on its way.
  var isInBody: Bool {
    switch state {
    case .head, .decision, .done: false
    default: true
    }
  }

  /// How many bytes are still to come, where that is known.
  func wanted(_ bytes: borrowing ByteBuffer) -> Int? {
    guard case .body(let length) = state else { return nil }
    return request.body.lowerBound + length - bytes.count
  }

  /// Looks at what is there. Chunks are put together in place.
  mutating func step(_ bytes: inout ByteBuffer) -> Step {
    do throws(HTTPRefusal) {
      // Whoever answers nothing has moved on to another state.
      while true {
        if let step = try advance(&bytes) { return step }
      }
    } catch {
      return .refused(error)
    }
  }

  private mutating func advance(_ bytes: inout ByteBuffer) throws(HTTPRefusal) -> Step? {
    switch state {
    case .head: return try head(bytes)
    case .decision: return .head
    case .body(let length):
      guard bytes.count - request.body.lowerBound >= length else { return .more }
      request.body = request.body.lowerBound..<request.body.lowerBound + length
      seen = request.body.upperBound
      state = .done
      return .request
    case .chunkSize: return try chunkSize(bytes)
    case .chunkData(let left): return try chunkData(&bytes, left)
    case .trailer: return try trailer(bytes)
    case .done: return .request
    }
  }

  /// The caller may send so much.
  mutating func begin(bodyMax: Int) throws(HTTPRefusal) {
    guard case .decision(let framing) = state else { return }
    self.bodyMax = bodyMax
    switch framing {
    case .none: state = .done
    case .chunked: state = .chunkSize
    case .length(let length):
      guard length <= bodyMax else { throw Self.tooLong(bodyMax) }
      state = .body(length: length)
    }
  }

  private static func tooLong(_ max: Int) -> HTTPRefusal {
    HTTPRefusal(413, "the body is longer than \(max) bytes")
  }

  /// The request was answered: forgets it, and its bytes.
  mutating func finish(_ bytes: inout ByteBuffer) {
    bytes.removeFirst(seen)
    seen = 0
    state = .head
  }

  // MARK: - Head

  private mutating func head(_ bytes: borrowing ByteBuffer) throws(HTTPRefusal) -> Step? {
    // An empty line in front of a request is overlooked, as RFC 9112 asks.
    if bytes.count == 1, bytes.base[0] == 0x0d { return .more }
    let start = bytes.count >= 2 && bytes.base[0] == 0x0d && bytes.base[1] == 0x0a ? 2 : 0
    guard let end = Self.endOfHead(bytes, from: max(start, seen - 3)) else {
      guard bytes.count <= Self.headBytesMax else {
        throw HTTPRefusal(431, "the head is longer than \(Self.headBytesMax) bytes")
      }
      seen = bytes.count
      return .more
    }
    guard end <= Self.headBytesMax else {
      throw HTTPRefusal(431, "the head is longer than \(Self.headBytesMax) bytes")
    }
    var old = HTTPRequest()
    swap(&old, &request)
    let (parsed, framing) = try HTTPHeadParser.parse(bytes.bytes, start..<end, reusing: old)
    request = parsed
    request.body = end..<end
    seen = end
    state = .decision(framing)
    return .head
  }

  /// Behind the first empty line.
  private static func endOfHead(_ bytes: borrowing ByteBuffer, from start: Int) -> Int? {
    var place = start
    while place + 4 <= bytes.count, let found = memchr(bytes.base + place, 0x0d, bytes.count - place) {
      let at = found.assumingMemoryBound(to: UInt8.self) - bytes.base
      guard at + 4 <= bytes.count else { return nil }
      if bytes.base[at + 1] == 0x0a, bytes.base[at + 2] == 0x0d, bytes.base[at + 3] == 0x0a { return at + 4 }
      place = at + 1
    }
    return nil
  }

  // MARK: - Chunks

  private mutating func line(_ bytes: borrowing ByteBuffer, max: Int) throws(HTTPRefusal) -> Range<Int>? {
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

  private mutating func chunkSize(_ bytes: borrowing ByteBuffer) throws(HTTPRefusal) -> Step? {
    guard let line = try line(bytes, max: Self.chunkLineMax) else { return .more }
    let digits = bytes.bytes[line].prefix { $0 != UInt8(ascii: ";") }
    let text = digits.last == 0x20 ? digits.dropLast() : digits
    guard (1...15).contains(text.count), text.allSatisfy({ Self.isHex($0) }),
      let size = Int(String(decoding: text, as: UTF8.self), radix: 16)
    else { throw HTTPRefusal(400, "the size of a chunk is no number") }
    guard request.body.count + size <= bodyMax else { throw Self.tooLong(bodyMax) }
    state = size == 0 ? .trailer : .chunkData(left: size)
    return nil
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  /// Moves what is there of the chunk behind the body, and what follows it with it.
  private mutating func chunkData(_ bytes: inout ByteBuffer, _ left: Int) throws(HTTPRefusal) -> Step? {
    let count = min(left, bytes.count - seen)
    if count > 0 {
      let gap = seen - request.body.upperBound
      UnsafeMutableRawPointer(bytes.base + request.body.upperBound).copyMemory(
        from: bytes.base + seen, byteCount: bytes.count - seen)
      bytes.truncate(to: bytes.count - gap)
      request.body = request.body.lowerBound..<request.body.upperBound + count
      seen = request.body.upperBound
    }
    if count < left {
      state = .chunkData(left: left - count)
      return .more
    }
    guard bytes.count - seen >= 2 else {
      state = .chunkData(left: 0)
      return .more
    }
    guard bytes.base[seen] == 0x0d, bytes.base[seen + 1] == 0x0a else {
      throw HTTPRefusal(400, "a chunk is longer than its size")
    }
    seen += 2
    state = .chunkSize
    return nil
  }

  /// Trailers are read over.
  private mutating func trailer(_ bytes: borrowing ByteBuffer) throws(HTTPRefusal) -> Step? {
    while let line = try line(bytes, max: Self.headBytesMax) {
      guard line.isEmpty else { continue }
      state = .done
      return .request
    }
    return .more
  }
}
