import Records

/// Reads the answer to one request off a connection's bytes (RFC 9112), however they arrive and strictly: what another
/// program could read in another way is refused. A value that decides and does no I/O.
struct ResponseReader {
  /// The most words in between (1xx) before an answer.
  private static let interimMax = 16

  enum Step: Equatable {
    /// More bytes are needed.
    case more
    /// The head of the answer is there.
    case head(Range<Int>)
    case data(Range<Int>)
    case done
  }

  private enum State: Equatable {
    case head
    case body(left: Int)
    case chunks(ChunkReader)
    /// The body ends with the connection.
    case untilEnd
    case done
  }

  private let isHead: Bool
  private var state = State.head
  private var interim = 0
  private(set) var status = 0
  /// How much of the bytes was looked at.
  private var seen = 0
  /// How much of the bytes nobody needs any more.
  private(set) var consumed = 0
  /// Whether the connection may carry another request behind this answer.
  private(set) var isReusable = true

  /// - Parameter isHead: whether the request was a HEAD, whose answer has no body, whatever its length.
  init(isHead: Bool = false) { self.isHead = isHead }

  mutating func step(_ bytes: borrowing ByteBuffer) throws(HTTPRefusal) -> Step {
    switch state {
    case .head: return try head(bytes)
    case .body(let left):
      if left == 0 { return end() }
      return data(bytes, atMost: left) { .body(left: left - $0) }
    case .chunks(let reader): return try chunks(reader, bytes)
    case .untilEnd: return data(bytes, atMost: .max) { _ in .untilEnd }
    case .done: return .done
    }
  }

  /// The bytes before ``consumed`` are gone.
  mutating func forget() {
    seen -= consumed
    consumed = 0
  }

  /// The other side closed the connection.
  ///
  /// - Returns: whether the answer is whole.
  mutating func ended(isOrderly: Bool) -> Bool {
    if state == .untilEnd, isOrderly { state = .done }
    isReusable = false
    return state == .done
  }

  private mutating func end() -> Step {
    state = .done
    return .done
  }

  // MARK: - Head

  private mutating func head(_ bytes: borrowing ByteBuffer) throws(HTTPRefusal) -> Step {
    while true {
      guard let end = HTTPHeadLines.end(in: bytes, from: max(consumed, seen - 3)) else {
        guard bytes.count - consumed <= HTTPHeadLines.bytesMax else { throw HTTPHeadLines.tooLong }
        seen = bytes.count
        return .more
      }
      let head = consumed..<end
      guard head.count <= HTTPHeadLines.bytesMax else { throw HTTPHeadLines.tooLong }
      (seen, consumed) = (end, end)
      try read(bytes.bytes, head)
      if status >= 200 { return .head(head) }
      interim += 1
      guard status != 101, interim <= Self.interimMax else {
        throw HTTPHeadLines.bad("the server changes the protocol, or puts off its answer for ever")
      }
    }
  }

  private mutating func read(_ bytes: UnsafeRawBufferPointer, _ head: Range<Int>) throws(HTTPRefusal) {
    var lines = HTTPHeadLines(bytes, head)
    let minor = try statusLine(&lines)
    var framing = HTTPFraming(minor: minor)
    while let header = try lines.header() { try framing.note(header, lines) }
    try framing.check()
    isReusable = framing.isKeptAlive
    state = body(framing)
  }

  /// Gives the 0 or 1 of `HTTP/1.`
  private mutating func statusLine(_ lines: inout HTTPHeadLines) throws(HTTPRefusal) -> Int {
    let line = try lines.next()
    guard line.count >= 12, let minor = try lines.minorVersion(line.lowerBound..<line.lowerBound + 8) else {
      throw HTTPHeadLines.bad("this is not HTTP/1.1")
    }
    let digits = line.lowerBound + 9..<line.lowerBound + 12
    let isApart = lines.bytes[digits.lowerBound - 1] == 0x20
    let endsThere = digits.upperBound == line.upperBound || lines.bytes[digits.upperBound] == 0x20
    guard isApart, endsThere, let status = lines.number(digits), (100...599).contains(status) else {
      throw HTTPHeadLines.bad("the status is no number of three digits")
    }
    self.status = status
    return minor
  }

  private mutating func body(_ framing: HTTPFraming) -> State {
    if status < 200 { return .head }
    if isHead || status == 304 { return .body(left: 0) }
    if status == 204 {
      // What a server sends behind it all the same would be taken for the next answer.
      if framing.isChunked || (framing.length ?? 0) > 0 { isReusable = false }
      return .body(left: 0)
    }
    if framing.isChunked { return .chunks(ChunkReader()) }
    if let length = framing.length { return .body(left: length) }
    isReusable = false
    return .untilEnd
  }

  // MARK: - Body

  private mutating func data(_ bytes: borrowing ByteBuffer, atMost left: Int, _ next: (Int) -> State) -> Step {
    let count = min(left, bytes.count - seen)
    if count == 0 { return .more }
    let range = seen..<seen + count
    (seen, consumed) = (range.upperBound, range.upperBound)
    state = next(count)
    return .data(range)
  }

  private mutating func chunks(_ before: ChunkReader, _ bytes: borrowing ByteBuffer) throws(HTTPRefusal) -> Step {
    var reader = before
    while true {
      let step = try reader.step(bytes, &seen)
      consumed = seen
      state = .chunks(reader)
      switch step {
      case .more: return .more
      case .size: continue
      case .data(let range): return .data(range)
      case .end: return end()
      }
    }
  }
}
