import ConnectorKit
import Records
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// What a table holds, asked by keys.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct LookupTests {
  private static func lookup(_ place: Workplace, _ more: [Value.Member] = []) throws -> any TargetLookup {
    let settings = Value.object(
      [
        .init("url", .string(place.server.url)), .init("table", .string("\(place.schema).goods")),
      ] + more)
    let context = Context(pipeline: "p", folder: "/tmp", batchBytes: 1 << 16, sleep: { _ in true }, note: { _ in })
    return try PostgresTargetConnector.make(settings).makeLookup(context)
  }

  @Test func `rows come in the order of their keys`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE goods (a int, b text, price numeric, tags text[], PRIMARY KEY (a, b))")
    try place.sql("INSERT INTO goods VALUES (1, 'x', 1.50, '{a}'), (2, E'y\\t''z', NULL, NULL), (3, 'w', 7, '{}')")
    let lookup = try Self.lookup(place)
    try await lookup.open([TargetStream(Columns(names: ["a", "b", "price"], key: [0, 1]))])
    let found = try await lookup.rows([[3, "w"], [9, "none"], [2, "y\t'z"], [1, "x"]], of: 0)
    #expect(
      found.map { $0?.json } == [
        #"{"a":3,"b":"w","price":7,"tags":[]}"#, nil, #"{"a":2,"b":"y\t'z","price":null,"tags":null}"#,
        #"{"a":1,"b":"x","price":1.50,"tags":["a"]}"#,
      ])
    _ = try lookup.makeEncoder()
    await lookup.close()
  }

  @Test func `what a run would refuse is refused, and nothing is made`() async throws {
    let place = try Workplace()
    let lookup = try Self.lookup(place)
    let missing = await #expect(throws: ConnectorError.self) {
      try await lookup.open([TargetStream(Columns(names: ["a"], key: [0]))])
    }
    #expect(missing?.code == "postgres.undefined_table")
    let making = try Self.lookup(place, [.init("create", true)])
    try await making.open([TargetStream(Columns(names: ["a"], key: [0]))])
    #expect(try await making.rows([[1]], of: 0) == [nil])
    #expect(try place.value("SELECT count(*) FROM pg_tables WHERE schemaname = '\(place.schema)'") == "0")
  }
}
