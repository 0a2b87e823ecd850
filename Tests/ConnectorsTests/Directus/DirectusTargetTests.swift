import ConnectorKit
import Records
import Synchronization
import Testing

@testable import Connectors

/// What the target asks of Directus, against a small collection in memory with the API's peculiarities: no upsert, 403 for
/// what is not there, arrays that are refused as a whole.
@Suite(.serialized) struct DirectusTargetTests {
  private final class Collection: Sendable {
    let items = Mutex<[String: String]>(["1": "old"])
    let vanish = Mutex<String?>(nil)

    func answer(_ request: StandInServer.Request) -> StandInServer.Answer {
      items.withLock { items in
        switch request.method {
        case "GET":
          let target = PercentCode.decoded(request.target)
          let keys = target.firstRange(of: #""_in":["#).map { target[$0.upperBound...].prefix { $0 != "]" } } ?? ""
          let found = keys.split(separator: ",").map { $0.filter { $0 != "\"" } }.filter { items[$0] != nil }
          // Somebody is faster, now and then.
          if let key = vanish.withLock({ key in
            defer { key = nil }; return key
          }) {
            items[key] = items[key] == nil ? "theirs" : nil
          }
          return .status(200, #"{"data":[\#(found.prefix(2).map { #"{"id":"\#($0)"}"# }.joined(separator: ","))]}"#)
        case "DELETE":
          let keys = (try? Value(json: request.body))?.array?.compactMap(\.string) ?? []
          guard keys.allSatisfy({ items[$0] != nil }) else { return Self.error(403, "FORBIDDEN") }
          guard keys.allSatisfy({ items[$0] != "referred to" }) else { return Self.error(400, "INVALID_FOREIGN_KEY") }
          for key in keys { items[key] = nil }
          return .status(204)
        default:
          let rows = (try? Value(json: request.body))?.array ?? []
          for row in rows {
            let isThere = items[row["id"]?.string ?? ""] != nil
            if request.method == "POST", isThere { return Self.error(400, "RECORD_NOT_UNIQUE") }
            if request.method == "PATCH", !isThere { return Self.error(403, "FORBIDDEN") }
            if row["name"] == "bad" { return Self.error(400, "FAILED_VALIDATION") }
          }
          for row in rows { items[row["id"]?.string ?? ""] = row["name"]?.string }
          return .status(200, "{}")
        }
      }
    }

    private static func error(_ status: Int, _ code: String) -> StandInServer.Answer {
      .status(status, #"{"errors":[{"message":"No.","extensions":{"code":"\#(code)","field":"name"}}]}"#)
    }
  }

  private func write(
    _ collection: Collection, _ rows: [[String?]], _ operations: [Records.Operation] = []
  ) async throws -> Written {
    let server = try StandInServer { request, _ in collection.answer(request) }
    let target = try DirectusTargetConnector.make(["url": .string(server.url), "collection": "products"])
      .makeTarget(TemporaryFolder().context(), lane: 0)
    _ = try await target.open(at: nil)
    let encoder = try target.makeEncoder(Columns(names: ["id", "name"], key: [0]))
    return try await target.write([try payload(rows, encoder, operations: operations)])
  }

  @Test func itemsAreCreatedChangedAndDeletedInOrder() async throws {
    let collection = Collection()
    let rows = [
      ["1", "a"], ["2", "b"], ["3", "c"], ["4", "d"], ["2", nil], ["9", nil], ["2", "again"], ["2", "last"],
    ]
    let written = try await write(
      collection, rows, [.update, .create, .create, .create, .delete, .delete, .create, .update])
    #expect(written == Written())
    #expect(collection.items.withLock { $0 } == ["1": "a", "2": "last", "3": "c", "4": "d"])
  }

  @Test func theBadRowIsFound() async throws {
    let collection = Collection()
    let written = try await write(collection, [["1", "a"], ["2", "b"], ["3", "bad"], ["4", "d"], ["5", "e"]])
    #expect(written.rejections.map(\.place.row) == [2])
    #expect(written.rejections[0].code == "directus.row_refused" && written.rejections[0].field == "name")
    #expect(collection.items.withLock { $0 } == ["1": "a", "2": "b", "4": "d", "5": "e"])
  }

  @Test func theDeleteThatIsRefusedIsFound() async throws {
    let collection = Collection()
    let rows = [["2", "b"], ["3", "referred to"], ["4", "d"]] + ["1", "2", "3", "4"].map { [$0, nil] }
    let written = try await write(collection, rows, [.create, .create, .create, .delete, .delete, .delete, .delete])
    #expect(written.rejections.map(\.place.row) == [5] && written.rejections[0].code == "directus.row_refused")
    #expect(collection.items.withLock { $0 } == ["3": "referred to"])
  }

  /// An address has a length that servers take.
  @Test func noMoreKeysAreAskedForAtOnceThanAnAddressHolds() async throws {
    let lengths = Mutex<[Int]>([])
    let server = try StandInServer { request, _ in
      if request.method == "GET" { lengths.withLock { $0.append(request.target.utf8.count) } }
      return .status(200, #"{"data":[]}"#)
    }
    let target = try DirectusTargetConnector.make([
      "url": .string(server.url), "collection": "products", "rows_per_request": 1_000,
    ]).makeTarget(TemporaryFolder().context(), lane: 0)
    _ = try await target.open(at: nil)
    let encoder = try target.makeEncoder(Columns(names: ["id", "name"], key: [0]))
    let rows = (0..<1_000).map { ["0b7a3f5e-5a51-4c2e-9d5e-\(100_000_000_000 + $0)", "a"] as [String?] }
    _ = try await target.write([try payload(rows, encoder)])
    #expect(lengths.withLock { $0.count == 10 && $0.allSatisfy { $0 < 8_000 } })
  }

  @Test(arguments: ["1", "2"]) func whoeverIsFasterIsNoticed(_ key: String) async throws {
    let collection = Collection()
    collection.vanish.withLock { $0 = key }
    #expect(try await write(collection, [["1", "a"], ["2", "b"], ["3", "c"]]) == Written())
    #expect(collection.items.withLock { $0 } == ["1": "a", "2": "b", "3": "c"])
  }

  @Test func aCollectionThatMayNotBeWrittenEndsTheRun() async throws {
    let server = try StandInServer { request, _ in
      request.method == "GET" ? .status(200, #"{"data":[]}"#) : .status(403)
    }
    let target = try DirectusTargetConnector.make(["url": .string(server.url), "collection": "products"])
      .makeTarget(TemporaryFolder().context(), lane: 0)
    _ = try await target.open(at: nil)
    let rows = try payload([["1", "a"]], target.makeEncoder(Columns(names: ["id", "name"], key: [0])))
    await #expect(code { _ = try await target.write([rows]) } == "directus.forbidden")
    await #expect(code { _ = try target.makeEncoder(Columns(names: ["id"])) } == "directus.no_key")
  }
}
