import Flows
import Foundation
import Testing

@testable import ConnectorKit
@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// Rows of files into tables of a real server.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct TargetTests {
  @Test func `pipelines that begin at once share the table of positions`() async throws {
    let place = try Workplace()
    let url = place.url
    for round in 0..<5 {
      let table = TableName(schema: "\(place.schema)_\(round)", name: "positions")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<6 {
          group.addTask {
            let connection = try PostgresConnection(Secret(url))
            var position = StoredPosition(table: table, pipeline: "p\(number)")
            try position.open(nil, connection)
          }
        }
        try await group.waitForAll()
      }
      #expect(try place.value("SELECT count(*) FROM \(table.sql)") == "6")
      try place.sql("DROP SCHEMA \(table.schema ?? "") CASCADE")
    }
  }

  @Test func `rows are upserted, the last of several with one key wins`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE goods (id int PRIMARY KEY, name text, note text DEFAULT 'as it was')")
    try place.sql("INSERT INTO goods VALUES (1, 'old', 'kept'), (9, 'other', 'kept')")
    try place.write(
      #"{"id":1,"name":"a"}"# + "\n" + #"{"id":2,"name":"b"}"# + "\n" + #"{"id":1,"name":"c\t\\ \"é\n"}"# + "\n",
      to: "in.ndjson")
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.goods, key: [id]",
      mappings: "{id: record.id, name: record.name}")
    let summary = try await place.run(plan)
    #expect(summary.counts.written == 3)
    let rows = try place.sql("SELECT id, name, note FROM goods ORDER BY id")
    #expect(rows == [["1", "c\t\\ \"é\n", "kept"], ["2", "b", "as it was"], ["9", "other", "kept"]])
  }

  @Test func `fields that are left out stay as they are`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE goods (id int PRIMARY KEY, a text NOT NULL, b text)")
    try place.sql("INSERT INTO goods VALUES (1, 'a1', 'b1'), (2, 'a2', 'b2')")
    try place.write(
      #"{"id":1,"b":"new"}"# + "\n" + #"{"id":2,"a":"new","b":null}"# + "\n" + #"{"id":3,"b":"no a"}"# + "\n"
        + #"{"id":1,"a":"later"}"# + "\n", to: "in.ndjson")
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.goods, key: [id]",
      mappings: "{id: record.id, a: record.a, b: record.b}")
    let summary = try await place.run(plan)
    #expect(summary.counts.shown == "4 read, 3 written, 0 stale, 1 dead")
    #expect(try place.sql("SELECT * FROM goods ORDER BY id") == [["1", "later", "new"], ["2", "new", nil]])
    #expect(try place.deadLetters() == ["postgres.not_null_violation a"])
  }

  @Test func `an older row never takes a newer one's place`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE goods (id int PRIMARY KEY, v int, name text)")
    try place.sql("INSERT INTO goods VALUES (1, 5, 'newer'), (2, 1, 'older'), (3, NULL, 'none')")
    let lines = [(1, 4, "late"), (2, 2, "two"), (2, 1, "one"), (3, 1, "any"), (4, 1, "new"), (1, 5, "tie")]
    try place.write(
      lines.map { #"{"id":\#($0.0),"v":\#($0.1),"name":"\#($0.2)"}"# + "\n" }.joined(), to: "in.ndjson")
    let plan = try place.plan(from: "type: file, path: in.ndjson", to: "table: SCHEMA.goods, key: [id], version: v")
    let summary = try await place.run(plan)
    #expect(summary.counts.shown == "6 read, 4 written, 2 stale, 0 dead")
    let rows = try place.sql("SELECT id, name FROM goods ORDER BY id")
    #expect(rows == [["1", "tie"], ["2", "two"], ["3", "any"], ["4", "new"]])
  }

  @Test func `bad rows are dead letters, all others are stored`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE parents (id int PRIMARY KEY)")
    try place.sql("INSERT INTO parents VALUES (1)")
    try place.sql(
      """
      CREATE TABLE goods (id int PRIMARY KEY, code varchar(3), price numeric(4,2) CHECK (price >= 0), sku text UNIQUE,
        parent int REFERENCES parents, at timestamptz, tags text[])
      """)
    var lines = (1...500).map {
      #"{"id":\#($0),"code":"abc","price":1.25,"sku":"s\#($0)","parent":1,"tags":["x",null]}"#
    }
    lines[10] = #"{"id":11,"code":"abcd"}"#
    lines[20] = #"{"id":21,"price":100}"#
    lines[30] = #"{"id":31,"price":-1,"code":"a","sku":"s31","parent":1,"tags":[]}"#
    lines[40] = #"{"id":41,"sku":"s1","code":"a","price":1,"parent":1,"tags":[]}"#
    lines[50] = #"{"id":51,"parent":2,"code":"a","price":1,"sku":"s51","tags":[]}"#
    lines[60] = #"{"id":"x","code":"a","price":1,"sku":"s61","parent":1,"tags":[]}"#
    lines[70] = #"{"id":71,"code":"\u0000","price":1,"sku":"s71","parent":1,"tags":[]}"#
    try place.write(lines.joined(separator: "\n") + "\n", to: "in.ndjson")
    let fields = ["id", "code", "price", "sku", "parent", "tags"].map { "\($0): record.\($0)" }.joined(separator: ", ")
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.goods, key: [id]", mappings: "{\(fields)}")
    let summary = try await place.run(plan)
    #expect(summary.counts.shown == "500 read, 493 written, 0 stale, 7 dead")
    #expect(try place.count("goods") == 493)
    let letters = Set(try place.deadLetters())
    #expect(
      letters == [
        "postgres.string_data_right_truncation code", "postgres.numeric_value_out_of_range price",
        "postgres.check_violation", "postgres.unique_violation", "postgres.foreign_key_violation",
        "postgres.invalid_text_representation id", "postgres.nul_character code",
      ])
  }

  @Test func `inserting refuses a key that is there`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE goods (id int PRIMARY KEY, name text)")
    try place.sql("INSERT INTO goods VALUES (2, 'there')")
    try place.write((1...3).map { #"{"id":\#($0),"name":"n"}"# + "\n" }.joined(), to: "in.ndjson")
    let plan = try place.plan(from: "type: file, path: in.ndjson", to: "table: SCHEMA.goods, mode: insert")
    let summary = try await place.run(plan)
    #expect(summary.counts.shown == "3 read, 2 written, 0 stale, 1 dead")
    #expect(try place.sql("SELECT name FROM goods ORDER BY id") == [["n"], ["there"], ["n"]])
  }

  @Test func `a table is created with the types of the casts`() async throws {
    let place = try Workplace()
    try place.write(#"{"id":1,"p":1.50,"d":{"a":[1]},"t":"2026-11-23T08:00:00Z"}"# + "\n", to: "in.ndjson")
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.made, key: [id], create: true",
      mappings:
        "{id: {from: record.id, as: int}, p: {from: record.p, as: decimal}, d: {from: record.d, as: json}, t: {from: record.t, as: timestamp}}"
    )
    try await place.run(plan)
    let types = try place.sql(
      "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0 ORDER BY attnum"
    )
    #expect(types.map { $0[0] } == ["bigint", "numeric", "jsonb", "timestamp with time zone"])
    #expect(try place.sql("SELECT p, d FROM made") == [["1.50", #"{"a": [1]}"#]])
  }

  @Test(arguments: [
    ("table: SCHEMA.nothing, key: [id]", "postgres.undefined_table"),
    ("table: SCHEMA.goods, key: [name]", "postgres.key_not_unique"),
    ("table: SCHEMA.goods, key: [id], version: missing", "postgres.undefined_column"),
    ("table: SCHEMA.strict, key: [id]", "postgres.column_not_filled"),
    ("table: SCHEMA.computed, key: [id]", "postgres.generated_column"),
  ])
  func `what does not fit stops the run before the first row`(target: String, code: String) async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE goods (id int PRIMARY KEY, name text);
      CREATE TABLE strict (id int PRIMARY KEY, name text, must int NOT NULL);
      CREATE TABLE computed (id int PRIMARY KEY, name text GENERATED ALWAYS AS ('x') STORED)
      """)
    try place.write(#"{"id":1,"name":"n"}"# + "\n", to: "in.ndjson")
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: target, mappings: "{id: record.id, name: record.name}")
    let error = await #expect(throws: FlowError.self) { try await place.run(plan) }
    #expect(error?.code == code)
    #expect(error?.exit == .surroundings)
  }

  @Test func `rows of one key take one lane, and all arrive`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE goods (id int PRIMARY KEY, n int)")
    try place.write((0..<20_000).map { #"{"id":\#($0 % 700),"n":\#($0)}"# + "\n" }.joined(), to: "in.ndjson")
    let plan = try place.plan(from: "type: file, path: in.ndjson", to: "table: SCHEMA.goods, key: [id], lanes: 2")
    let summary = try await place.run(plan)
    #expect(summary.counts.written == 20_000)
    #expect(try place.sql("SELECT count(*), min(n), max(n) FROM goods") == [["700", "19300", "19999"]])
  }
}
