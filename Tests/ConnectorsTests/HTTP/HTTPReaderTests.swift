import Records
import Testing

@testable import Connectors

/// What a connection says to its reader, and hears.
private struct Conversation: ~Copyable {
  var reader = HTTPReader()
  var input = ByteBuffer()
  /// `METHOD path body`, or the status of a refusal.
  var heard: [String] = []
  var bodyMax = 1_000

  /// Hands over bytes in pieces of so many.
  mutating func say(_ bytes: [UInt8], piece: Int) {
    var rest = bytes[...]
    while !rest.isEmpty {
      rest.prefix(piece).withUnsafeBytes { input.append($0) }
      rest = rest.dropFirst(piece)
      if !listen() { return }
    }
  }

  private mutating func listen() -> Bool {
    while true {
      switch reader.step(&input) {
      case .more: return true
      case .head:
        do throws(HTTPRefusal) {
          try reader.begin(bodyMax: bodyMax)
        } catch {
          heard.append("\(error.status)")
          return false
        }
      case .request:
        let text = { (range: Range<Int>, input: borrowing ByteBuffer) in
          String(decoding: input.bytes[range], as: UTF8.self)
        }
        let request = reader.request
        let end = request.isKeptAlive ? "" : " close"
        heard.append("\(request.method) \(text(request.path, input)) \(text(request.body, input))\(end)")
        reader.finish(&input)
      case .refused(let refusal):
        heard.append("\(refusal.status)")
        return false
      }
    }
  }
}

struct HTTPReaderTests {
  private static let good: [(String, [String])] = [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["get / "]),
    ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ["get / "]),
    ("POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", ["post /a hello"]),
    (
      "POST /a HTTP/1.1\r\nHOST:a\r\ncontent-length:\t5 \r\n\r\nhelloGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
      ["post /a hello", "get /b "]
    ),
    ("POST http://h:80/a/b?x HTTP/1.1\r\nHost: a\r\n\r\n", ["post /a/b "]),
    ("POST / HTTP/1.0\r\n\r\n", ["post /  close"]),
    ("POST / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ["post / "]),
    ("POST / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", ["post /  close"]),
    (
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n06;x=y\r\n world\r\n0\r\nA: b\r\n\r\n",
      ["post /a hello world"]
    ),
    (
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      ["post /a ", "post /b x"]
    ),
  ]

  @Test func requestsAreReadHoweverTheyArrive() {
    for (text, wanted) in Self.good {
      let bytes = Array(text.utf8)
      for piece in 1...bytes.count {
        var conversation = Conversation()
        conversation.say(bytes, piece: piece)
        #expect(conversation.heard == wanted, "in pieces of \(piece): \(text)")
        let isEmpty = conversation.reader.isBetween(conversation.input)
        #expect(isEmpty)
      }
    }
  }

  /// What another server could read in another way, or what is no HTTP.
  private static let bad: [(String, String)] = [
    ("GET /\r\nHost: a\r\n\r\n", "400"), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
    ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", "505"), ("GET / FTP/1.1x\r\nHost: a\r\n\r\n", "400"),
    ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "400"), ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("GET / HTTP/1.1\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
    ("GET / HTTP/1.1\nHost: a\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
    ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost: a\r\nx\r\n\r\n", "400"),
    ("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", "413"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", "501"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", "413"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n", "400"),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", "417"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 33_000) + "\r\n\r\n", "431"),
    ("GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n", "431"),
  ]

  @Test func whatCouldBeReadInTwoWaysIsRefused() {
    for (text, status) in Self.bad {
      for piece in [1, 7, 100_000] {
        var conversation = Conversation()
        conversation.say(Array(text.utf8), piece: piece)
        #expect(conversation.heard == [status], "\(text.prefix(200))")
      }
    }
  }

  /// Bytes of all kinds: the reader answers, and holds no more than its bounds.
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func anyBytesAreAnswered(seed: UInt64) {
    var chance = SeededRandom(seed: seed)
    for _ in 0..<400 {
      var bytes = Array((Self.good.randomElement(using: &chance)?.0 ?? "").utf8)
      for _ in 0..<Int.random(in: 0...4, using: &chance) {
        let place = Int.random(in: 0..<bytes.count, using: &chance)
        switch Int.random(in: 0...2, using: &chance) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &chance)
        case 1: bytes.remove(at: place)
        default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &chance)], at: place)
        }
      }
      var whole = Conversation()
      whole.say(bytes, piece: 100_000)
      var pieces = Conversation()
      pieces.say(bytes, piece: Int.random(in: 1...9, using: &chance))
      #expect(whole.heard == pieces.heard, "\(bytes)")
    }
  }

  @Test func answersAreHTTP() {
    var out = ByteBuffer()
    HTTPResponse.accepted.append(to: &out, closes: false)
    #expect(out.text == "HTTP/1.1 204 No Content\r\n\r\n")
    out.removeAll()
    HTTPResponse(503, "full", retryAfter: 5).append(to: &out, closes: true)
    let wanted =
      "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 5\r\n"
      + "content-length: 61\r\nconnection: close\r\n\r\n"
      + "{\"status\":503,\"title\":\"Service Unavailable\",\"detail\":\"full\"}\n"
    #expect(out.text == wanted)
  }
}
