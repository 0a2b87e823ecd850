import Flows
import Foundation
import Pipelines
import Records
import Synchronization
import Testing

@testable import ConnectorKit
@testable import Connectors

private let isThere = PostgresServer.shared.map { $0.hasLogicalLog } ?? false

/// Tables that come, go and come again while their changes are followed.
@Suite(.serialized, .enabled(if: isThere, "no PostgreSQL with wal_level = logical"))
struct NewTableTests {
  /// Two schemas of one server: the source's, whose tables a pattern means, and the target's.
  private struct Pair {
    let from: Workplace
    let to: Workplace

    init() throws {
      from = try Workplace()
      to = try Workplace()
      try from.sql("CREATE TABLE first (id int PRIMARY KEY, name text);\nINSERT INTO first VALUES (1, 'one')")
    }

    func plan(_ more: String = "", read: String = "snapshot_then_stream", target: String = "") throws -> Plan {
      let yaml = """
        millrace: 1
        name: \(from.schema)-p
        source: {type: postgres, url: "\(from.server.url)", tables: [\(from.schema).*], read: \(read), heartbeat: 200ms\(more)}
        target: {type: postgres, url: "\(from.server.url)", table: '\(to.schema).{table}', create: true\(target)}
        streams: {"*": {mappings: all}}
        checkpoint: {path: \(from.path("p.checkpoint.json")), every: 20ms}
        retry: {delays: [10ms, 50ms], dead_letter: {type: file, path: \(from.path("p.dead-letters.ndjson"))}}
        """
      return try from.plan(yaml: yaml)
    }

    /// Runs the pipeline until the work is done that goes on beside it.
    func run(_ plan: Plan, notes: Notes = Notes(), _ work: @escaping @Sendable () throws -> Void) async throws {
      let failure = Failure()
      _ = try await from.run(plan, notes: notes) { flow in
        DispatchQueue(label: "work").async {
          do { try work() } catch { failure.set(error) }
          flow.stop()
        }
      }
      try failure.rethrow()
    }

    /// Waits until both tables are the same; a slot is not made before transactions of other tests have ended.
    func wait(for table: String, rows: Int) throws {
      for _ in 0..<3_600 {
        if let there = try? to.count(table), there == rows, try difference(table) == "0" { return }
        usleep(25_000)
      }
      throw Late(table: table, rows: (try? to.count(table)) ?? -1)
    }

    func difference(_ table: String) throws -> String? {
      let (a, b) = ("\(from.schema).\(table)", "\(to.schema).\(table)")
      return try from.value(
        """
        SELECT (SELECT count(*) FROM (SELECT * FROM \(a) EXCEPT ALL SELECT * FROM \(b)) x)
          + (SELECT count(*) FROM (SELECT * FROM \(b) EXCEPT ALL SELECT * FROM \(a)) y)
        """)
    }
  }

  private final class Failure: Sendable {
    private let error = Mutex<(any Error)?>(nil)
    func set(_ new: any Error) { error.withLock { $0 = new } }
    func rethrow() throws { if let error = error.withLock({ $0 }) { throw error } }
  }

  private struct Late: Error { var table: String, rows: Int }

  private static let publications = ["", "TABLES IN SCHEMA SCHEMA"]

  /// Makes the publication, where it is to be given.
  private static func given(_ pair: Pair, _ what: String) throws -> String {
    if what.isEmpty { return "" }
    let name = "given_\(pair.from.schema)"
    try pair.from.sql(
      "CREATE PUBLICATION \(name) FOR \(what.replacing("SCHEMA SCHEMA", with: "SCHEMA \(pair.from.schema)"))")
    return ", publication: \(name)"
  }

  @Test(arguments: publications)
  func `a table that comes along is read like the others`(publication: String) async throws {
    let pair = try Pair()
    defer { pair.from.dropSlots() }
    let plan = try pair.plan(try Self.given(pair, publication))
    let notes = Notes()
    try await pair.run(plan, notes: notes) {
      try pair.wait(for: "first", rows: 1)
      try pair.from.sql(
        """
        CREATE TABLE second (id int PRIMARY KEY, at timestamptz DEFAULT now());
        INSERT INTO second SELECT g FROM generate_series(1, 2000) g
        """)
      for turn in 1...20 {
        try pair.from.sql(
          """
          INSERT INTO first VALUES (\(turn) + 100, 'x') ON CONFLICT DO NOTHING;
          UPDATE second SET at = at + interval '1 s' WHERE id % 20 = \(turn) % 20;
          DELETE FROM second WHERE id = \(turn)
          """)
        usleep(30_000)
      }
      try pair.wait(for: "second", rows: 1980)
      try pair.wait(for: "first", rows: 21)
    }
    #expect(notes.all.contains { $0.contains("second came along: its rows are read, and then its changes") })
    // While nobody runs, and in the middle of what is read then.
    try pair.from.sql(
      """
      CREATE TABLE third (id int PRIMARY KEY, filler text);
      INSERT INTO third SELECT g, repeat('x', 500) FROM generate_series(1, 3000) g;
      UPDATE first SET name = 'y'
      """)
    for part in 1...3 {
      _ = try await pair.from.run(plan, stopAfter: 400, endsOnceRead: true)
      try pair.from.sql(
        "UPDATE third SET filler = 'part \(part)' WHERE id % 3 = \(part) % 3;\nDELETE FROM third WHERE id = \(part)")
    }
    _ = try await pair.from.run(plan, endsOnceRead: true)
    #expect(try pair.difference("third") == "0" && pair.to.count("third") == 2997)
    #expect(try pair.difference("first") == "0")
    #expect(try pair.from.deadLetters() == [])
  }

  @Test(arguments: publications)
  func `a table that is dropped and made again is read anew`(publication: String) async throws {
    let pair = try Pair()
    defer { pair.from.dropSlots() }
    let plan = try pair.plan(try Self.given(pair, publication))
    let again = { @Sendable (name: String) in
      """
      INSERT INTO first SELECT g, 'old' FROM generate_series(2, 50) g ON CONFLICT DO NOTHING;
      BEGIN;
      DROP TABLE first;
      CREATE TABLE first (id int PRIMARY KEY, name text);
      COMMIT;
      INSERT INTO first SELECT g, '\(name)' FROM generate_series(1, 10) g
      """
    }
    let notes = Notes()
    try await pair.run(plan, notes: notes) {
      try pair.wait(for: "first", rows: 1)
      try pair.from.sql(again("while it runs"))
      try pair.wait(for: "first", rows: 10)
      try pair.from.sql("UPDATE first SET name = 'changed' WHERE id < 4;\nDELETE FROM first WHERE id = 9")
      try pair.wait(for: "first", rows: 9)
    }
    #expect(notes.all.contains { $0.contains("first was dropped and made again: the target is emptied of it") })
    try pair.from.sql(again("while it stands"))
    _ = try await pair.from.run(plan, endsOnceRead: true)
    #expect(try pair.difference("first") == "0" && pair.to.count("first") == 10)
    #expect(try pair.from.deadLetters() == [])
  }

  @Test func `a stream alone follows a new table from where it is noticed`() async throws {
    let pair = try Pair()
    defer { pair.from.dropSlots() }
    let plan = try pair.plan(read: "stream")
    let notes = Notes()
    _ = try await pair.from.run(plan, endsOnceRead: true)
    try pair.from.sql("CREATE TABLE second (id int PRIMARY KEY);\nINSERT INTO second VALUES (1)")
    _ = try await pair.from.run(plan, notes: notes, endsOnceRead: true)
    try pair.from.sql("INSERT INTO second VALUES (2)")
    _ = try await pair.from.run(plan, notes: notes, endsOnceRead: true)
    #expect(try pair.to.sql("SELECT * FROM second") == [["2"]])
    #expect(notes.all.filter { $0.contains("rows that are there already are not") }.count == 1)
  }

  @Test(arguments: [
    "CREATE TABLE second (id int PRIMARY KEY)",
    "BEGIN;\nDROP TABLE first;\nCREATE TABLE first (id int PRIMARY KEY);\nCOMMIT",
  ])
  func `a policy may say no`(statements: String) async throws {
    let pair = try Pair()
    defer { pair.from.dropSlots() }
    try pair.from.sql("CREATE TABLE other (id int PRIMARY KEY)")
    let stops = try pair.plan(", on_new_table: stop")
    let error = await #expect(throws: FlowError.self) {
      try await pair.run(stops) {
        try pair.wait(for: "first", rows: 1)
        try pair.from.sql(statements)
        usleep(15_000_000)
      }
    }
    #expect(error?.code == "postgres.new_table")
    // It is no matter of starting again.
    let still = await #expect(throws: FlowError.self) { try await pair.from.run(stops, endsOnceRead: true) }
    #expect(still?.code == "postgres.new_table")
    let notes = Notes()
    let ignores = try pair.plan(", on_new_table: ignore")
    try pair.from.sql("INSERT INTO other VALUES (1)")
    _ = try await pair.from.run(ignores, notes: notes, endsOnceRead: true)
    #expect(try pair.to.count("other") == 1 && pair.to.count("first") == 1)
    #expect(notes.all.contains { $0.contains("is left out") })
    // Another mind: it is new to those who follow.
    try pair.from.sql("INSERT INTO \(statements.contains("DROP") ? "first" : "second") VALUES (7)")
    _ = try await pair.from.run(try pair.plan(), endsOnceRead: true)
    #expect(try pair.to.value("SELECT id FROM \(statements.contains("DROP") ? "first" : "second")") == "7")
  }

  @Test func `a table that is dropped stops the run, and is said afterwards`() async throws {
    let pair = try Pair()
    defer { pair.from.dropSlots() }
    try pair.from.sql("CREATE TABLE second (id int PRIMARY KEY)")
    let plan = try pair.plan()
    let error = await #expect(throws: FlowError.self) {
      try await pair.run(plan) {
        try pair.wait(for: "first", rows: 1)
        try pair.from.sql("DROP TABLE second")
        usleep(15_000_000)
      }
    }
    #expect(error?.code == "postgres.table_gone")
    let notes = Notes()
    _ = try await pair.from.run(plan, notes: notes, endsOnceRead: true)
    #expect(notes.all.contains { $0.contains("second is gone") })
  }
}

@Suite struct RosterTests {
  private func table(_ name: String, _ id: UInt32) -> StreamTable {
    StreamTable(id: id, name: TableName(schema: "s", name: name), primaryKey: [], identity: nil)
  }

  @Test func `a table is known by its name and number`() throws {
    var roster = Roster([table("a", 1), table("b", 2)])
    #expect(roster.standing(of: table("a", 1)) == .followed)
    #expect(roster.standing(of: table("a", 3)) == .remade)
    #expect(roster.standing(of: table("c", 3)) == .new)
    #expect(roster.gone(now: [table("b", 9)]) == ["s.a"])
    roster.follow(table("c", 3))
    #expect(Roster(roster.value) == roster)
    #expect(Roster(nil) == nil && Roster(["s.a": "x"]) == nil)
  }

  @Test func `what is read and not yet done stays so when a table comes along`() throws {
    var place = StreamPlace(stream: StreamPosition(system: "1", lsn: LSN(7)), tables: Roster([table("a", 1)]))
    place.follow(table("b", 2), isRead: true)
    #expect(place.load == .start && place.loads == ["s.b"])
    var progress = SnapshotProgress()
    for name in ["s.b", "s.x"] { progress.update(TableProgress(table: name)) }
    place.load = progress.position
    place.follow(table("c", 3), isRead: true)
    place.follow(table("b", 4), isRead: true)
    #expect(place.loads == ["s.b", "s.c"])
    #expect(try SnapshotProgress(#require(place.load)).tables.map(\.table) == ["s.x"])
    #expect(try StreamPlace(place.position) == place)
    // The first load is one of all tables.
    var first = StreamPlace(load: .start, stream: place.stream, tables: Roster([]))
    first.follow(table("d", 1), isRead: true)
    #expect(first.load == .start && first.loads == nil)
    first.follow(table("e", 1), isRead: false)
    #expect(first.tables?.standing(of: table("e", 1)) == .followed)
  }
}
