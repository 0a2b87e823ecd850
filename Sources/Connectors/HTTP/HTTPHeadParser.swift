import Glibc
import Records

/// Reads the head of an HTTP/1.1 request (RFC 9112), strictly: what another server could read in another way is refused.
struct HTTPHeadParser {
  /// The most headers of one request.
  static let headersMax = 100

  private let bytes: UnsafeRawBufferPointer
  private var place: Int
  private let end: Int
  private var request: HTTPRequest
  private var minor = 1

  /// How the body is delimited.
  enum Framing: Equatable {
    case none
    case length(Int)
    case chunked
  }

  /// - Parameters:
  ///   - head: from the first byte of the request line to behind the empty line.
  ///   - request: one whose storage is used again.
  static func parse(
    _ bytes: UnsafeRawBufferPointer, _ head: Range<Int>, reusing request: HTTPRequest
  ) throws(HTTPRefusal) -> (HTTPRequest, Framing) {
    var parser = HTTPHeadParser(bytes, head, request)
    try parser.requestLine()
    while parser.place < parser.end - 2 { try parser.header() }
    let framing = try parser.framing()
    return (parser.request, framing)
  }

  private init(_ bytes: UnsafeRawBufferPointer, _ head: Range<Int>, _ request: HTTPRequest) {
    self.bytes = bytes
    (place, end) = (head.lowerBound, head.upperBound)
    self.request = request
    self.request.headers.removeAll(keepingCapacity: true)
    self.request.isKeptAlive = true
    self.request.expectsContinue = false
  }

  private static func bad(_ message: String) -> HTTPRefusal { HTTPRefusal(400, message) }

  // MARK: - Lines

  private mutating func requestLine() throws(HTTPRefusal) {
    let line = try nextLine()
    guard let space = bytes[line].firstIndex(of: 0x20), let last = bytes[line].lastIndex(of: 0x20), space < last else {
      throw Self.bad("the request line is not METHOD TARGET VERSION")
    }
    let method = line.lowerBound..<space
    guard !method.isEmpty, bytes[method].allSatisfy(HTTPToken.isToken) else { throw Self.bad("the method is no token") }
    request.method = HTTPRequest.Method(UnsafeRawBufferPointer(rebasing: bytes[method]))
    try version(last + 1..<line.upperBound)
    try target(space + 1..<last)
  }

  private mutating func version(_ range: Range<Int>) throws(HTTPRefusal) {
    guard range.count == 8, bytes[range].starts(with: "HTTP/".utf8) else { throw Self.bad("this is not HTTP") }
    guard bytes[range].starts(with: "HTTP/1.".utf8), let digit = bytes[range].last, digit == 0x30 || digit == 0x31
    else {
      throw HTTPRefusal(505, "only HTTP/1.1 is spoken here, and HTTP/2 under TLS")
    }
    minor = Int(digit - 0x30)
    request.isKeptAlive = minor == 1
  }

  /// A path, or an address whose path is meant.
  private mutating func target(_ range: Range<Int>) throws(HTTPRefusal) {
    guard !range.isEmpty, bytes[range].allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw Self.bad("the target has characters that must be encoded")
    }
    var begin = range.lowerBound
    if bytes[range].starts(with: "http://".utf8) || bytes[range].starts(with: "https://".utf8) {
      let authority = (bytes[range].firstIndex(of: UInt8(ascii: ":")) ?? begin) + 3
      begin = bytes[authority..<range.upperBound].firstIndex(of: UInt8(ascii: "/")) ?? range.upperBound
    } else if bytes[begin] != UInt8(ascii: "/") {
      begin = range.upperBound
    }
    let rest = begin..<range.upperBound
    request.path = begin..<(bytes[rest].firstIndex(of: UInt8(ascii: "?")) ?? range.upperBound)
  }

  private mutating func header() throws(HTTPRefusal) {
    let line = try nextLine()
    guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")), colon > line.lowerBound,
      bytes[line.lowerBound..<colon].allSatisfy(HTTPToken.isToken)
    else { throw Self.bad("a header has no name, or one with a space in it") }
    var value = colon + 1..<line.upperBound
    while let first = bytes[value].first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
    while let last = bytes[value].last, last == 0x20 || last == 0x09 { value = value.dropLast() }
    guard bytes[value].allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
      throw Self.bad("a header's value has control characters")
    }
    guard request.headers.count < Self.headersMax else {
      throw HTTPRefusal(431, "there are more than \(Self.headersMax) headers")
    }
    request.headers.append(HTTPRequest.Header(name: line.lowerBound..<colon, value: value))
  }

  /// The next line without its CR LF. A line feed alone ends none.
  private mutating func nextLine() throws(HTTPRefusal) -> Range<Int> {
    let start = place
    guard let base = bytes.baseAddress, let found = memchr(base + start, 0x0a, end - start) else {
      throw Self.bad("a line does not end")
    }
    let feed = UnsafeRawPointer(found) - base
    guard feed > start, bytes[feed - 1] == 0x0d else { throw Self.bad("a line ends without a carriage return") }
    place = feed + 1
    return start..<feed - 1
  }

  // MARK: - What they mean

  private mutating func framing() throws(HTTPRefusal) -> Framing {
    var length: Int?
    var (hosts, isChunked) = (0, false)
    for header in request.headers {
      if HTTPRequest.isEqual(bytes, header.name, "host") {
        hosts += 1
      } else if HTTPRequest.isEqual(bytes, header.name, "content-length") {
        guard length == nil, let number = Self.number(bytes[header.value]) else {
          throw Self.bad("Content-Length is no number, or there are two")
        }
        length = number
      } else if HTTPRequest.isEqual(bytes, header.name, "transfer-encoding") {
        guard !isChunked, HTTPRequest.isEqual(bytes, header.value, "chunked") else {
          throw HTTPRefusal(501, "the only transfer encoding that is known is chunked")
        }
        isChunked = true
      } else if HTTPRequest.isEqual(bytes, header.name, "connection") {
        connection(header.value)
      } else if HTTPRequest.isEqual(bytes, header.name, "expect") {
        guard HTTPRequest.isEqual(bytes, header.value, "100-continue") else {
          throw HTTPRefusal(417, "the only expectation that can be met is 100-continue")
        }
        request.expectsContinue = minor == 1
      }
    }
    guard hosts == 1 || (hosts == 0 && minor == 0) else { throw Self.bad("there must be one Host") }
    if isChunked {
      guard length == nil, minor == 1 else { throw Self.bad("the body has two lengths, or none for HTTP/1.0") }
      return .chunked
    }
    return length.map { $0 == 0 ? .none : .length($0) } ?? .none
  }

  /// A list of words, of which two are known.
  private mutating func connection(_ value: Range<Int>) {
    var start = value.lowerBound
    while start < value.upperBound {
      let comma = bytes[start..<value.upperBound].firstIndex(of: UInt8(ascii: ",")) ?? value.upperBound
      var word = start..<comma
      while bytes[word].first == 0x20 { word = word.dropFirst() }
      while bytes[word].last == 0x20 { word = word.dropLast() }
      if HTTPRequest.isEqual(bytes, word, "close") { request.isKeptAlive = false }
      if HTTPRequest.isEqual(bytes, word, "keep-alive"), minor == 0 { request.isKeptAlive = true }
      start = comma + 1
    }
  }

  /// Digits and nothing else, at most eighteen.
  static func number(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard (1...18).contains(text.count) else { return nil }
    var number = 0
    for digit in text {
      guard digit >= 0x30, digit <= 0x39 else { return nil }
      number = number * 10 + Int(digit - 0x30)
    }
    return number
  }
}
