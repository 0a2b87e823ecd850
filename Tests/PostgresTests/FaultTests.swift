import Flows
import Foundation
import Pipelines
import Testing

@testable import ConnectorKit
@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// Outages and refusals of the server between two tables: each row once, whatever happens (Invariant 2).
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct FaultTests {
  private static let rows = 200_000

  /// Rows of which some are refused by the target.
  private static func tables(_ place: Workplace) throws {
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text, price numeric);
      INSERT INTO source SELECT g, 'name ' || g, g % 1000 FROM generate_series(1, \(rows)) g;
      CREATE TABLE copy (id int, name text, price numeric CHECK (price <> 777))
      """)
  }

  /// Without a key, so that a row that came twice would stand there twice.
  private static func plan(_ place: Workplace, _ more: String = "") throws -> Plan {
    try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], chunk_rows: 7000",
      to: "table: SCHEMA.copy, mode: insert, batch: {records: 2000}", more: more)
  }

  private static func check(_ place: Workplace) throws {
    #expect(try place.count("copy") == rows - rows / 1000)
    let differing = try place.value(
      "SELECT count(*) FROM (SELECT * FROM source WHERE price <> 777 EXCEPT ALL SELECT * FROM copy) x")
    #expect(differing == "0")
    #expect(Set(try place.deadLetters()) == ["postgres.check_violation"])
    #expect(try place.deadLetters().count == rows / 1000)
  }

  @Test func `a server that crashes and comes back is waited for`() async throws {
    let server = try #require(PostgresServer())
    let place = try Workplace(server)
    try Self.tables(place)
    let plan = try Self.plan(place, "limits: {rate: 12000/s}")
    async let summary = place.run(plan)
    try await onThread {
      // A server that is away when the run begins is another matter: that ends it.
      while try place.count("copy") == 0 { usleep(10_000) }
      for _ in 0..<3 {
        usleep(400_000)
        #expect(server.stop())
        usleep(200_000)
        #expect(server.start())
      }
    }
    #expect(try await summary.retries > 0)
    try Self.check(place)
  }

  /// Runs something on a thread of its own: tasks of other suites may keep those of the pool for longer than a run takes.
  private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { done.resume(with: Result { try body() }) }
    }
  }

  /// A lock that another session holds until the flow has waited for it, or given up.
  private static func holding(_ place: Workplace, _ statements: String) throws -> PostgresConnection {
    let other = try PostgresConnection(Secret(place.server.url))
    try other.run("SET search_path = \(place.schema); SET deadlock_timeout = '1min'; BEGIN; \(statements)")
    return other
  }

  /// Returns when somebody waits for a lock on this place's tables; other tests use the same server.
  private static func untilSomebodyWaits(_ place: Workplace) async throws {
    let query = """
      SELECT count(*) FROM pg_stat_activity
      WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid() AND query LIKE '%\(place.schema)%'
      """
    while try place.value(query) == "0" { try await Task.sleep(for: .milliseconds(20)) }
  }

  @Test func `the victim of a deadlock begins again`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE copy (id int PRIMARY KEY, name text); INSERT INTO copy VALUES (1, 'old'), (2, 'old')")
    try place.write((1...3).map { #"{"id":\#($0),"name":"new"}"# + "\n" }.joined(), to: "in.ndjson")
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.copy, key: [id]",
      options: "options=-c%20deadlock_timeout%3D8s")
    let other = try Self.holding(place, "UPDATE copy SET name = 'other' WHERE id = 2")
    async let summary = place.run(plan)
    try await Self.untilSomebodyWaits(place)
    // The flow has row 1 and waits for row 2: now the other session wants row 1.
    try other.run("UPDATE copy SET name = 'other' WHERE id = 1; COMMIT")
    #expect(try await summary.retries >= 1)
    #expect(try place.sql("SELECT id, name FROM copy ORDER BY id") == [["1", "new"], ["2", "new"], ["3", "new"]])
  }

  @Test func `a transaction that cannot be put in order begins again`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE copy (id int PRIMARY KEY, name text); INSERT INTO copy VALUES (1, 'old'), (2, 'old')")
    try place.write((1...3).map { #"{"id":\#($0),"name":"new"}"# + "\n" }.joined(), to: "in.ndjson")
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.copy, key: [id]",
      options: "options=-c%20default_transaction_isolation%3Dserializable")
    let other = try Self.holding(place, "UPDATE copy SET name = 'other' WHERE id = 2")
    async let summary = place.run(plan)
    try await Self.untilSomebodyWaits(place)
    try other.run("COMMIT")
    #expect(try await summary.retries >= 1)
    #expect(try place.sql("SELECT id, name FROM copy ORDER BY id") == [["1", "new"], ["2", "new"], ["3", "new"]])
  }

  @Test func `a statement that the server ends goes on behind the rows that it gave`() async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text);
      INSERT INTO source SELECT g, repeat('x', 200) FROM generate_series(1, 900) g;
      CREATE TABLE copy (LIKE source)
      """)
    let slowly = "pg_sleep(0.001)::text IS NOT NULL"
    let plan = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], where: \"\(slowly)\"",
      to: "table: SCHEMA.copy, mode: insert",
      // Rows in the key's order as they are found: a sort would give none before the server ends it.
      options: "options=-c%20statement_timeout%3D500%20-c%20enable_seqscan%3Doff%20-c%20enable_bitmapscan%3Doff")
    let summary = try await place.run(plan)
    #expect(summary.retries >= 1)
    #expect(try place.count("copy") == 900)
    #expect(try place.value("SELECT count(DISTINCT id) FROM copy") == "900")
  }

  @Test func `a statement that waits too long for a lock is begun again`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE copy (id int PRIMARY KEY, name text); INSERT INTO copy VALUES (1, 'old')")
    try place.write(#"{"id":1,"name":"new"}"# + "\n", to: "in.ndjson")
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.copy, key: [id]",
      options: "options=-c%20statement_timeout%3D1s")
    let other = try Self.holding(place, "UPDATE copy SET name = 'other' WHERE id = 1")
    async let summary = place.run(plan)
    try await Self.untilSomebodyWaits(place)
    try await Task.sleep(for: .milliseconds(1500))
    try other.run("ROLLBACK")
    #expect(try await summary.retries >= 1)
    #expect(try place.sql("SELECT name FROM copy") == [["new"]])
  }

  // MARK: - Two runners

  @Test func `a second runner of a checkpoint is refused, and disturbs nothing`() async throws {
    let place = try Workplace()
    try Self.tables(place)
    let plan = try Self.plan(place, "limits: {rate: 100000/s}")
    async let summary = place.run(plan)
    while try place.count("copy") == 0 { try await Task.sleep(for: .milliseconds(10)) }
    let error = await #expect(throws: FlowError.self) { try await place.run(plan) }
    #expect(error?.code == "checkpoint.locked")
    _ = try await summary
    try Self.check(place)
  }

  @Test func `a runner that another one with its own checkpoint has followed stops`() async throws {
    let place = try Workplace()
    try Self.tables(place)
    try place.sql("ALTER TABLE copy ADD PRIMARY KEY (id)")
    let (from, to) = ("type: postgres, url: URL, tables: [SCHEMA.source]", "table: SCHEMA.copy, batch: {records: 1000}")
    let first = try place.plan(from: from, to: to, more: "limits: {rate: 50000/s}")
    // The same pipeline from another machine: its name is the same, its checkpoint is not.
    let text = try String(contentsOfFile: place.path("p.yaml"), encoding: .utf8)
      .replacing("p.checkpoint", with: "q.checkpoint").replacing("p.dead-letters", with: "q.dead-letters")
      .replacing("rate: 50000/s", with: "rate: 1000000/s")
    let second = try place.plan(yaml: text)
    let ended = Task { try await place.run(first) }
    while try place.count("copy") == 0 { try await Task.sleep(for: .milliseconds(10)) }
    try await place.run(second)
    let error = await #expect(throws: FlowError.self) { try await ended.value }
    #expect(error?.code == "postgres.position_taken")
    #expect(try place.count("copy") == Self.rows - Self.rows / 1000)
  }
}
