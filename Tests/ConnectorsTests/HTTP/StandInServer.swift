import Foundation
import Glibc
import Synchronization

/// A small HTTP/1.1 server that stands in for somebody's API: it hears requests and answers as a test says. It speaks
/// only as much of HTTP as libcurl needs.
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

  let port: Int
  private let listener: Int32
  private let answer: @Sendable (Request, Int) -> Answer
  private let heard = Mutex<[Request]>([])
  private let open = Mutex<(now: Int, most: Int)>((0, 0))

  /// - Parameter answer: gets each request and how many came before it.
  init(_ answer: @escaping @Sendable (Request, Int) -> Answer) throws {
    self.answer = answer
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let ok = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(listener, place, length) == 0 && listen(listener, 512) == 0 && getsockname(listener, place, &length) == 0
      }
    }
    guard ok else { throw POSIXError(.EADDRINUSE) }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [weak self] in
      var number = 0
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let server = self else { return }
        let own = number
        number += 1
        Thread.detachNewThread { server.serve(connection, own) }
      }
    }
  }

  deinit { stop() }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  var url: String { "http://127.0.0.1:\(port)" }
  var requests: [Request] { heard.withLock { $0 } }
  /// The most requests that were under way at once.
  var mostAtOnce: Int { open.withLock { $0.most } }

  private func serve(_ connection: Int32, _ number: Int) {
    defer { close(connection) }
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
        send(connection, "HTTP/1.1 \(status) X\r\n\(lines)\(length)\r\n\(noBody ? "" : body)")
      }
    }
  }

  private func send(_ connection: Int32, _ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
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
