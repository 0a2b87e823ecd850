import Records

/// Reads requests off one connection's bytes, however they arrive. A value that decides and does no I/O.
struct HTTPReader {
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
    case chunks(ChunkReader)
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
    case .chunks(let reader): return try chunks(reader, &bytes)
    case .done: return .request
    }
  }

  /// The caller may send so much.
  mutating func begin(bodyMax: Int) throws(HTTPRefusal) {
    guard case .decision(let framing) = state else { return }
    self.bodyMax = bodyMax
    switch framing {
    case .none: state = .done
    case .chunked: state = .chunks(ChunkReader())
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
    guard let end = HTTPHeadLines.end(in: bytes, from: max(start, seen - 3)) else {
      guard bytes.count <= HTTPHeadLines.bytesMax else { throw HTTPHeadLines.tooLong }
      seen = bytes.count
      return .more
    }
    guard end <= HTTPHeadLines.bytesMax else { throw HTTPHeadLines.tooLong }
    var old = HTTPRequest()
    swap(&old, &request)
    let (parsed, framing) = try HTTPHeadParser.parse(bytes.bytes, start..<end, reusing: old)
    request = parsed
    request.body = end..<end
    seen = end
    state = .decision(framing)
    return .head
  }

  // MARK: - Chunks

  /// Moves what is there of a chunk behind the body, and what follows it with it.
  private mutating func chunks(_ before: ChunkReader, _ bytes: inout ByteBuffer) throws(HTTPRefusal) -> Step? {
    var reader = before
    let step = try reader.step(bytes, &seen)
    state = .chunks(reader)
    switch step {
    case .more: return .more
    case .size(let size): if request.body.count + size > bodyMax { throw Self.tooLong(bodyMax) }
    case .data(let data):
      let end = request.body.upperBound
      bytes.move(data.lowerBound..<bytes.count, to: end)
      bytes.truncate(to: bytes.count - (data.lowerBound - end))
      request.body = request.body.lowerBound..<end + data.count
      seen = request.body.upperBound
    case .end:
      state = .done
      return .request
    }
    return nil
  }
}
