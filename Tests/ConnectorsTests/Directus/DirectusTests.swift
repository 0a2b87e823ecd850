import ConnectorKit
import Records
import Testing

@testable import Connectors

/// What the source asks Directus for, and what it makes of the answers; the whole of it runs in directus-to-shop.py.
@Suite(.serialized) struct DirectusTests {
  private func source(
    _ server: StandInServer, _ more: Value = [:], _ folder: TemporaryFolder, once: Bool = true
  ) throws -> any Source {
    var settings: [Value.Member] = [
      .init("url", .string(server.url + "/")), .init("collection", "products"), .init("auth", ["token": "t"]),
    ]
    if case .object(let members) = more { settings += members }
    var context = folder.context()
    context.endsOnceRead = once
    return try DirectusSourceConnector.make(.object(settings)).makeSource(context)
  }

  /// Answers with items behind the key that the filter names, at most so many.
  private func directus(_ count: Int, limit: Int) throws -> StandInServer {
    try StandInServer { request, _ in
      let target = PercentCode.decoded(request.target)
      let behind =
        target.firstRange(of: #""_gt":"#).flatMap { Int(target[$0.upperBound...].prefix { $0.isNumber }) } ?? 0
      let isPoll = target.contains("date_")
      let last = isPoll ? behind : min(count, behind + limit)
      let items = behind < last ? (behind + 1...last).map { #"{"id": \#($0), "price": 1.50}"# } : []
      return .status(200, #"{"data": [\#(items.joined(separator: ", "))]}"#, ["Date": "Sun, 01 Nov 2026 08:00:00 GMT"])
    }
  }

  @Test func everythingIsLoadedWhateverTheServersLimit() async throws {
    let server = try directus(25, limit: 7)
    let reading = try await read(source(server, ["read": "snapshot"], TemporaryFolder()))
    #expect(reading.records.compactMap { $0["id"]?.int } == Array(1...25))
    // Numbers stay as they were written.
    #expect(reading.records[0]["price"] == .number("1.50"))
    #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer t" })
    #expect(server.requests[1].target == "/items/products?fields=*&limit=100&sort=id")
  }

  @Test func aLoadGoesOnBehindEachPosition() async throws {
    let server = try directus(25, limit: 7)
    let folder = try TemporaryFolder()
    let whole = try await read(source(server, [:], folder))
    #expect(whole.positions.count > 4)
    for (position, events) in whole.positions {
      let saved = Position(format: position.format, value: try Value(json: position.value.json))
      try await #expect(read(source(server, [:], folder), at: saved).records == Array(whole.records[events...]))
    }
  }

  @Test func thePollBeginsWhenTheLoadDid() async throws {
    let server = try directus(3, limit: 7)
    _ = try await read(source(server, ["overlap": "60s"], TemporaryFolder()))
    let polls = server.requests.map { PercentCode.decoded($0.target) }.filter { $0.contains("_gte") }
    #expect(polls.count == 2)
    #expect(polls[0].contains(#"filter={"date_updated":{"_gte":"2026-11-01T07:59:00Z"}}"#))
    #expect(polls[0].hasSuffix("&sort=date_updated,id") || polls[0].contains("sort=date_updated,id&"))
  }

  /// What one field tells of while the poll stands between two of them, as it does while a target is away, says nothing of
  /// the other: what was changed meanwhile has not been looked at.
  @Test func eachFieldIsAskedFromWhereItWasSeen() async throws {
    let server = try StandInServer { request, _ in
      let target = PercentCode.decoded(request.target)
      guard target.contains("_gte"), !target.contains("_gt\":") else { return .status(200, #"{"data":[]}"#) }
      let (field, time) =
        target.contains("sort=date_updated")
        ? ("date_updated", "2026-11-01T10:00:00Z") : ("date_created", "2026-11-01T10:05:00Z")
      return .status(
        200, #"{"data":[{"id":1,"\#(field)":"\#(time)"}]}"#, ["Date": "Sun, 01 Nov 2026 11:00:00 GMT"])
    }
    let folder = try TemporaryFolder()
    let first = try await read(source(server, ["overlap": "60s"], folder))
    let end = try #require(first.positions.last?.0)
    let asked = server.requests.count
    _ = try await read(
      source(server, ["overlap": "60s"], folder), at: Position(format: end.format, value: Value(json: end.value.json)))
    let polls = server.requests.dropFirst(asked).map { PercentCode.decoded($0.target) }.filter { $0.contains("_gte") }
    #expect(polls.contains { $0.contains(#"{"date_updated":{"_gte":"2026-11-01T09:59:00Z"}}"#) })
    #expect(polls.contains { $0.contains(#"{"date_created":{"_gte":"2026-11-01T10:04:00Z"}}"#) })
  }

  /// One item that is stamped with a year too many must not end the looking.
  @Test func aTimeOfTheFutureMovesNoFurtherThanTheServersClock() async throws {
    let server = try StandInServer { request, _ in
      let target = PercentCode.decoded(request.target)
      let date = ["Date": "Sun, 01 Nov 2026 08:00:00 GMT"]
      guard target.contains("_gte"), !target.contains("_gt\":") else { return .status(200, #"{"data":[]}"#, date) }
      return .status(200, #"{"data":[{"id":1,"date_updated":"2999-01-01T00:00:00Z"}]}"#, date)
    }
    let folder = try TemporaryFolder()
    let more: Value = ["overlap": "0s", "changed": ["date_updated"]]
    let end = try #require(try await read(source(server, more, folder)).positions.last?.0)
    #expect(try DirectusProgress(end).seen("date_updated").description == "2026-11-01T08:00:00Z")
  }

  @Test func positionsOfOthersAreRefused() async throws {
    let server = try directus(3, limit: 7)
    let source = try source(server, [:], TemporaryFolder())
    for position in [Position(format: 99, value: ["load": "done"]), Position(format: 1, value: ["lsn": "0/1"])] {
      await #expect(code { try await source.open(at: position) } == "checkpoint.position_unreadable")
    }
  }

  @Test(arguments: [
    (401, #"{"errors":[{"message":"Token expired.","extensions":{"code":"TOKEN_EXPIRED"}}]}"#, "directus.unauthorized"),
    (403, "{}", "directus.forbidden"), (400, "{}", "directus.refused"), (429, "{}", "http.busy"),
    (503, "", "http.busy"), (500, "oh", "http.server_error"), (200, "<html>", "http.bad_answer"),
    (200, #"{"data":{}}"#, "http.bad_answer"), (200, #"{"data":[{"price":1}]}"#, "directus.no_key"),
  ]) func failuresSayWhatToDo(_ status: Int, _ body: String, _ expected: String) async throws {
    let server = try StandInServer { _, _ in .status(status, body) }
    let source = try source(server, [:], TemporaryFolder())
    #expect(await code { _ = try await read(source) } == expected)
  }

  @Test func amazonsSignatureIsNotDirectus() {
    let found = #expect(throws: Diagnostics.self) {
      try DirectusSourceConnector.make([
        "url": "http://a", "collection": "products", "listen": "127.0.0.1:8080", "log": "l",
        "verify": ["sns": ["topics": ["arn:aws:sns:eu-west-1:1:a"]]],
      ])
    }
    #expect(found?.items.map(\.path) == ["verify"])
  }

  @Test func manyEditsOfOneItemAreOneChange() {
    var changes = DirectusChanges()
    changes.add(.int(1), id: "a", isDelete: false)
    changes.add(.int(2), id: "b", isDelete: false)
    changes.add("1", id: "c", isDelete: true)
    #expect(changes.changes.map(\.id) == ["c", "b"])
    #expect(changes.changes[0].isDelete)
  }

  /// One that gives fewer than it is asked for must not make deletes of the rest.
  @Test func whatIsNotGivenAtOnceIsNotGone() async throws {
    let folder = try TemporaryFolder()
    let server = try StandInServer { request, _ in
      let target = PercentCode.decoded(request.target)
      guard let keys = target.firstRange(of: #""_in":["#) else { return .status(200, #"{"data":[]}"#) }
      let asked = target[keys.upperBound...].prefix { $0 != "]" }.split(separator: ",").compactMap { key in
        Int(key.filter { $0 != "\"" })
      }
      // 9 is gone; two items are given at once.
      let given = asked.filter { $0 != 9 }.prefix(2).map { #"{"id":\#($0),"date_updated":"2026-11-01T08:00:00Z"}"# }
      return .status(200, #"{"data":[\#(given.joined(separator: ","))]}"#)
    }
    var disk = try folder.disk(retention: .small(80_000))
    try disk.store([
      #"{"event":"products.items.update","keys":["1","2","3"],"payload":{},"collection":"products"}"#,
      #"{"event":"other.items.update","keys":["4"],"payload":{},"collection":"other"}"#,
      #"{"event":"products.items.update","keys":[9,3,5],"payload":{},"collection":"products"}"#,
      #"{"what":"is this"}"#,
    ])
    let more: Value = ["listen": "127.0.0.1:1", "log": "log", "changed": []]
    let reading = try await read(source(server, more, folder))
    #expect(reading.records.compactMap { $0["id"]?.int } == [1, 2, 3, 5, 9])
    #expect(reading.failures == ["envelope.unknown_shape@0"])
  }

  /// Behind a restart nobody has seen an item yet: a delete that comes first must have the key that the items came with.
  @Test func aDeleteThatComesFirstHasTheItemsKey() async throws {
    let folder = try TemporaryFolder()
    let server = try StandInServer { request, _ in
      .status(200, PercentCode.decoded(request.target).contains("_in") ? #"{"data":[]}"# : #"{"data":[{"id":1}]}"#)
    }
    var disk = try folder.disk()
    try disk.store([#"{"event":"products.items.delete","keys":["7"],"payload":["7"],"collection":"products"}"#])
    let more: Value = ["read": "stream", "listen": "127.0.0.1:1", "log": "log", "changed": []]
    let progress = DirectusProgress(changedAt: Timestamp(seconds: 0)).position.value
    guard case .object(let members) = progress else { return }
    let position = Position(format: 1, value: .object(members.filter { $0.name != "load" } + [.init("load", "done")]))
    #expect(try await read(source(server, more, folder), at: position).records == [["id": 7]])
  }

  /// The load gives every item that there is (Invariant 7).
  @Test func noMoreVersionsAreRememberedThanTheirBound() async throws {
    let rows = 10_000
    let server = try StandInServer { request, _ in
      let target = PercentCode.decoded(request.target)
      let behind =
        target.firstRange(of: #""_gt":"#).flatMap { Int(target[$0.upperBound...].prefix { $0.isNumber }) } ?? 0
      let last = min(DirectusSource.versionsMax + rows / 2, behind + rows)
      let items = (behind..<last).map { #"{"id":\#($0 + 1)}"# }
      return .status(200, #"{"data":[\#(items.joined(separator: ","))]}"#)
    }
    let source = try source(server, ["page_rows": .int(Int64(rows)), "changed": []], TemporaryFolder())
    #expect(try await read(source).records.count == DirectusSource.versionsMax + rows / 2)
    let known = try #require(source as? DirectusSource).versions.count
    #expect(known > 0 && known <= DirectusSource.versionsMax)
  }

  @Test func messagesThatNobodyUnderstandsAreGatheredToABound() async throws {
    let folder = try TemporaryFolder()
    let server = try StandInServer { _, _ in .status(200, #"{"data":[]}"#) }
    var disk = try folder.disk()
    let message = #"{"what":"\#(String(repeating: "x", count: 1_000))"}"#
    for _ in 0..<3 { try disk.store(Array(repeating: message, count: DirectusSource.Heard.failuresMax)) }
    let more: Value = ["listen": "127.0.0.1:1", "log": "log", "changed": []]
    let reading = try await read(source(server, more, folder))
    #expect(reading.failures.count == 3 * DirectusSource.Heard.failuresMax)
    #expect(reading.positions.count > 3, "not all in one batch")
  }
}
