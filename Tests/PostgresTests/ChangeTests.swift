import Flows
import Foundation
import Pipelines
import Testing

@testable import ConnectorKit
@testable import Connectors

private let isThere = PostgresServer.shared.map { $0.hasLogicalLog } ?? false

/// The changes of tables of a real server, into others.
@Suite(.serialized, .enabled(if: isThere, "no PostgreSQL with wal_level = logical"))
struct ChangeTests {
  private static func plan(
    _ place: Workplace, _ source: String = "", target: String = "", more: String = ""
  ) throws -> Plan {
    try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], read: snapshot_then_stream, heartbeat: 200ms\(source)",
      to: "table: SCHEMA.copy, key: [id]\(target)", more: more)
  }

  /// Runs the pipeline up to what is there now.
  private static func catchUp(_ place: Workplace, _ plan: Plan, notes: Notes = Notes()) async throws -> Flow.Summary {
    try await place.run(plan, notes: notes, endsOnceRead: true)
  }

  private static func difference(_ place: Workplace, _ a: String = "source", _ b: String = "copy") throws -> String? {
    try place.value(
      """
      SELECT (SELECT count(*) FROM (SELECT r::text FROM \(a) r EXCEPT ALL SELECT r::text FROM \(b) r) x)
        + (SELECT count(*) FROM (SELECT r::text FROM \(b) r EXCEPT ALL SELECT r::text FROM \(a) r) y)
      """)
  }

  @Test(arguments: ["DEFAULT", "FULL", "USING INDEX other"])
  func `every change arrives, whatever old rows are told apart by`(identity: String) async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text, big text, n numeric);
      CREATE UNIQUE INDEX other ON source (id);
      ALTER TABLE source REPLICA IDENTITY \(identity);
      INSERT INTO source SELECT g, 'n' || g, (SELECT string_agg(md5(g || 'x' || h), '') FROM generate_series(1, 200) h), g * 1.10
        FROM generate_series(1, 300) g;
      CREATE TABLE copy (id int PRIMARY KEY, name text, big text NOT NULL, n numeric)
      """)
    let plan = try Self.plan(place)
    let first = try await Self.catchUp(place, plan)
    #expect(first.counts.shown == "300 read, 300 written, 0 stale, 0 dead")
    #expect(try Self.difference(place) == "0")
    try place.sql(
      """
      UPDATE source SET name = 'changed' WHERE id <= 50;
      UPDATE source SET id = id + 1000 WHERE id BETWEEN 40 AND 60;
      UPDATE source SET big = 'small' WHERE id BETWEEN 100 AND 110;
      DELETE FROM source WHERE id BETWEEN 200 AND 220;
      INSERT INTO source SELECT g, 'again', repeat(md5(g::text), 200), NULL FROM generate_series(210, 230) g ON CONFLICT DO NOTHING;
      UPDATE source SET id = 5000, name = NULL WHERE id = 1;
      UPDATE source SET n = n + 0.01
      """)
    let second = try await Self.catchUp(place, plan)
    #expect(second.counts.deadLettered == 0 && second.counts.read > 400)
    #expect(try Self.difference(place) == "0")
    try place.sql("TRUNCATE source;\nINSERT INTO source VALUES (7, 'seven', 'b', 7)")
    _ = try await Self.catchUp(place, plan)
    #expect(try place.sql("SELECT id, name FROM copy") == [["7", "seven"]])
    #expect(try place.deadLetters() == [])
  }

  @Test func `types are the same through snapshot and stream, to the last digit`() async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql(SourceTests.types)
    try place.sql("CREATE TABLE later (LIKE source INCLUDING ALL)")
    try place.sql("INSERT INTO later SELECT * FROM source;\nDELETE FROM source WHERE id > 2")
    let plan = try Self.plan(place)
    _ = try await Self.catchUp(place, plan)
    try place.sql("INSERT INTO source SELECT * FROM later WHERE id > 2;\nUPDATE source SET dom = dom WHERE id <= 2")
    let summary = try await Self.catchUp(place, plan)
    #expect(summary.counts.shown == "4 read, 4 written, 0 stale, 0 dead")
    #expect(try Self.difference(place) == "0")
    #expect(try Self.difference(place, "later") == "0")
  }

  @Test func `partitions, generated columns and odd names`() async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql(
      #"""
      CREATE TABLE source (id int, "sel ""ect. ü" text, twice int GENERATED ALWAYS AS (id * 2) STORED, PRIMARY KEY (id))
        PARTITION BY RANGE (id);
      CREATE TABLE one PARTITION OF source FOR VALUES FROM (0) TO (100);
      CREATE TABLE two PARTITION OF source FOR VALUES FROM (100) TO (1000);
      INSERT INTO source SELECT g, 'v' || g FROM generate_series(1, 200) g;
      CREATE TABLE copy (id int PRIMARY KEY, "sel ""ect. ü" text, twice int GENERATED ALWAYS AS (id * 2) STORED)
      """#)
    let plan = try Self.plan(place)
    _ = try await Self.catchUp(place, plan)
    try place.sql("UPDATE source SET id = id + 60 WHERE id BETWEEN 150 AND 190")
    try place.sql("DELETE FROM source WHERE id < 10;\nUPDATE source SET id = 5 WHERE id = 110")
    #expect(try await Self.catchUp(place, plan).counts.deadLettered == 0)
    #expect(try Self.difference(place) == "0")
  }

  @Test func `a table that would break its applications is not published`() async throws {
    let place = try Workplace()
    try place.sql(
      "CREATE TABLE source (id int NOT NULL UNIQUE, name text);\nCREATE TABLE copy (id int PRIMARY KEY, name text)")
    let plan = try Self.plan(place)
    let error = await #expect(throws: FlowError.self) { try await Self.catchUp(place, plan) }
    #expect(error?.code == "postgres.replica_identity_missing")
    #expect(try place.value("SELECT count(*) FROM pg_publication WHERE pubname LIKE '%\(place.schema)%'") == "0")
    #expect(
      try place.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE '%\(place.schema)%'") == "0")
  }

  @Test func `origins are left out, so that nothing goes in a circle`() async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql(
      "CREATE TABLE source (id int PRIMARY KEY, name text);\nCREATE TABLE copy (id int PRIMARY KEY, name text)")
    let origin = "origin_\(place.schema)"
    let plan = try Self.plan(place, ", ignore_origins: [\(origin)]")
    _ = try await Self.catchUp(place, plan)
    try place.sql(
      """
      SELECT pg_replication_origin_create('\(origin)');
      SELECT pg_replication_origin_session_setup('\(origin)');
      INSERT INTO source VALUES (1, 'not mine to pass on')
      """)
    try place.sql("INSERT INTO source VALUES (2, 'mine')")
    _ = try await Self.catchUp(place, plan)
    try place.sql("SELECT pg_replication_origin_drop('\(origin)')")
    #expect(try place.sql("SELECT id FROM copy") == [["2"]])
  }

  /// Two tables that follow each other, as two databases would.
  @Test func `what a pipeline stores under an origin does not come back`() async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql("CREATE TABLE source (id int PRIMARY KEY, name text);\nCREATE TABLE copy (LIKE source INCLUDING ALL)")
    let names = ["\(place.schema)_there", "\(place.schema)_back"]
    defer { for name in names { _ = try? place.sql("SELECT pg_replication_origin_drop('\(name)')") } }
    func plan(_ from: String, _ to: String, _ number: Int) throws -> Plan {
      try place.plan(
        from:
          "type: postgres, url: URL, tables: [SCHEMA.\(from)], read: stream, ignore_origins: [\(names[1 - number])]",
        to: "table: SCHEMA.\(to), key: [id], origin: \(names[number])", name: to)
    }
    let (there, back) = (try plan("source", "copy", 0), try plan("copy", "source", 1))
    for plan in [there, back] { _ = try await Self.catchUp(place, plan) }
    try place.sql("INSERT INTO source VALUES (1, 'from here');\nINSERT INTO copy VALUES (2, 'from there')")
    #expect(try await Self.catchUp(place, there).counts.read == 1)
    #expect(try await Self.catchUp(place, back).counts.read == 1)
    #expect(try await Self.catchUp(place, there).counts.read == 0)
    #expect(try await Self.catchUp(place, back).counts.read == 0)
    #expect(try Self.difference(place) == "0")
    #expect(try place.count("source") == 2)
  }

  @Test(arguments: ["follow", "stop"])
  func `columns that come and go are said`(policy: String) async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, a int, b text);
      CREATE TABLE copy (id int PRIMARY KEY, a bigint, b text, c text);
      INSERT INTO source VALUES (1, 1, 'one')
      """)
    let plan = try Self.plan(place, ", on_schema_change: \(policy)")
    _ = try await Self.catchUp(place, plan)
    try place.sql(
      """
      UPDATE source SET a = 2;
      ALTER TABLE source DROP COLUMN b, ADD COLUMN c text, ALTER COLUMN a TYPE bigint;
      INSERT INTO source VALUES (2, 12345678901, 'new')
      """)
    let notes = Notes()
    if policy == "stop" {
      let error = await #expect(throws: FlowError.self) { try await Self.catchUp(place, plan) }
      #expect(error?.code == "postgres.schema_changed")
      #expect(try place.sql("SELECT id, a, b, c FROM copy ORDER BY id") == [["1", "2", "one", nil]])
    }
    _ = try await Self.catchUp(place, plan, notes: notes)
    if policy == "follow" { #expect(notes.all.contains { $0.contains("c is new, b is gone, a has another type") }) }
    let rows = try place.sql("SELECT id, a, b, c FROM copy ORDER BY id")
    #expect(rows == [["1", "2", "one", nil], ["2", "12345678901", nil, "new"]])
  }

  /// The change fills its batch, so that the end of its transaction comes with what the run stops at.
  @Test func `a transaction that ends right before a change of columns is stored`() async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, b text);
      CREATE TABLE copy (id int PRIMARY KEY, b text, c text)
      """)
    let plan = try Self.plan(place, ", on_schema_change: stop")
    _ = try await Self.catchUp(place, plan)
    try place.sql(
      """
      INSERT INTO source VALUES (1, repeat('one', 200000));
      ALTER TABLE source ADD COLUMN c text;
      INSERT INTO source VALUES (2, 'two', 'new')
      """)
    await #expect(throws: FlowError.self) { try await Self.catchUp(place, plan) }
    #expect(try place.sql("SELECT id, length(b) FROM copy") == [["1", "600000"]])
    _ = try await Self.catchUp(place, plan)
    #expect(try place.sql("SELECT id, c FROM copy ORDER BY id") == [["1", nil], ["2", "new"]])
  }

  /// It is stored as a whole or not at all, so another run would stop there again, and again: it is said what helps.
  @Test func `a table that changes inside of a transaction stops the run with a way out`() async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql(
      "CREATE TABLE source (id int PRIMARY KEY, a int);\nCREATE TABLE copy (id int PRIMARY KEY, a int, c text)")
    _ = try await Self.catchUp(place, try Self.plan(place, ", on_schema_change: stop"))
    try place.sql(
      """
      BEGIN;
      INSERT INTO source VALUES (1, 1);
      ALTER TABLE source ADD COLUMN c text;
      INSERT INTO source VALUES (2, 2, 'new');
      COMMIT
      """)
    let error = await #expect(throws: FlowError.self) {
      try await Self.catchUp(place, try Self.plan(place, ", on_schema_change: stop"))
    }
    #expect(error?.code == "postgres.schema_changed")
    #expect(error?.hint?.contains("on_schema_change: follow") == true)
    #expect(try place.count("copy") == 0)
    _ = try await Self.catchUp(place, try Self.plan(place, ", on_schema_change: follow"))
    #expect(try place.sql("SELECT * FROM copy ORDER BY id") == [["1", "1", nil], ["2", "2", "new"]])
  }

  @Test func `what somebody else has read, and a slot that is gone, stop the run`() async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql("CREATE TABLE source (id int PRIMARY KEY);\nCREATE TABLE copy (id int PRIMARY KEY)")
    let plan = try Self.plan(place)
    _ = try await Self.catchUp(place, plan)
    let slot = try #require(
      try place.value("SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE '%\(place.schema)%'"))
    try place.sql("INSERT INTO source VALUES (1)")
    try place.sql("SELECT pg_replication_slot_advance('\(slot)', pg_current_wal_lsn())")
    let ahead = await #expect(throws: FlowError.self) { try await Self.catchUp(place, plan) }
    #expect(ahead?.code == "postgres.slot_ahead")
    try place.sql("SELECT pg_drop_replication_slot('\(slot)')")
    let missing = await #expect(throws: FlowError.self) { try await Self.catchUp(place, plan) }
    #expect(missing?.code == "postgres.slot_missing")
  }

  /// A transaction larger than everything in flight, and one after it: seen whole or not at all.
  @Test func `a large transaction is seen at once`() async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql(
      "CREATE TABLE source (id int PRIMARY KEY, t int, name text);\nCREATE TABLE copy (id int PRIMARY KEY, t int, name text)"
    )
    let plan = try Self.plan(place, target: ", batch: {records: 1000}", more: "limits: {in_flight: 1MiB}")
    _ = try await Self.catchUp(place, plan)
    try place.sql("INSERT INTO source SELECT g, 1, repeat('x', 200) FROM generate_series(1, 40000) g")
    try place.sql("UPDATE source SET t = 2 WHERE id <= 20000")
    async let end = Self.catchUp(place, plan)
    var seen: Set<String> = []
    for _ in 0..<400 {
      seen.insert(try place.value("SELECT count(*) || '/' || count(*) FILTER (WHERE t = 2) FROM copy") ?? "")
      if seen.contains("40000/20000") { break }
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(try await end.counts.written == 60_000)
    #expect(seen.isSubset(of: ["0/0", "40000/0", "40000/20000"]), "\(seen)")
    #expect(try Self.difference(place) == "0")
  }
}
