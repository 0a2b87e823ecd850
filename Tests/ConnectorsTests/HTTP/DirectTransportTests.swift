import ConnectorKit
import Foundation
import Records
import Synchronization
import Testing

@testable import Connectors

/// Requests over sockets of our own, against servers that answer as they like.
@Suite(.serialized) struct DirectTransportTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func client(_ change: (inout ClientSettings) throws -> Void = { _ in }) throws -> HTTPClient {
    var settings = ClientSettings()
    settings.timeout = .seconds(5)
    try change(&settings)
    return try HTTPClient(settings, requestsMax: 4, answerMax: 1_000, by: .direct)
  }

  /// `status body`, or what kind of failure it was and how it begins.
  private func send(
    _ client: HTTPClient, _ url: String, method: String = "POST", body: String? = "{}", headers: [String: String] = [:]
  ) throws -> String {
    let transfer = client.transfer()
    transfer.method = method
    transfer.url.append(url)
    transfer.hasBody = body != nil
    transfer.body.append(body ?? "")
    for (name, value) in headers { transfer.addHeader(name, value) }
    let answer = try client.send(transfer)
    return answer.failure.map { "\($0.kind): \($0.text)" } ?? "\(answer.status) \(answer.answer.text)"
  }

  @Test func aRequestIsWrittenAsHTTPHasIt() throws {
    let heads = Mutex<[String]>([])
    let server = try RawServer { connection, _ in
      while let head = RawServer.readHead(connection) {
        heads.withLock { $0.append(head) }
        RawServer.send(connection, Self.ok)
      }
    }
    let client = try client()
    let host = "127.0.0.1:\(server.port)"
    #expect(try send(client, "\(server.url)/a/ä?b=c#d", headers: ["X-A": "1\r\nX-B: 2", "X-E": ""]) == "200 ok")
    #expect(try send(client, server.url + "?x", method: "GET", body: nil) == "200 ok")
    #expect(
      try send(client, server.url, method: "PUT", body: nil, headers: ["HOST": "shop", "content-length": "9"])
        == "200 ok")
    for path in ["/a b", "/a\r\nX-B: 2", "/a\u{7f}"] {
      #expect(try send(client, server.url + path) == "badAddress: the address has characters that must be encoded")
    }
    #expect(try send(client, "ftp://a/").hasPrefix("badAddress"))
    let sent = heads.withLock { $0 }
    let first = sent[0].components(separatedBy: "\r\n")
    #expect(
      first[0] == "POST /a/%C3%A4?b=c HTTP/1.1" && first[1] == "Host: \(host)" && first[2] == "User-Agent: millrace")
    #expect(Set(first[3...4]) == ["X-A: 1X-B: 2", "X-E: "] && Array(first[5...]) == ["Content-Length: 2", "", "{}"])
    #expect(sent[1] == "GET /?x HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: millrace\r\n\r\n")
    #expect(sent[2] == "PUT / HTTP/1.1\r\nUser-Agent: millrace\r\nHOST: shop\r\nContent-Length: 0\r\n\r\n")
  }

  @Test func connectionsAreUsedAgainUntilAServerClosesThem() throws {
    let connections = Mutex<[Int]>([])
    let server = try RawServer { connection, number in
      while let head = RawServer.readHead(connection) {
        connections.withLock { $0.append(number) }
        let ends = head.contains("/last ")
        RawServer.send(connection, ends ? "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbye" : Self.ok)
        if ends { return }
      }
    }
    let client = try client()
    let said = try ["/a", "/b", "/last", "/c"].map { try send(client, server.url + $0) }
    #expect(said == ["200 ok", "200 ok", "200 bye", "200 ok"])
    #expect(connections.withLock { $0 } == [0, 0, 0, 1])
  }

  @Test func anAnswerThatComesWithTheEndIsWhole() throws {
    let server = try RawServer { connection, _ in
      _ = RawServer.readHead(connection)
      RawServer.send(connection, "HTTP/1.1 200 OK\r\n\r\nall of it", flags: Int32(MSG_MORE))
    }
    let client = try client()
    for _ in 0..<20 { #expect(try send(client, server.url) == "200 all of it") }
  }

  /// The answer to a HEAD names the length of a body that does not come.
  @Test func behindAHeadTheConnectionGoesOn() throws {
    let connections = Mutex<[Int]>([])
    let server = try RawServer { connection, number in
      while let head = RawServer.readHead(connection) {
        connections.withLock { $0.append(number) }
        RawServer.send(connection, head.hasPrefix("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : Self.ok)
      }
    }
    let client = try client()
    #expect(try send(client, server.url, method: "HEAD", body: nil) == "200 ")
    #expect(try send(client, server.url) == "200 ok")
    #expect(connections.withLock { $0 } == [0, 0])
  }

  /// The server closes a connection that was used before as the next request comes: it is sent once more.
  @Test func aRequestOnAConnectionThatIsGoneIsSentAgain() throws {
    let heard = Mutex<[Int]>([])
    let server = try RawServer { connection, number in
      guard RawServer.readHead(connection) != nil else { return }
      RawServer.send(connection, Self.ok)
      if RawServer.readHead(connection) != nil { heard.withLock { $0.append(number) } }
    }
    let client = try client()
    #expect(try send(client, server.url) == "200 ok")
    #expect(try send(client, server.url) == "200 ok")
    #expect(heard.withLock { $0 } == [0])
  }

  @Test(arguments: [
    ("", "unreachable: the server closed the connection before it answered"),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
      "unreachable: the server closed the connection in the middle of its answer"
    ),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "unreachable: the answer is no HTTP/1.1 (Content-Length is no number, or there are two)"
    ),
  ])
  func anAnswerThatIsNoneIsAFailure(_ answer: String, _ wanted: String) throws {
    let connections = Mutex(0)
    let server = try RawServer { connection, _ in
      connections.withLock { $0 += 1 }
      guard RawServer.readHead(connection) != nil else { return }
      RawServer.send(connection, answer)
    }
    #expect(try send(client(), server.url) == wanted)
    // On a new connection nobody knows whether the server took it; who sends it again decides that.
    #expect(connections.withLock { $0 } == 1)
  }

  /// Answered before the body was sent: the answer counts, and the connection carries nothing more.
  @Test func anEarlyAnswerCounts() throws {
    let connections = Mutex(0)
    let isHeard = Mutex(false)
    let server = try RawServer { connection, _ in
      connections.withLock { $0 += 1 }
      guard RawServer.readHead(connection) != nil else { return }
      RawServer.send(connection, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
      // As long as nothing is read the body cannot be sent to its end, however late the client looks for the answer.
      for _ in 0..<10_000 where !isHeard.withLock({ $0 }) { usleep(1_000) }
      // Reads over whatever still comes on this connection.
      var room = [UInt8](repeating: 0, count: 1 << 16)
      while recv(connection, &room, room.count, 0) > 0 {}
    }
    let client = try client()
    let body = String(repeating: "x", count: 16 << 20)
    #expect(try send(client, server.url, body: body) == "413 big")
    isHeard.withLock { $0 = true }
    #expect(try send(client, server.url, body: "") == "413 big")
    #expect(connections.withLock { $0 } == 2)
  }

  @Test func aServerThatSaysSomethingUnaskedIsNotAskedOnThatConnection() throws {
    let connections = Mutex<[Int]>([])
    let server = try RawServer { connection, number in
      while RawServer.readHead(connection) != nil {
        connections.withLock { $0.append(number) }
        RawServer.send(connection, Self.ok + (number == 0 ? "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n" : ""))
      }
    }
    let client = try client()
    #expect(try send(client, server.url) == "200 ok")
    #expect(try send(client, server.url) == "200 ok")
    #expect(connections.withLock { $0 } == [0, 1])
  }

  @Test func silenceAndAbsenceAreTold() throws {
    let server = try RawServer { connection, _ in
      _ = RawServer.readHead(connection); usleep(500_000)
    }
    #expect(try send(client { $0.timeout = .milliseconds(100) }, server.url) == "timedOut: no answer within 100 ms")
    server.stop()
    #expect(try send(client(), server.url).hasPrefix("unreachable: cannot connect: "))
    #expect(try send(client(), "http://a..b/").hasPrefix("unreachable: the host is not known"))
  }

  @Test func manyAnswersInOneLook() throws {
    let server = try RawServer { connection, _ in
      while let head = RawServer.readHead(connection) {
        usleep(head.contains("/slow") ? 30_000 : 1_000)
        RawServer.send(connection, Self.ok)
      }
    }
    let client = try client()
    var heard = Set<Int>()
    for number in 0..<40 {
      while client.underWay == 4 { try client.wait { heard.insert($0.tag) } }
      let transfer = client.transfer()
      transfer.url.append("\(server.url)/\(number % 7 == 0 ? "slow" : "fast")")
      transfer.tag = number
      client.start(transfer)
    }
    while client.underWay > 0 { try client.wait { heard.insert($0.tag) } }
    #expect(heard == Set(0..<40))
  }

  @Test func waitsThatServersAskFor() throws {
    let lines = [
      ("Retry-After: 7", Duration.seconds(7)), ("Retry-After: 0", nil), ("Retry-After: soon", nil), ("X: 1", nil),
      ("Date: Sun, 06 Nov 1994 08:49:30 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT", .seconds(7)),
      ("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", nil),
    ]
    for (line, wanted) in lines {
      let transfer = Transfer(answerMax: 0)
      let head = Array("HTTP/1.1 503 X\r\n\(line)\r\n\r\n".utf8)
      head.withUnsafeBytes { transfer.receive(head: $0) }
      #expect(transfer.retryAfter == wanted, "\(line)")
    }
  }

  @Test func whoCarriesRequests() {
    func carrier(
      _ urls: [String], proxied: Bool = false, _ change: (inout ClientSettings) -> Void = { _ in }
    ) -> HTTPCarrier {
      var settings = ClientSettings()
      change(&settings)
      return .choose(urls, settings, isProxied: proxied)
    }
    #expect(carrier(["http://a/{x}", "http://b:8080", "http://[::1]:9/"]) == .direct)
    #expect(carrier(["https://a/"]) == .curl)
    #expect(carrier(["https://a/"]) { $0.version = .http1 } == .direct)
    #expect(carrier(["http://a/"]) { $0.version = .http2 } == .curl)
    #expect(carrier(["http://a/"]) { $0.proxy = Secret("http://p:1") } == .curl)
    #expect(carrier(["http://a/"]) { $0.redirectionsMax = 1 } == .curl)
    #expect(carrier(["http://a/"], proxied: true) == .curl)
    for url in ["http://a/", "https://b/"] { #expect(carrier(["http://a/", url, "https://b/"]) == .curl) }
    for url in ["http://me:pw@a/", "http://b\u{fc}cher/", "http://a:0/", "http://a:x/", "http://:80/", "ftp://a/"] {
      #expect(carrier([url]) == .curl, "\(url)")
    }
  }

  // MARK: - TLS

  /// An authority, certificates that it gave to `localhost` and to `shop.example`, and another authority.
  private static let certificates: String? = {
    let folder = "/tmp/millrace-http-certificates-\(getpid())"
    let made = """
      set -e; mkdir -p \(folder); cd \(folder)
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.crt
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other.key -out other.crt
      for name in localhost shop.example; do
        openssl req -newkey rsa:2048 -nodes -subj /CN=$name -keyout $name.key -out $name.csr
        printf "subjectAltName=DNS:$name" > names
        openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out $name.crt
      done
      """
    return system("(\(made)) >/dev/null 2>&1") == 0 ? folder : nil
  }()

  private final class Echo: HTTPService {
    let number = ServiceNumber.next()
    let bodyBytesMax = 1 << 24
    func refusal(of head: HTTPRequest, _ bytes: borrowing ByteBuffer) -> HTTPResponse? { nil }
    func serve(_ request: HTTPRequest, _ bytes: borrowing ByteBuffer, _ tools: ServiceTools) -> Served {
      .answer(HTTPResponse(status: 200, body: "\(request.body.count)"))
    }
  }

  /// A server on a port of its own, with the certificate of a name.
  private func tlsServer(_ name: String) throws -> (HTTPServer, port: Int) {
    let folder = try #require(Self.certificates)
    let shown: Value = ["certificate": .string("\(folder)/\(name).crt"), "key": .string("\(folder)/\(name).key")]
    let webhook = try WebhookSourceConnector.make([
      "listen": "127.0.0.1:1", "path": "/", "log": "log", "tls": shown, "verify": ["bearer": "a-long-enough-token"],
    ])
    let state = ServerState(try TLSContext(try #require(webhook.tls), folder: "/"), isComplete: true)
    _ = state.add(Echo(), path: "/")
    let port = try RawServer { _, _ in }.port
    return (try HTTPServer(try #require(ListenAddress("127.0.0.1:\(port)")), state, loops: 1), port)
  }

  @Test(.enabled(if: certificates != nil, "no openssl")) func underTLSTheServerIsChecked() throws {
    let folder = try #require(Self.certificates)
    func trust(_ settings: Value) throws -> ClientTLS {
      try HTTPTargetConnector.make(["url": "https://localhost", "tls": settings]).tls
    }
    let (server, port) = try tlsServer("localhost")
    defer { server.stop() }
    let (other, otherPort) = try tlsServer("shop.example")
    defer { other.stop() }
    let trusting = try client { $0.tls = try trust(["ca": .string("\(folder)/ca.crt")]) }
    #expect(try send(trusting, "https://localhost:\(port)/", body: "abc") == "200 3")
    #expect(
      try send(trusting, "https://localhost:\(port)/", body: String(repeating: "x", count: 5 << 20)) == "200 5242880")
    for place in ["127.0.0.1:\(port)", "localhost:\(otherPort)"] {
      #expect(try send(trusting, "https://\(place)/").hasPrefix("untrusted: the server's certificate"), "\(place)")
    }
    #expect(
      try send(client { $0.tls = try trust(["ca": .string("\(folder)/other.crt")]) }, "https://localhost:\(port)/")
        .hasPrefix("untrusted: "))
    #expect(try send(client(), "https://localhost:\(port)/").hasPrefix("untrusted: "))
    #expect(
      try send(client { $0.tls = try trust(["ca": .string("\(folder)/none.crt")]) }, "https://localhost:\(port)/")
        .hasPrefix(
          "untrusted: the authorities"))
    #expect(try send(client { $0.tls = try trust(["verify": false]) }, "https://127.0.0.1:\(port)/") == "200 2")
    #expect(try send(trusting, "http://localhost:\(port)/").hasPrefix("unreachable: "))
  }
}
