import Foundation
import Glibc
import Synchronization

/// A small HTTP/1.1 server that stands in for somebody's API: it hears requests and answers as a test says. It speaks
/// only as much of HTTP as a client needs.
final class StandInServer: Sendable {
  struct Request: Sendable {
    var method: String
    var target: String
    /// Names in lower case.
    var headers: [String: String]
    var body: String
    /// Which connection it came on, counted from 0.
    var connection: Int
  }

  enum Answer: Sendable {
    case status(Int, String = "", [String: String] = [:])
    /// Closes the connection without a word, after the request was heard.
    case drop
    /// Says nothing for so many milliseconds and closes then.
    case silence(Int)
  }

  private let place: RawServer
  private let desk: Desk

  /// - Parameter answer: gets each request and how many came before it.
  init(_ answer: @escaping @Sendable (Request, Int) -> Answer) throws {
    let desk = Desk(answer)
    self.desk = desk
    place = try RawServer { connection, number in desk.serve(connection, number) }
  }

  func stop() { place.stop() }

  var port: Int { place.port }
  var url: String { place.url }
  var requests: [Request] { desk.heard.withLock { $0 } }
  /// The most requests that were under way at once.
  var mostAtOnce: Int { desk.open.withLock { $0.most } }
}

/// What all connections of a server share.
private final class Desk: Sendable {
  typealias Request = StandInServer.Request
  typealias Answer = StandInServer.Answer

  private let answer: @Sendable (Request, Int) -> Answer
  let heard = Mutex<[Request]>([])
  let open = Mutex<(now: Int, most: Int)>((0, 0))

  init(_ answer: @escaping @Sendable (Request, Int) -> Answer) { self.answer = answer }

  func serve(_ connection: Int32, _ number: Int) {
    var bytes: [UInt8] = []
    while let request = read(connection, &bytes, number) {
      open.withLock { open in
        open.now += 1
        open.most = max(open.most, open.now)
      }
      let before = heard.withLock { heard in
        heard.append(request)
        return heard.count - 1
      }
      let answer = answer(request, before)
      open.withLock { $0.now -= 1 }
      switch answer {
      case .drop: return
      case .silence(let milliseconds):
        usleep(UInt32(milliseconds) * 1_000)
        return
      case .status(let status, let body, let headers):
        let lines = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        let noBody = status == 204 || status == 304 || request.method == "HEAD"
        let length = noBody ? "" : "Content-Length: \(body.utf8.count)\r\n"
        RawServer.send(connection, "HTTP/1.1 \(status) X\r\n\(lines)\(length)\r\n\(noBody ? "" : body)")
      }
    }
  }

  /// nil at the end of the connection.
  private func read(_ connection: Int32, _ bytes: inout [UInt8], _ number: Int) -> Request? {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let head = bytes.firstRange(of: end) {
        let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ").map(String.init)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1)
          headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        if bytes.count >= head.upperBound + length {
          let body = String(decoding: bytes[head.upperBound..<head.upperBound + length], as: UTF8.self)
          bytes.removeFirst(head.upperBound + length)
          return Request(method: words[0], target: words[1], headers: headers, body: body, connection: number)
        }
      }
      var chunk = [UInt8](repeating: 0, count: 64 << 10)
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      bytes += chunk[..<count]
    }
  }
}
