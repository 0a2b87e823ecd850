import FaultProxy
import Foundation
import Testing

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

  private static func streams(_ place: Workplace) -> Bool {
    (try? place.value("SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name LIKE '%\(place.schema)%'"))
      == "1"
  }
}
