import ConnectorKit
import Records
import Synchronization
import Testing

@testable import Connectors

/// What is asked of an API, and what becomes of its answers.
@Suite(.serialized) struct HTTPSourceTests {
  private func source(
    _ server: StandInServer, _ settings: Value, _ folder: TemporaryFolder, path: String = "/items", once: Bool = true,
    wallTime: @escaping @Sendable () -> Int64 = { 0 }
  ) throws -> any Source {
    guard case .object(var members) = settings else { throw Unfit() }
    members.append(.init("url", .string(server.url + path)))
    var context = folder.context()
    context.endsOnceRead = once
    context.wallTime = wallTime
    return try HTTPSourceConnector.make(.object(members)).makeSource(context)
  }

  private struct Unfit: Error {}

  private static func parameter(_ name: String, _ request: StandInServer.Request) -> String? {
    URLParts("http://x" + request.target)?.query.split(separator: "&").map { $0.split(separator: "=") }
      .first { $0[0] == name }.map { PercentCode.decoded(String($0[1])) }
  }

  private static func json(_ numbers: some Sequence<Int>) -> String {
    "[" + numbers.map { #"{"id":\#($0),"price":1.50}"# }.joined(separator: ",") + "]"
  }

  /// Seven records in pages of at most three, in each of the ways.
  private static let ways: [(name: String, settings: Value, targets: [String])] = [
    (
      "offset", ["pages": ["offset": ["limit": 3]]],
      ["/items?limit=3&offset=0", "/items?limit=3&offset=3", "/items?limit=3&offset=6", "/items?limit=3&offset=7"]
    ),
    (
      "page", ["pages": ["page": ["size_parameter": "per_page", "size": 3]]],
      (1...4).map { "/items?page=\($0)&per_page=3" }
    ),
    (
      "cursor", ["pages": ["cursor": ["parameter": "after", "at": "/next"]]],
      ["/items", "/items?after=3", "/items?after=6"]
    ),
    ("next", ["pages": ["next": "/links/next"]], ["/items", "/items?start=3", "/items?start=6"]),
    ("link", ["pages": ["link": true]], ["/items", "/items?start=3", "/items?start=6"]),
  ]

  private static func answer(_ way: String, _ request: StandInServer.Request) -> StandInServer.Answer {
    let page = parameter("page", request).flatMap { Int($0) }.map { ($0 - 1) * 3 }
    let start =
      page ?? ["offset", "after", "start"].lazy.compactMap { parameter($0, request).flatMap { Int($0) } }.first ?? 0
    // A page behind the last one is answered in the one way or the other.
    if way == "page", start >= 9 { return .status(404) }
    let numbers = Array(1...7).dropFirst(start).prefix(3)
    let end = start + 3
    let data = #""data": \#(json(numbers))"#
    switch way {
    case "cursor": return .status(200, "{\(data), \"next\": \(end < 7 ? "\(end)" : "null")}")
    case "next": return .status(200, "{\(data), \"links\": {\(end < 7 ? "\"next\": \"/items?start=\(end)\"" : "")}}")
    case "link":
      let links = #"<http://\#(request.headers["host"] ?? "")/items?start=\#(end)>; rel="next""#
      return .status(200, "{\(data)}", end < 7 ? ["Link": "</items>; rel=\"first\", " + links] : [:])
    default: return .status(200, "{\(data)}")
    }
  }

  @Test(arguments: ways.indices) func allPagesAreRead(_ index: Int) async throws {
    let way = Self.ways[index]
    let server = try StandInServer { request, _ in Self.answer(way.name, request) }
    guard case .object(var settings) = way.settings else { return }
    settings += [.init("records", "/data"), .init("event", ["key": "/id"])]
    let folder = try TemporaryFolder()
    let whole = try await read(source(server, .object(settings), folder))
    #expect(whole.records.compactMap { $0["id"]?.int } == [1, 2, 3, 4, 5, 6, 7])
    #expect(whole.records[0]["price"] == .number("1.50"))
    let targets = server.requests.map { $0.target.replacing("http://127.0.0.1:\(server.port)", with: "") }
    #expect(targets == way.targets)
    // And from each place between two of them.
    for (position, events) in whole.positions {
      let saved = Position(format: position.format, value: try Value(json: position.value.json))
      try await #expect(
        read(source(server, .object(settings), folder), at: saved).records == Array(whole.records[events...]))
    }
  }

  @Test func onlyWhatChangedIsAskedForAndNothingIsGivenTwice() async throws {
    let rows = Mutex<[(Int, String?)]>([(1, "2026-11-01T08:00:00Z"), (2, "2026-11-01T09:00:00Z"), (3, nil)])
    let server = try StandInServer { request, _ in
      let since = Self.parameter("since", request)
      let found = rows.withLock { $0 }.filter { $0.1 == nil || since == nil || $0.1! >= since! }
      let texts = found.map { #"{"id":\#($0.0),"at":\#($0.1.map { "\"\($0)\"" } ?? "null")}"# }
      return .status(200, "[\(texts.joined(separator: ","))]")
    }
    let settings: Value = [
      "event": ["key": "/id"], "since": ["parameter": "since", "at": "/at", "overlap": "30m"], "poll_every": "1s",
    ]
    let folder = try TemporaryFolder()
    let now = Mutex<Int64>(0)
    let source = try source(server, settings, folder, once: false, wallTime: { now.withLock { $0 } })
    func poll(_ position: Position?) async throws -> ([Int64], Position) {
      if let position { try await source.open(at: position) }
      now.withLock { $0 += 2_000 }
      let reading = try await readOn(source)
      return (reading.records.compactMap { $0["id"]?.int }, try #require(reading.positions.last?.position))
    }
    try await source.open(at: nil)
    let first = try await poll(nil)
    #expect(first.0 == [1, 2, 3])
    // One more of the very time that was seen last, one that was late, and one that changed.
    rows.withLock {
      $0 = [
        (1, "2026-11-01T08:00:00Z"), (2, "2026-11-01T09:00:00Z"), (4, "2026-11-01T09:00:00Z"),
        (5, "2026-11-01T08:45:00Z"), (3, nil),
      ]
    }
    let second = try await poll(nil)
    #expect(second.0 == [4, 5])
    #expect(server.requests.last.flatMap { Self.parameter("since", $0) } == "2026-11-01T08:30:00Z")
    // After a restart what has a time is still known.
    rows.withLock { $0.append((2, "2026-11-01T10:00:00Z")) }
    let third = try await poll(second.1)
    #expect(third.0 == [3, 2])
  }

  @Test func whatHasNotChangedIsNotSent() async throws {
    let server = try StandInServer { request, _ in
      request.headers["if-none-match"] == "\"v1\"" ? .status(304) : .status(200, Self.json(1...2), ["ETag": "\"v1\""])
    }
    let folder = try TemporaryFolder()
    let settings: Value = ["poll_every": "1s"]
    let first = try await read(source(server, settings, folder))
    #expect(first.records.count == 2)
    let second = try await read(source(server, settings, folder), at: first.positions.last?.position)
    #expect(second.records.isEmpty)
    #expect(server.requests.map { $0.headers["if-none-match"] } == [nil, "\"v1\""])
  }

  @Test(arguments: [
    (200, "{}", "http.bad_answer"), (200, "<html>", "http.bad_answer"), (200, "[1]", "http.bad_answer"),
    (401, "", "http.unauthorized"), (404, "", "http.refused"), (429, "", "http.busy"), (500, "", "http.server_error"),
  ]) func failuresSayWhatToDo(_ status: Int, _ body: String, _ expected: String) async throws {
    let server = try StandInServer { _, _ in .status(status, body) }
    let source = try source(server, [:], TemporaryFolder())
    #expect(await code { _ = try await read(source) } == expected)
  }

  @Test(arguments: ["http://elsewhere.example/items", "/items"]) func strangeNextPagesAreNotFollowed(
    _ next: String
  ) async throws {
    let server = try StandInServer { _, _ in .status(200, #"{"data":[],"next":"\#(next)"}"#) }
    let source = try source(server, ["records": "/data", "pages": ["next": "/next"]], TemporaryFolder())
    let found = await code { _ = try await read(source) }
    #expect(found == (next.hasPrefix("/") ? "http.bad_answer" : "http.redirected"))
  }

  /// Whoever answers elsewhere would get what this server is shown.
  @Test func redirectionsAreFollowedOnTheSameHostAlone() async throws {
    let other = try StandInServer { _, _ in .status(200, "[]") }
    let server = try StandInServer { request, _ in
      switch request.target {
      case "/items": .status(302, "", ["Location": "/moved?key=secret"])
      case "/moved?key=secret": .status(307, "", ["Location": "/there"])
      case "/away": .status(302, "", ["Location": other.url + "/x?key=secret"])
      case "/round": .status(302, "", ["Location": "/round"])
      default: .status(200, #"[{"id":1}]"#)
      }
    }
    let settings: Value = ["auth": ["api_key": ["header": "X-Key", "value": "k"]]]
    let reading = try await read(source(server, settings, TemporaryFolder()))
    #expect(reading.records.count == 1)
    #expect(server.requests.map(\.target) == ["/items", "/moved?key=secret", "/there"])
    #expect(server.requests.allSatisfy { $0.headers["x-key"] == "k" })
    for path in ["/away", "/round"] {
      let error = await #expect(throws: ConnectorError.self) {
        _ = try await read(source(server, settings, TemporaryFolder(), path: path))
      }
      #expect(error?.code == "http.redirected" && error?.message.contains("secret") == false)
      if path == "/away" { #expect(error?.message.contains("points to \(other.url)/x.") == true) }
    }
    #expect(other.requests.isEmpty)
  }

  @Test func positionsOfOthersAreRefused() async throws {
    let server = try StandInServer { _, _ in .status(200, "[]") }
    let source = try source(server, [:], TemporaryFolder())
    await #expect(
      code { try await source.open(at: Position(format: 1, value: ["lsn": "0/1"])) } == "checkpoint.position_unreadable"
    )
  }

  @Test func linksAreReadAsTheyAreWritten() {
    #expect(Paging.next(inLink: #"<https://a/?b=1,2>; title="x"; rel=next"#) == "https://a/?b=1,2")
    #expect(Paging.next(inLink: #"<https://a/1>; rel="prev", <https://a/3>;rel="next""#) == "https://a/3")
    #expect(Paging.next(inLink: #"<https://a/1>; rel="last""#) == nil)
    #expect(Paging.next(inLink: #"<https://a/1>; rel="last next""#) == "https://a/1")
    #expect(Paging.next(inLink: "nonsense") == nil)
  }

  @Test func severalLinkHeadersAreReadAsOne() async throws {
    let server = try StandInServer { request, _ in
      let links = "</items?page=2>; rel=\"next\"\r\nLink: </items?page=2>; rel=\"last\""
      return request.target == "/items"
        ? .status(200, #"[{"id":1}]"#, ["Link": links]) : .status(200, #"[{"id":2}]"#)
    }
    let reading = try await read(source(server, ["pages": ["link": true]], TemporaryFolder()))
    #expect(reading.records.compactMap { $0["id"]?.int } == [1, 2])
  }

  /// A page that nobody named may be behind the last one; one that the server named itself is not.
  @Test func aNamedPageThatIsNotThereIsNoEnd() async throws {
    let server = try StandInServer { request, _ in
      request.target == "/items" ? .status(200, #"{"data":[{"id":1}],"next":"/items?2"}"#) : .status(404)
    }
    let source = try source(server, ["records": "/data", "pages": ["next": "/next"]], TemporaryFolder())
    #expect(await code { _ = try await read(source) } == "http.refused")
  }

  @Test func anAddressIsResolvedOnItsHost() {
    let base = URLParts("https://a.example/v1/items?x=1")
    for (reference, expected) in [
      ("/b?c", "https://a.example/b?c"), ("?p=2#f", "https://a.example/v1/items?p=2"),
      ("//a.example/x", "https://a.example/x"), ("https://A.example/x", "https://A.example/x"),
      ("http://a.example/x", nil), ("//b.example/x", nil), ("https://u:p@a.example/", nil), ("token", nil),
      ("https://a.example:8443/x", nil), ("ftp://a.example/", nil),
    ] as [(String, String?)] {
      #expect(base?.onSameHost(reference) == expected, "\(reference)")
    }
    #expect(URLParts("http://a/")?.onSameHost("https://a/x") == "https://a/x")
  }
}
