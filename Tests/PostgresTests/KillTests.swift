import Foundation
import Records
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// The real program, killed again and again between two tables: each row once, whatever happens (Invariant 2).
///
/// `MILLRACE_CRASH_KILLS=20 MILLRACE_CRASH_RECORDS=2000000` is its long form.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct KillTests {
  private static let rows = setting("MILLRACE_CRASH_RECORDS", or: 200_000)
  private static let kills = setting("MILLRACE_CRASH_KILLS", or: 6)
  private static let seed = setting("MILLRACE_CRASH_SEED", or: 20_261_101)
  /// How many rows are read again after a kill at most: what is in flight, in the program and on its way to it.
  private static let readAgainMax = 60_000

  /// Some rows are refused by the target, which has no key, so that a row that came twice would stand there twice. The
  /// whole table is one range.
  private static func place() throws -> Workplace {
    try #require(Program.isThere, "no program at \(Program.binary.path)")
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text, price numeric);
      INSERT INTO source SELECT g, repeat('name ' || g, 20), g % 1000 FROM generate_series(1, \(rows)) g;
      CREATE TABLE copy (id int, name text, price numeric CHECK (price <> 777));
      CREATE TABLE whole (LIKE copy INCLUDING ALL);
      ANALYZE source
      """)
    for table in ["copy", "whole"] {
      _ = try place.plan(
        from: "type: postgres, url: URL, tables: [SCHEMA.source], chunk_rows: 10000000",
        to: "table: SCHEMA.\(table), mode: insert, batch: {records: 5000}", name: table)
    }
    return place
  }

  /// The same for the same rows, in any order.
  private static func checksum(_ place: Workplace, _ table: String) throws -> [String?] {
    try place.sql("SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM \(table) t")[0]
  }

  /// How far the target says that the source was read, in rows.
  private static func rowsRead(_ place: Workplace) -> Int {
    let query = "SELECT progress->'totals'->>'read' FROM millrace.positions WHERE pipeline = '\(place.schema)-copy'"
    return (try? place.value(query)).flatMap { $0 }.flatMap { Int($0) } ?? 0
  }

  private static func run(
    _ place: Workplace, _ name: String, killWhen isMoment: () -> Bool = { false }
  ) throws -> Program {
    let program = try Program(["run", "--once", "--json", place.path("\(name).yaml")], killWhen: isMoment)
    try #require([nil, 0, 4].contains(program.code), "exit \(program.code ?? -1): \(program.said)")
    return program
  }

  @Test func `a killed run goes on, each row and each dead letter once`() throws {
    let place = try Self.place()
    #expect(try Self.run(place, "whole").code == 4)
    let before = try Self.rowsFetched(place)
    var chance = SeededRandom(seed: Self.seed)
    var kills = 0
    while kills < Self.kills {
      let done = Self.rowsRead(place)
      let moment = done + Int.random(in: 0...max(1, (Self.rows - done) * 2 / (Self.kills - kills + 1)), using: &chance)
      guard try Self.run(place, "copy", killWhen: { Self.rowsRead(place) >= moment }).code == nil else { break }
      kills += 1
      #expect(Self.rowsRead(place) >= done)
    }
    _ = try Self.run(place, "copy")
    #expect(kills > Self.kills / 2, "seed \(Self.seed): the run ended after \(kills) kills")
    #expect(try Self.checksum(place, "copy") == Self.checksum(place, "whole"), "seed \(Self.seed), \(kills) kills")
    #expect(try Self.checksum(place, "copy")[0] == "\(Self.rows - Self.rows / 1000)")
    #expect(Set(try place.deadLetters("copy")) == ["postgres.check_violation"])
    #expect(try place.deadLetters("copy").count == Self.rows / 1000)
    // No range was read from its begin again.
    let again = try Self.rowsFetched(place) - before - Self.rows
    #expect(again <= kills * Self.readAgainMax, "\(again) rows were read again after \(kills) kills")
  }

  /// How many rows of the source the server has handed out, in all runs whose connections have ended.
  private static func rowsFetched(_ place: Workplace) throws -> Int {
    try place.sql("SELECT pg_sleep(1)")
    let counted = "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables"
    return Int(try place.value("\(counted) WHERE relid = '\(place.schema).source'::regclass") ?? "") ?? -1
  }
}
