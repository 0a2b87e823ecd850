import Records

/// Reads the head of a request.
struct HTTPHeadParser {
  private var lines: HTTPHeadLines
  private var request: HTTPRequest
  private var minor = 1

  private var bytes: UnsafeRawBufferPointer { lines.bytes }

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
    let framing = try parser.headers()
    return (parser.request, framing)
  }

  private init(_ bytes: UnsafeRawBufferPointer, _ head: Range<Int>, _ request: HTTPRequest) {
    lines = HTTPHeadLines(bytes, head)
    self.request = request
    self.request.headers.removeAll(keepingCapacity: true)
    self.request.expectsContinue = false
  }

  // MARK: - The first line

  private mutating func requestLine() throws(HTTPRefusal) {
    let line = try lines.next()
    guard let space = bytes[line].firstIndex(of: 0x20), let last = bytes[line].lastIndex(of: 0x20), space < last else {
      throw HTTPHeadLines.bad("the request line is not METHOD TARGET VERSION")
    }
    let method = line.lowerBound..<space
    guard !method.isEmpty, bytes[method].allSatisfy(HTTPToken.isToken) else {
      throw HTTPHeadLines.bad("the method is no token")
    }
    request.method = HTTPRequest.Method(UnsafeRawBufferPointer(rebasing: bytes[method]))
    guard let version = try lines.minorVersion(last + 1..<line.upperBound) else {
      throw HTTPRefusal(505, "only HTTP/1.1 is spoken here, and HTTP/2 under TLS")
    }
    minor = version
    try target(space + 1..<last)
  }

  /// A path, or an address whose path is meant.
  private mutating func target(_ range: Range<Int>) throws(HTTPRefusal) {
    guard !range.isEmpty, bytes[range].allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw HTTPHeadLines.bad("the target has characters that must be encoded")
    }
    var begin = range.lowerBound
    if lines.begins(range, "http://") || lines.begins(range, "https://") {
      let authority = (bytes[range].firstIndex(of: UInt8(ascii: ":")) ?? begin) + 3
      begin = bytes[authority..<range.upperBound].firstIndex(of: UInt8(ascii: "/")) ?? range.upperBound
    } else if bytes[begin] != UInt8(ascii: "/") {
      begin = range.upperBound
    }
    let rest = begin..<range.upperBound
    request.path = begin..<(bytes[rest].firstIndex(of: UInt8(ascii: "?")) ?? range.upperBound)
  }

  // MARK: - Headers

  private mutating func headers() throws(HTTPRefusal) -> Framing {
    var framing = HTTPFraming(minor: minor)
    var hosts = 0
    while let header = try lines.header() {
      request.headers.append(header)
      try framing.note(header, lines)
      if lines.isEqual(header.name, "host") {
        hosts += 1
      } else if lines.isEqual(header.name, "expect") {
        guard lines.isEqual(header.value, "100-continue") else {
          throw HTTPRefusal(417, "the only expectation that can be met is 100-continue")
        }
        request.expectsContinue = minor == 1
      }
    }
    guard hosts == 1 || (hosts == 0 && minor == 0) else { throw HTTPHeadLines.bad("there must be one Host") }
    try framing.check()
    request.isKeptAlive = framing.isKeptAlive
    if framing.isChunked { return .chunked }
    return framing.length.map { $0 == 0 ? .none : .length($0) } ?? .none
  }
}
