import Records
import Testing

@testable import Connectors

/// What a server says, and how its answer is read.
private struct Answer {
  var isHead = false
  /// Whether the connection ends behind it: in order, or not.
  var ends: Bool?
  var text: String

  init(_ text: String, isHead: Bool = false, ends: Bool? = nil) {
    (self.text, self.isHead, self.ends) = (text, isHead, ends)
  }

  /// `status body`, with what is left behind it and whether the connection goes on; or why not.
  func read(piece: Int) -> String {
    var reader = ResponseReader(isHead: isHead)
    var input = ByteBuffer()
    var body: [UInt8] = []
    var rest = Array(text.utf8)[...]
    func whole(_ reader: ResponseReader, _ left: Int) -> String {
      let bytes = left + rest.count
      let end = reader.isReusable ? (bytes > 0 ? " +\(bytes)" : "") : " close"
      return "\(reader.status) \(String(decoding: body, as: UTF8.self))\(end)"
    }
    do throws(HTTPRefusal) {
      while true {
        switch try reader.step(input) {
        case .head: continue
        case .data(let range): body += input.bytes[range]
        case .done: return whole(reader, input.count - reader.consumed)
        case .more:
          input.removeFirst(reader.consumed)
          reader.forget()
          guard !rest.isEmpty else {
            guard let ends else { return "more" }
            return reader.ended(isOrderly: ends) ? whole(reader, 0) : "cut"
          }
          rest.prefix(piece).withUnsafeBytes { input.append($0) }
          rest = rest.dropFirst(piece)
        }
      }
    } catch {
      return "refused: \(error.message)"
    }
  }
}

struct ResponseReaderTests {
  private static let ok = "HTTP/1.1 200 OK\r\n"

  /// What is read of each, however it arrives; of what is refused, how the reason begins.
  private static let cases: [(Answer, String)] = [
    (Answer(ok + "Content-Length: 5\r\n\r\nhello"), "200 hello"),
    (Answer(ok + "content-length:0\r\n\r\n"), "200 "),
    (Answer("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), "200 "),
    (Answer("HTTP/1.1 204 No Content\r\n\r\n"), "204 "),
    (Answer("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), "204 "),
    (Answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), "304 "),
    (Answer(ok + "Content-Length: 5\r\n\r\n", isHead: true), "200 "),
    (Answer(ok + "Transfer-Encoding: chunked\r\n\r\n", isHead: true), "200 "),
    (Answer(ok + "Content-Length: 5\r\nConnection: close\r\n\r\nhello"), "200 hello close"),
    (Answer("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"), "200 hello close"),
    (Answer("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello"), "200 hello"),
    (
      Answer(ok + "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n006;a=b\r\n world\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n"),
      "200 hello world"
    ),
    (Answer("HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 1\r\n\r\nx"), "200 x"),
    (
      Answer(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 201 \r\nContent-Length: 0\r\n\r\n"),
      "201 "
    ),
    (Answer(ok + "\r\nall of it", ends: true), "200 all of it close"),
    (Answer(ok + "\r\n", ends: true), "200  close"),
    (Answer(ok + "Content-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n"), "200 x +17"),
    // What a server sends behind an answer that has no body would be taken for the next one.
    (Answer("HTTP/1.1 204 X\r\nContent-Length: 3\r\n\r\n"), "204  close"),
    (Answer("HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n"), "204  close"),
    // What is no whole answer.
    (Answer(ok + "Content-Length: 5\r\n\r\nhell", ends: true), "cut"),
    (Answer(ok + "Content-Length: 5\r\n\r\nhell"), "more"),
    (Answer(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", ends: true), "cut"),
    (Answer(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", ends: true), "cut"),
    (Answer(ok + "\r\nall of", ends: false), "cut"),
    (Answer(ok, ends: true), "cut"),
    (Answer("", ends: true), "cut"),
    // What another program could read in another way.
    (Answer(ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), "refused: the body has two lengths"),
    (Answer(ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), "refused: Content-Length is no number"),
    (Answer(ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), "refused: Content-Length is no number"),
    (Answer(ok + "Content-Length: -5\r\n\r\n"), "refused: Content-Length is no number"),
    (Answer(ok + "Content-Length: 5, 5\r\n\r\n"), "refused: Content-Length is no number"),
    (Answer(ok + "Transfer-Encoding: gzip, chunked\r\n\r\n"), "refused: the only transfer encoding"),
    (
      Answer("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
      "refused: the body has two lengths, or none for HTTP/1.0"
    ),
    (Answer(ok + "X: a\r\n b\r\n\r\n"), "refused: a header has no name"),
    (Answer(ok + "X : a\r\n\r\n"), "refused: a header has no name"),
    (Answer(ok + "X: a\nY: b\r\n\r\n"), "refused: a line ends without a carriage return"),
    (Answer(ok + "X: a\u{1}\r\n\r\n"), "refused: a header's value has control characters"),
    (Answer(ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"), "refused: the size of a chunk"),
    (Answer(ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n"), "refused: a chunk is longer"),
    (Answer("HTTP/2 200 OK\r\n\r\n"), "refused: this is not HTTP"),
    (Answer("HTTP/1.2 200 OK\r\n\r\n"), "refused: this is not HTTP/1.1"),
    (Answer("SSH-2.0-OpenSSH\r\n\r\n"), "refused: this is not HTTP"),
    (Answer("HTTP/1.1 2000 OK\r\n\r\n"), "refused: the status is no number"),
    (Answer("HTTP/1.1 2x0 OK\r\n\r\n"), "refused: the status is no number"),
    (Answer("HTTP/1.1 099 OK\r\n\r\n"), "refused: the status is no number"),
    (Answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "refused: the server changes the protocol"),
    (Answer(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 17)), "refused: the server changes the protocol"),
    (Answer(ok + String(repeating: "a: b\r\n", count: 101) + "\r\n"), "refused: there are more than 100 headers"),
    (Answer(ok + "a: " + String(repeating: "b", count: 33_000)), "refused: the head is longer than"),
    (Answer(ok + "a: " + String(repeating: "b", count: 33_000) + "\r\n\r\n"), "refused: the head is longer than"),
  ]

  @Test func answersAreReadHoweverTheyArrive() {
    for (answer, wanted) in Self.cases {
      let count = answer.text.utf8.count
      // Long ones in a few ways only.
      for piece in count < 1_000 ? Array(1...max(count, 1)) : [1, 7, count] {
        let read = answer.read(piece: piece)
        let isRight = wanted.hasPrefix("refused") ? read.hasPrefix(wanted) : read == wanted
        #expect(isRight, "\(read) in pieces of \(piece): \(answer.text.prefix(100))")
      }
    }
  }
}
