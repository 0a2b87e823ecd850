import ConnectorKit
import Flows
import Foundation
import Pipelines
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// Changes that are stored as sets leave the tables as if they had been stored one by one.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct SetTests {
  private typealias Kind = (name: String, type: String, value: @Sendable (Int) -> String)
  private static let kinds: [Kind] = [
    ("n", "int", { "\($0)" }), ("t", "text", { "\"k\\t\($0)\\n\\\\ü\"" }),
    ("u", "uuid", { "\"a0eebc99-9c0b-4ef8-bb6d-\(100_000_000_000 + $0)\"" }),
  ]
  /// Keys that only the server can compare.
  private static let others: [Kind] = [
    ("d", "numeric", { $0 % 2 == 0 ? "\($0).0" : "\($0)" }), ("c", "char(4)", { "\"\($0)\"" }),
  ]

  /// Writes the changes to one table a kind of key, in as many batches as there are events or in large ones.
  private static func apply(
    _ lines: String, _ kinds: [Kind], _ place: Workplace, records: Int
  ) async throws -> [[String?]] {
    for (name, type, _) in kinds {
      try place.sql("DROP TABLE IF EXISTS \(name)")
      try place.sql(
        "CREATE TABLE \(name) (k \(type) PRIMARY KEY, a text, b text, own int DEFAULT 1, more text DEFAULT 'more')")
    }
    try place.write(lines, to: "events.ndjson")
    let tables = kinds.map { "\($0.name): [k]" }.joined(separator: ", ")
    let yaml = """
      millrace: 1
      name: \(place.schema)-\(records)
      source: {type: events, path: \(place.path("events.ndjson")), tables: {\(tables)}, at_once: \(max(1, records / 3))}
      target: {type: postgres, url: "\(place.server.url)", table: "\(place.schema).{table}", batch: {records: \(records)}}
      streams: {"*": {mappings: all}}
      checkpoint: {path: \(place.path("\(records).checkpoint.json"))}
      retry: {dead_letter: {type: file, path: \(place.path("p.dead-letters.ndjson"))}}
      """
    var catalog = Catalog.standard
    catalog.sources.append(EventsSourceConnector.self)
    let summary = try await place.run(try place.plan(yaml: yaml, catalog: catalog))
    #expect(summary.counts.deadLettered == 0)
    let all = kinds.map { "SELECT '\($0.name)', k::text, a, b, own::text, more FROM \($0.name)" }.joined(
      separator: " UNION ALL ")
    return try place.sql("SELECT * FROM (\(all)) x ORDER BY 1, 2")
  }

  /// - Parameter keys: how many of each kind; a truncate comes as often as fits their number.
  private static func event(_ kinds: [Kind], keys: Int, _ random: inout some RandomNumberGenerator) -> String {
    let kind = kinds.randomElement(using: &random) ?? kinds[0]
    let key = kind.value(Int.random(in: 0..<keys, using: &random))
    let number = Int.random(in: 0..<100, using: &random)
    let a = "\"a\(number)\""
    let operation: String
    switch Int.random(in: 0..<40, using: &random) {
    case 0 where Int.random(in: 0..<keys, using: &random) < 8: operation = #""op":"truncate""#
    case 0..<10: operation = "\"op\":\"delete\",\"key\":{\"k\":\(key)}"
    case 10..<12: operation = "\"op\":\"update\",\"partial\":true,\"record\":{\"k\":\(key),\"a\":\(a)}"
    case 12..<14: operation = "\"op\":\"update\",\"partial\":true,\"record\":{\"k\":\(key),\"b\":\(a)}"
    // What a row had that went before this one must not be seen in it.
    case 14..<20: operation = "\"op\":\"create\",\"record\":{\"k\":\(key),\"a\":\(a)}"
    default:
      operation = "\"op\":\"update\",\"record\":{\"k\":\(key),\"a\":\(a),\"b\":null,\"own\":\(number),\"more\":\(a)}"
    }
    return "{\"table\":\"\(kind.name)\",\(operation)}\n"
  }

  @Test(arguments: 0..<6) func `sets come to what single rows come to`(seed: UInt64) async throws {
    let place = try Workplace()
    var random = Seeded(seed)
    let kinds = seed % 3 == 2 ? Self.others : Self.kinds
    let lines = (0..<400).map { _ in Self.event(kinds, keys: 8, &random) }.joined()
    let singly = try await Self.apply(lines, kinds, place, records: 1)
    #expect(!singly.isEmpty)
    // In most of the middle ones no key's rows are such that they must be stored one by one.
    for records in [7, 25, 60, 5_000] {
      let sets = try await Self.apply(lines, kinds, place, records: records)
      #expect(sets == singly, "seed \(seed), \(records) records")
    }
  }

  /// More keys than go one by one in one journey: COPY and a merge, and for some batches both ways.
  @Test(arguments: 10..<12) func `large sets come to what single rows come to`(seed: UInt64) async throws {
    let place = try Workplace()
    var random = Seeded(seed)
    let lines = (0..<1_500).map { _ in Self.event(Self.kinds, keys: 300, &random) }.joined()
    let singly = try await Self.apply(lines, Self.kinds, place, records: 1)
    #expect(singly.count > SetWriter.singlyMax / 2)
    for records in [SetWriter.singlyMax + 60, 900, 5_000] {
      let sets = try await Self.apply(lines, Self.kinds, place, records: records)
      #expect(sets == singly, "seed \(seed), \(records) records")
    }
  }

  /// How many statements have deleted rows, by table, and what is left.
  private static func deletes(
    _ tables: String, _ settings: String, _ changes: [String], name: String, in place: Workplace
  ) async throws -> (statements: [[String?]], rows: [[String?]]) {
    try place.sql(tables)
    try place.sql(
      """
      CREATE TABLE IF NOT EXISTS seen (name text);
      TRUNCATE seen;
      CREATE OR REPLACE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO \(place.schema).seen VALUES (TG_TABLE_NAME); RETURN NULL; END';
      CREATE TRIGGER see AFTER DELETE ON a FOR EACH STATEMENT EXECUTE FUNCTION see();
      CREATE TRIGGER see AFTER DELETE ON b FOR EACH STATEMENT EXECUTE FUNCTION see()
      """)
    try place.write(changes.joined(), to: "\(name).ndjson")
    let yaml = """
      millrace: 1
      name: \(place.schema)-\(name)
      source: {type: events, path: \(place.path("\(name).ndjson")), tables: {a: [k], b: [k]}}
      target: {type: postgres, url: "\(place.server.url)", table: "\(place.schema).{table}"\(settings)}
      streams: {a: {mappings: all}, b: {mappings: all}}
      checkpoint: {path: \(place.path("\(name).checkpoint.json"))}
      retry: {dead_letter: {type: file, path: \(place.path("p.dead-letters.ndjson"))}}
      """
    var catalog = Catalog.standard
    catalog.sources.append(EventsSourceConnector.self)
    let summary = try await place.run(try place.plan(yaml: yaml, catalog: catalog))
    #expect(summary.counts.deadLettered == 0 && summary.counts.read == UInt64(changes.count))
    let found = (
      statements: try place.sql("SELECT name, count(*)::text FROM seen GROUP BY 1 ORDER BY 1"),
      rows: try place.sql("SELECT 'a', k, v FROM a UNION ALL SELECT 'b', k, v FROM b ORDER BY 1, 2")
    )
    try place.sql("DROP TABLE a, b")
    return found
  }

  /// Ten rows of each table go and come again, one after the other, and the last row of each stays away.
  private static let rounds = (1...10).flatMap { key in
    let row = "\"record\":{\"k\":\(key),\"v\":\(key)}"
    return [
      "{\"table\":\"b\",\"op\":\"delete\",\"key\":{\"k\":\(key)}}\n",
      "{\"table\":\"a\",\"op\":\"delete\",\"key\":{\"k\":\(key)}}\n",
    ]
      + (key == 10
        ? [] : ["{\"table\":\"a\",\"op\":\"create\",\(row)}\n", "{\"table\":\"b\",\"op\":\"create\",\(row)}\n"])
  }

  private static let left = ["a", "b"].flatMap { name in (1...9).map { [name, "\($0)", "\($0)"] } }

  @Test func `rows that refer to others go before them and come behind them`() async throws {
    let place = try Workplace()
    // Keys of the second kind only the server can compare: their tables take no sets.
    for type in ["int", "numeric"] {
      let tables = """
        CREATE TABLE a (k \(type) PRIMARY KEY, v int);
        CREATE TABLE b (k \(type) PRIMARY KEY REFERENCES a (k), v int);
        INSERT INTO a SELECT g, 0 FROM generate_series(1, 10) g;
        INSERT INTO b SELECT g, 0 FROM generate_series(1, 10) g
        """
      let found = try await Self.deletes(tables, "", Self.rounds, name: type, in: place)
      // All at once, not one by one.
      #expect(found.rows == Self.left && found.statements == [["a", "1"], ["b", "1"]], "\(type)")
    }
  }

  @Test func `tables that cannot take sets are stored by table where no row of another goes along`() async throws {
    let place = try Workplace()
    let fill = ["a", "b"].map { "INSERT INTO \($0) SELECT g, 0 FROM generate_series(1, 10) g" }.joined(separator: ";\n")
    // A key that only the server can compare.
    let apart = "CREATE TABLE a (k int PRIMARY KEY, v int);\nCREATE TABLE b (k numeric PRIMARY KEY, v int);\n\(fill)"
    let found = try await Self.deletes(apart, "", Self.rounds, name: "apart", in: place)
    #expect(found.rows == Self.left && found.statements == [["a", "1"], ["b", "1"]])
    // The first stream's rows refer to those of the second, which take them along.
    let cascade =
      "CREATE TABLE b (k int PRIMARY KEY, v int);\n"
      + "CREATE TABLE a (k int PRIMARY KEY REFERENCES b (k) ON DELETE CASCADE, v int);\n"
      + "INSERT INTO b SELECT g, 0 FROM generate_series(1, 10) g;\nINSERT INTO a SELECT g, 0 FROM generate_series(1, 10) g"
    let events = (1...9).flatMap { key in
      [#"{"table":"b","op":"delete","key":{"k":\#(key)}}"#]
        + ["b", "a"].map { #"{"table":"\#($0)","op":"create","record":{"k":\#(key),"v":\#(key)}}"# }
    }
    let last = [#"{"table":"b","op":"delete","key":{"k":10}}"#]
    let kept = try await Self.deletes(cascade, "", (events + last).map { $0 + "\n" }, name: "cascade", in: place)
    #expect(kept.rows == Self.left)
  }

  /// Each statement alone is right, and a set of the last states is not: the rows go one after the other.
  @Test func `values that change places under a unique constraint`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE n (k int PRIMARY KEY, a text UNIQUE)")
    try place.sql("INSERT INTO n VALUES (1, 'x'), (2, 'y')")
    let changes = [("1", "z"), ("2", "x"), ("1", "y")]
    try place.write(
      changes.map { "{\"table\":\"n\",\"op\":\"update\",\"record\":{\"k\":\($0.0),\"a\":\"\($0.1)\"}}\n" }.joined(),
      to: "events.ndjson")
    let yaml = """
      millrace: 1
      name: \(place.schema)-p
      source: {type: events, path: \(place.path("events.ndjson")), tables: {n: [k]}}
      target: {type: postgres, url: "\(place.server.url)", table: "\(place.schema).{table}"}
      streams: {"*": {mappings: all}}
      checkpoint: {path: \(place.path("p.checkpoint.json"))}
      retry: {dead_letter: {type: file, path: \(place.path("p.dead-letters.ndjson"))}}
      """
    var catalog = Catalog.standard
    catalog.sources.append(EventsSourceConnector.self)
    let summary = try await place.run(try place.plan(yaml: yaml, catalog: catalog))
    #expect(summary.counts.shown == "3 read, 3 written, 0 stale, 0 dead")
    #expect(try place.sql("SELECT k, a FROM n ORDER BY k") == [["1", "y"], ["2", "x"]])
  }
}

private struct Seeded: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
