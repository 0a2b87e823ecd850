import Glibc
import Records

/// The lines of a head of HTTP/1.1 (RFC 9112), of a request or of an answer, read strictly: what another program could
/// read in another way is refused.
struct HTTPHeadLines {
  /// The longest head, and the longest trailer of a chunked body, in bytes.
  static let bytesMax = 32 << 10
  /// The most headers of one head.
  static let headersMax = 100

  let bytes: UnsafeRawBufferPointer
  private var place: Int
  private let end: Int
  private var count = 0

  /// - Parameter head: from the first line to behind the empty one.
  init(_ bytes: UnsafeRawBufferPointer, _ head: Range<Int>) {
    self.bytes = bytes
    (place, end) = (head.lowerBound, head.upperBound)
  }

  /// Behind the first empty line; nil where it has not come.
  static func end(in bytes: borrowing ByteBuffer, from start: Int) -> Int? {
    var place = start
    while place + 4 <= bytes.count, let found = memchr(bytes.base + place, 0x0d, bytes.count - place) {
      let at = found.assumingMemoryBound(to: UInt8.self) - bytes.base
      guard at + 4 <= bytes.count else { return nil }
      if bytes.base[at + 1] == 0x0a, bytes.base[at + 2] == 0x0d, bytes.base[at + 3] == 0x0a { return at + 4 }
      place = at + 1
    }
    return nil
  }

  static func bad(_ message: String) -> HTTPRefusal { HTTPRefusal(400, message) }
  static var tooLong: HTTPRefusal { HTTPRefusal(431, "the head is longer than \(bytesMax) bytes") }

  /// The next line without its CR LF. A line feed alone ends none.
  mutating func next() throws(HTTPRefusal) -> Range<Int> {
    let start = place
    guard let base = bytes.baseAddress, let found = memchr(base + start, 0x0a, end - start) else {
      throw Self.bad("a line does not end")
    }
    let feed = UnsafeRawPointer(found) - base
    guard feed > start, bytes[feed - 1] == 0x0d else { throw Self.bad("a line ends without a carriage return") }
    place = feed + 1
    return start..<feed - 1
  }

  /// The next header; nil at the empty line.
  mutating func header() throws(HTTPRefusal) -> HTTPRequest.Header? {
    guard place < end - 2 else { return nil }
    let line = try next()
    var colon = line.lowerBound
    while colon < line.upperBound, HTTPToken.isToken(bytes[colon]) { colon += 1 }
    guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else {
      throw Self.bad("a header has no name, or one with a space in it")
    }
    let value = trimmed(colon + 1..<line.upperBound)
    for place in value where bytes[place] < 0x20 && bytes[place] != 0x09 || bytes[place] == 0x7f {
      throw Self.bad("a header's value has control characters")
    }
    guard count < Self.headersMax else { throw HTTPRefusal(431, "there are more than \(Self.headersMax) headers") }
    count += 1
    return HTTPRequest.Header(name: line.lowerBound..<colon, value: value)
  }

  /// Without the spaces and tabs around it.
  private func trimmed(_ range: Range<Int>) -> Range<Int> {
    func isSpace(_ place: Int) -> Bool { bytes[place] == 0x20 || bytes[place] == 0x09 }
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, isSpace(start) { start += 1 }
    while end > start, isSpace(end - 1) { end -= 1 }
    return start..<end
  }

  func isEqual(_ range: Range<Int>, _ name: StaticString) -> Bool { HTTPRequest.isEqual(bytes, range, name) }

  /// The 0 or 1 of `HTTP/1.`; nil for what is another version.
  func minorVersion(_ range: Range<Int>) throws(HTTPRefusal) -> Int? {
    guard range.count == 8, begins(range, "HTTP/") else { throw Self.bad("this is not HTTP") }
    let digit = bytes[range.upperBound - 1]
    guard begins(range, "HTTP/1."), digit == 0x30 || digit == 0x31 else { return nil }
    return Int(digit - 0x30)
  }

  /// - Parameter text: compared byte by byte.
  func begins(_ range: Range<Int>, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard range.count >= count, let base = bytes.baseAddress else { return false }
    return memcmp(base + range.lowerBound, text.utf8Start, count) == 0
  }

  /// Digits and nothing else, at most eighteen.
  func number(_ range: Range<Int>) -> Int? {
    guard (1...18).contains(range.count) else { return nil }
    var number = 0
    for digit in bytes[range] {
      guard digit >= 0x30, digit <= 0x39 else { return nil }
      number = number * 10 + Int(digit - 0x30)
    }
    return number
  }
}

/// What a head says about the body behind it and the connection, header by header.
struct HTTPFraming: Equatable {
  private(set) var length: Int?
  private(set) var isChunked = false
  private(set) var isKeptAlive: Bool
  private let minor: Int

  /// - Parameter minor: the 0 or 1 of `HTTP/1.`
  init(minor: Int) {
    self.minor = minor
    isKeptAlive = minor == 1
  }

  /// Takes note of a header, if it is about the body or the connection.
  mutating func note(_ header: HTTPRequest.Header, _ lines: HTTPHeadLines) throws(HTTPRefusal) {
    if lines.isEqual(header.name, "content-length") {
      guard length == nil, let number = lines.number(header.value) else {
        throw HTTPHeadLines.bad("Content-Length is no number, or there are two")
      }
      length = number
    } else if lines.isEqual(header.name, "transfer-encoding") {
      guard !isChunked, lines.isEqual(header.value, "chunked") else {
        throw HTTPRefusal(501, "the only transfer encoding that is known is chunked")
      }
      isChunked = true
    } else if lines.isEqual(header.name, "connection") {
      connection(header.value, lines)
    }
  }

  /// At the end of the head.
  func check() throws(HTTPRefusal) {
    guard !isChunked || length == nil && minor == 1 else {
      throw HTTPHeadLines.bad("the body has two lengths, or none for HTTP/1.0")
    }
  }

  /// A list of words, of which two are known.
  private mutating func connection(_ value: Range<Int>, _ lines: HTTPHeadLines) {
    let bytes = lines.bytes
    var start = value.lowerBound
    while start < value.upperBound {
      let comma = bytes[start..<value.upperBound].firstIndex(of: UInt8(ascii: ",")) ?? value.upperBound
      var word = start..<comma
      while bytes[word].first == 0x20 { word = word.dropFirst() }
      while bytes[word].last == 0x20 { word = word.dropLast() }
      if lines.isEqual(word, "close") { isKeptAlive = false }
      if lines.isEqual(word, "keep-alive"), minor == 0 { isKeptAlive = true }
      start = comma + 1
    }
  }
}
