import FaultProxy
import Foundation
import Testing

@testable import ConnectorKit
@testable import Connectors

/// Everything at random that can befall a stream of changes between two servers, in rounds: at the end of each the target
/// equals the source, every change was counted once, and nobody ever saw half a transaction (Invariants 2 and 4).
///
/// `MILLRACE_FAULT_SECONDS=3600` goes on for longer, `MILLRACE_FAULT_SEED=7` with the same faults as another run.
@Suite(
  .serialized, .enabled(if: PostgresServer.local != nil, Comment(rawValue: PostgresServer.whyMissing)),
  .enabled(if: Program.isThere, "no program at \(Program.binary.path)"))
struct StreamFaultTests {
  private static let seconds = setting("MILLRACE_FAULT_SECONDS", or: 20)
  private static let seed = setting("MILLRACE_FAULT_SEED", or: .random(in: 1...999_999))

  @Test func `faults of all kinds, in rounds`() throws {
    let town = try FaultyTown(seed: Self.seed)
    let end = Date().addingTimeInterval(TimeInterval(Self.seconds))
    var rounds = 0
    repeat {
      rounds += 1
      let problems = try town.round()
      #expect(problems == [], "seed \(Self.seed), round \(rounds); kept in \(town.keep())")
      if !problems.isEmpty { break }
    } while Date() < end
    print("seed \(Self.seed): \(rounds) rounds, \(town.told)")
  }

  /// `MILLRACE_OUTAGE_SECONDS=60` is the long form.
  @Test func `a server that is away for long is waited for`() throws {
    let town = try FaultyTown(seed: Self.seed)
    for isTarget in [true, false] {
      let problems = try town.outage(ofTarget: isTarget, seconds: setting("MILLRACE_OUTAGE_SECONDS", or: 5))
      #expect(problems == [], "\(isTarget ? "target" : "source"), seed \(Self.seed); kept in \(town.keep())")
    }
    print("seed \(Self.seed): \(town.told)")
  }

  /// No error tells of a connection whose other side hangs: the server's answers to the heartbeats are missed.
  @Test(arguments: [Fault.stall, .vanish]) func `a stream that falls silent is begun anew`(fault: Fault) throws {
    let server = try #require(PostgresServer(settings: ["wal_sender_timeout = 1s"]))
    let proxy = try FaultProxy(to: try #require(server.port))
    let place = try Workplace(server, through: proxy)
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text);
      INSERT INTO source VALUES (1, 'one');
      CREATE TABLE copy (LIKE source INCLUDING ALL)
      """)
    _ = try place.plan(
      from:
        "type: postgres, url: URL, tables: [SCHEMA.source], read: snapshot_then_stream, heartbeat: 200ms, timeout: 1s",
      to: "table: SCHEMA.copy, key: [id]")
    let end = Date().addingTimeInterval(60)
    var isStruck = false
    _ = try Program(["run", place.path("p.yaml")]) {
      let rows = (try? place.count("copy")) ?? 0
      if !isStruck, rows == 1, Self.streams(place) {
        isStruck = true
        // Only the stream's connection passes so much now: the others stay as they are.
        proxy.strike(fault, after: 3_000, .toClient)
        _ = try? place.sql("INSERT INTO source VALUES (2, repeat('two', 4000))")
      }
      return rows == 2 || Date() > end
    }
    #expect(isStruck && proxy.history.struck == 1)
    #expect(try place.count("copy") == 2)
  }

  /// Rows are committed in the target before they are on its disk; the source keeps what it was not told of.
  @Test func `commits that a crash takes from the target are stored again`() throws {
    let target = try #require(PostgresServer(settings: ["wal_writer_delay = 10s"]))
    let place = try Workplace(PostgresServer())
    try place.sql("CREATE TABLE source (id int PRIMARY KEY); INSERT INTO source VALUES (0)")
    let there = try PostgresConnection(Secret(target.url))
    // Without a key, so that a row that came twice would stand there twice.
    try there.run("CREATE SCHEMA \(place.schema); CREATE TABLE \(place.schema).copy (id int)")
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], read: snapshot_then_stream",
      to: "table: SCHEMA.copy, mode: insert")
    let text = try String(contentsOfFile: place.path("p.yaml"), encoding: .utf8)
      .replacing(
        "target: {type: postgres, url: \"\(place.url)\"", with: "target: {type: postgres, url: \"\(target.url)\""
      )
      .replacing("every: 20ms", with: "every: 400ms")
    try place.write(text, to: "p.yaml")
    func copied() -> Int {
      let connection = try? PostgresConnection(Secret(target.url))
      return (try? connection?.query("SELECT count(*) FROM \(place.schema).copy").text(0, 0)).flatMap { Int($0) } ?? 0
    }
    let end = Date().addingTimeInterval(120)
    var (made, crashes) = (1, 0)
    let run = try Program(["run", place.path("p.yaml")]) {
      // Few at a time, so that each crash falls between commits that nothing has made durable.
      if made < 3_000, copied() > 0,
        (try? place.sql("INSERT INTO source SELECT generate_series(\(made), \(made + 9))")) != nil
      {
        made += 10
      }
      if made / 500 > crashes, crashes < 5 {
        crashes += 1
        target.stop()
        target.start()
      }
      return copied() == 3_001 || Date() > end
    }
    #expect(crashes == 5 && copied() == 3_001)
    #expect(run.said.contains("lost the last commits"), "\(run.said)")
    let after = try PostgresConnection(Secret(target.url))
    #expect(try after.query("SELECT count(DISTINCT id) FROM \(place.schema).copy").text(0, 0) == "3001")
  }

  private static func streams(_ place: Workplace) -> Bool {
    (try? place.value("SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name LIKE '%\(place.schema)%'"))
      == "1"
  }
}
