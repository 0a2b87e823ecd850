import ConnectorKit
import Records
import Synchronization
import Testing

@testable import Connectors

/// What targets that are APIs hold, read back for a comparison.
struct ReadBackTests {
  private func read(
    _ connector: any ReadableTargetConnector, _ names: [String]
  ) async throws -> (rows: [Value], tables: [SourceTable]) {
    let context = try TemporaryFolder().context()
    let reader = try connector.makeReader(context, TargetStream(Columns(names: names, key: [0])))
    let tables = try await reader.tables(at: nil)
    return (try await ConnectorsTests.read(reader).records, tables)
  }

  @Test func anAPIIsReadWhereItListsItsRows() async throws {
    let server = try StandInServer { request, _ in
      guard request.headers["authorization"] == "Bearer secret" else { return .status(401) }
      let isSecond = request.target.contains("page=2")
      let rows = isSecond ? #"[{"id":"c","price":3}]"# : #"[{"id":"a","price":1.50},{"id":"b","price":null}]"#
      return .status(200, #"{"data":\#(request.target.contains("page=3") ? "[]" : rows)}"#)
    }
    let connector = try HTTPTargetConnector.make([
      "url": .string(server.url + "/products/{id}"), "auth": ["bearer": "secret"],
      "read": ["url": .string(server.url + "/products"), "records": "/data", "pages": ["page": [:]]],
    ])
    let found = try await read(connector, ["id", "price"])
    #expect(found.rows.compactMap { $0["id"]?.string } == ["a", "b", "c"])
    #expect(found.rows.map { $0["price"] } == [.number("1.50"), .null, .int(3)])
    #expect(server.requests.map(\.method) == ["GET", "GET", "GET"])
  }

  /// What a reader finds of these keys.
  private func items(_ keys: [[String]], _ settings: Value, columns: Columns) async throws -> [Value] {
    let connector = try HTTPTargetConnector.make(settings)
    let stream = TargetStream(columns)
    #expect(connector.readsByKey && !connector.listsRows(stream))
    var context = try TemporaryFolder().context()
    context.part.keys = SourcePart.Keys(columns: columns.key.map { columns.names[$0] }, rows: keys)
    return try await ConnectorsTests.read(connector.makeReader(context, stream)).records
  }

  private let columns = Columns(names: ["shop", "id", "price"], key: [0, 1])

  @Test func rowsAreAskedForByTheirKeys() async throws {
    let busy = Mutex<Set<String>>([])
    let server = try StandInServer { request, _ in
      guard request.headers["authorization"] == "Bearer secret" else { return .status(401) }
      let id = String(request.target.split(separator: "/").last ?? "")
      if id == "7" { return .status(404) }
      if id == "8" { return .status(200, #"{"data":null}"#) }
      // Some rows are had at the second time.
      if Int(id)?.isMultiple(of: 10) == true, busy.withLock({ $0.insert(id).inserted }) { return .status(429) }
      return .status(200, #"{"data":{"shop":"a/b","id":"\#(id)","price":1.50}}"#)
    }
    let settings: Value = [
      "url": .string(server.url + "/products"), "auth": ["bearer": "secret"],
      "read": ["item": .string(server.url + "/{shop}/products/{id}"), "record": "/data"],
    ]
    let keys = (0..<120).map { ["a/b", "\($0)"] }
    let found = try await items(keys, settings, columns: columns)
    #expect(Set(found.compactMap { $0["id"]?.string }) == Set((0..<120).map(String.init)).subtracting(["7", "8"]))
    #expect(found.count == 118 && found[0]["price"] == .number("1.50"))
    #expect(server.requests[0].target.hasPrefix("/a%2Fb/products/"))
    #expect(Set(server.requests.map(\.connection)).count > 1, "several at once")
  }

  @Test(arguments: [
    (200, #"{"row":{}}"#, "http.bad_answer"), (200, #"{"data":[]}"#, "http.bad_answer"),
    (403, "", "http.unauthorized"), (400, "", "http.refused"), (503, "", "http.busy"),
  ]) func aRowThatCannotBeHadEndsTheReading(_ status: Int, _ body: String, _ expected: String) async throws {
    let server = try StandInServer { _, _ in .status(status, body) }
    let settings: Value = [
      "url": .string(server.url), "read": ["item": .string(server.url + "/{id}"), "record": "/data"],
    ]
    #expect(await code { _ = try await items([["a", "1"]], settings, columns: columns) } == expected)
    if expected == "http.busy" { #expect(server.requests.count == 6) }
  }

  @Test func anItemsAddressIsMadeOfTheKey() async throws {
    let settings: Value = ["url": "http://a/", "read": ["item": "http://a/{price}"]]
    #expect(await code { _ = try await items([], settings, columns: columns) } == "http.unknown_field")
    let both = try HTTPTargetConnector.make([
      "url": "http://a/", "read": ["url": "http://a/", "item": "http://a/{id}"],
    ])
    #expect(both.readsByKey && both.listsRows(TargetStream(columns)))
    #expect(try both.makeReader(TemporaryFolder().context(), TargetStream(columns)) is HTTPSource)
    for read in [
      [:], ["item": "ftp://a"], ["item": "http://{id}/"], ["item": "http://a/{", "record": "/a"],
      ["url": "http://a/", "record": "/a"], ["item": "http://a/{id}", "pages": ["link": true]],
    ] as [Value] {
      #expect(throws: Diagnostics.self, "\(read.json)") {
        try HTTPTargetConnector.make(["url": "http://a/", "read": read])
      }
    }
  }

  @Test func withoutAListingItIsSaidWhatToAdd() async throws {
    let connector = try HTTPTargetConnector.make(["url": "https://shop.example/products/{id}"])
    let error = await #expect(throws: ConnectorError.self) { try await read(connector, ["id"]) }
    #expect(error?.code == "verify.not_readable")
    #expect(error?.hint?.contains("read: {url:") == true)
  }

  @Test(arguments: [
    ("url", "ftp://x", "read.url"), ("records", "data", "read.records"),
  ])
  func aListingThatCannotBeReadIsRefused(_ name: String, _ value: String, _ place: String) {
    var settings: [(String, Value)] = [("url", "https://shop.example/products"), ("records", "/data")]
    settings.removeAll { $0.0 == name }
    settings.append((name, .string(value)))
    let read = Value.object(settings.map { Value.Member($0.0, $0.1) })
    #expect(throws: Diagnostics.self) {
      try HTTPTargetConnector.make(["url": "https://shop.example/products/{id}", "read": read])
    }
  }

  @Test func aCollectionIsReadWithTheTypesOfItsFields() async throws {
    let server = try StandInServer { request, _ in
      if request.target.hasPrefix("/fields/products") {
        return .status(
          200,
          #"""
          {"data":[{"field":"id","type":"integer"},{"field":"price","type":"decimal"},{"field":"name","type":"string"},
          {"field":"made","type":"dateTime"},{"field":"more","type":"alias"}]}
          """#)
      }
      let isFirst = !PercentCode.decoded(request.target).contains("_gt")
      return .status(200, #"{"data":[\#(isFirst ? #"{"id":1,"price":"12.50000"},{"id":2,"price":null}"# : "")]}"#)
    }
    let connector = try DirectusTargetConnector.make(["url": .string(server.url), "collection": "products"])
    let found = try await read(connector, ["id", "price"])
    #expect(found.rows.map { $0["id"]?.int } == [1, 2])
    #expect(found.rows[0]["price"] == "12.50000")
    let types = found.tables.first?.columns.map(\.type)
    #expect(types == ["numeric", "numeric", "text", "timestamp", "json"])
    #expect(server.requests.allSatisfy { $0.method == "GET" })
  }

  @Test func whoMayNotSeeTheFieldsReadsTheItems() async throws {
    let server = try StandInServer { request, _ in
      request.target.hasPrefix("/fields/")
        ? .status(403, #"{"errors":[{"message":"No.","extensions":{"code":"FORBIDDEN"}}]}"#)
        : .status(200, #"{"data":[]}"#)
    }
    let connector = try DirectusTargetConnector.make(["url": .string(server.url), "collection": "products"])
    let found = try await read(connector, ["id"])
    #expect(found.rows.isEmpty)
    #expect(found.tables == [SourceTable(name: "products")])
  }
}
