import Foundation
import Testing

@testable import ConnectorKit
@testable import Connectors

private let isThere = PostgresServer.shared.map { $0.hasLogicalLog } ?? false

/// Kills and crashes under writes: the target equals the source at the end, and nobody ever sees half a transaction of
/// the source (Invariant 2).
///
/// `MILLRACE_CRASH_KILLS=100` kills more often.
@Suite(.serialized, .enabled(if: isThere, "no PostgreSQL with wal_level = logical"))
struct ChangeFaultTests {
  private static let kills = ProcessInfo.processInfo.environment["MILLRACE_CRASH_KILLS"].flatMap { Int($0) } ?? 8
  private static let rows = 30_000

  /// Money that is moved between accounts, so that its sum is the same at every moment; rows that come and go with none.
  ///
  /// - Parameter options: of the source's url.
  private static func prepare(_ place: Workplace, options: String = "") throws {
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, money bigint NOT NULL, note text, big text);
      INSERT INTO source SELECT g, 100, 'n' || g, CASE WHEN g % 50 = 0 THEN (SELECT string_agg(md5(g || 'x' || h), '') FROM generate_series(1, 120) h) END
        FROM generate_series(1, \(rows)) g;
      CREATE TABLE copy (LIKE source INCLUDING ALL)
      """)
    let text = """
      millrace: 1
      name: \(place.schema)-p
      source:
        type: postgres
        url: "\(place.server.url)\(options)"
        tables: [\(place.schema).source]
        read: snapshot_then_stream
        chunk_rows: 700
        heartbeat: 300ms
      mappings: all
      target: {type: postgres, url: "\(place.server.url)", table: \(place.schema).copy, key: [id], batch: {records: 900}}
      checkpoint: {path: \(place.path("p.checkpoint.json")), every: 30ms}
      limits: {in_flight: 2MiB}
      retry: {delays: [20ms, 100ms, 300ms], circuit_breaker: {failures: 99, within: 1m, open_for: 100ms}, dead_letter: {type: file, path: \(place.path("p.dead-letters.ndjson"))}}
      """
    try place.write(text, to: "p.yaml")
  }

  /// Random transactions, until it is told to end.
  private final class Traffic: @unchecked Sendable {
    private let lock = NSLock()
    private var isOver = false
    private var failure: String?
    private let done = DispatchSemaphore(value: 0)

    init(_ place: Workplace, pause: UInt32) {
      DispatchQueue(label: "traffic").async { [self] in
        while !lock.withLock({ isOver }) {
          // A server that was stopped comes back.
          if (try? Self.work(place)) == nil { usleep(50_000) }
          usleep(pause)
        }
        done.signal()
      }
    }

    private static func work(_ place: Workplace) throws {
      let (a, b) = (Int.random(in: 1...rows), Int.random(in: 1...rows))
      let (new, old) = (Int.random(in: 1_000_000...1_000_500), Int.random(in: 1_000_000...1_000_500))
      try place.sql(
        """
        BEGIN;
        UPDATE source SET money = money - 7 WHERE id = \(a);
        DELETE FROM source WHERE id = \(old);
        INSERT INTO source VALUES (\(new), 0, 'come', repeat('b', 5000)) ON CONFLICT (id) DO UPDATE SET note = 'stay';
        UPDATE source SET id = id + 1 WHERE id = \(old + 2) AND NOT EXISTS (SELECT FROM source WHERE id = \(old + 3));
        UPDATE source SET money = money + 7 WHERE id = \(b);
        COMMIT
        """)
    }

    func end() {
      lock.withLock { isOver = true }
      done.wait()
    }
  }

  private static var binary: URL {
    ProcessInfo.processInfo.environment["MILLRACE_BINARY"].map { URL(fileURLWithPath: $0) }
      ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("millrace")
  }

  /// - Parameters:
  ///   - seconds: how long at most.
  ///   - pause: for how long the process is stopped once it follows the changes, in seconds; it is killed so long after.
  /// - Returns: the exit code; nil where it was killed.
  private static func run(
    _ place: Workplace, _ more: [String] = [], for seconds: Double, pause: Double? = nil, _ look: () -> Void
  ) throws -> Int32? {
    let process = Process()
    process.executableURL = binary
    process.arguments = ["run"] + more + [place.path("p.yaml")]
    process.standardOutput = FileHandle.nullDevice
    let log = place.path("p.log")
    if !FileManager.default.fileExists(atPath: log) { _ = FileManager.default.createFile(atPath: log, contents: nil) }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    try file.seekToEnd()
    process.standardError = file
    try process.run()
    var end = Date().addingTimeInterval(seconds)
    var pause = pause
    while process.isRunning, Date() < end {
      look()
      if let length = pause, follows(place) {
        pause = nil
        kill(process.processIdentifier, SIGSTOP)
        usleep(UInt32(length * 1_000_000))
        kill(process.processIdentifier, SIGCONT)
        end = Date().addingTimeInterval(length)
      }
      usleep(3_000)
    }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal ? nil : process.terminationStatus
  }

  /// Where all rows have been read, the sum in the copy is that of the source at some moment, so always the same.
  private static func torn(_ place: Workplace) -> String? {
    guard follows(place) else { return nil }
    guard let sum = try? place.value("SELECT sum(money) FROM copy"), sum != "\(rows * 100)" else { return nil }
    return sum
  }

  /// Whether all rows have been read, and changes are followed.
  private static func follows(_ place: Workplace) -> Bool {
    let checkpoint = (try? String(contentsOfFile: place.path("p.checkpoint.json"), encoding: .utf8)) ?? ""
    return checkpoint.contains("\"stream\"") && !checkpoint.contains("\"load\"")
  }

  private static func log(_ place: Workplace) -> Substring {
    ((try? String(contentsOfFile: place.path("p.log"), encoding: .utf8)) ?? "").suffix(2_000)
  }

  private static func finish(_ place: Workplace) throws {
    let status = try run(place, ["--once"], for: 120) {}
    #expect(status == 0, "\(log(place))")
    let differing = try place.value(
      """
      SELECT (SELECT count(*) FROM (SELECT * FROM source EXCEPT ALL SELECT * FROM copy) x)
        + (SELECT count(*) FROM (SELECT * FROM copy EXCEPT ALL SELECT * FROM source) y)
      """)
    #expect(differing == "0")
    #expect(try place.deadLetters() == [])
  }

  @Test func `killed at any moment, while the table is read and while it is followed`() throws {
    try #require(FileManager.default.isExecutableFile(atPath: Self.binary.path), "no program at \(Self.binary.path)")
    let place = try Workplace()
    defer { place.dropSlots() }
    try Self.prepare(place)
    let traffic = Traffic(place, pause: 1_000)
    var torn: [String] = []
    for _ in 0..<Self.kills {
      _ = try Self.run(place, for: .random(in: 0.05...1.2)) {
        if let sum = Self.torn(place) { torn.append(sum) }
      }
    }
    traffic.end()
    #expect(torn == [])
    try Self.finish(place)
  }

  @Test func `stopped for longer than the server waits for a sign of life`() throws {
    try #require(FileManager.default.isExecutableFile(atPath: Self.binary.path), "no program at \(Self.binary.path)")
    let place = try Workplace()
    defer { place.dropSlots() }
    try Self.prepare(place, options: "?options=-c%20wal_sender_timeout%3D1s")
    let traffic = Traffic(place, pause: 1_000)
    var torn: [String] = []
    _ = try Self.run(place, for: 90, pause: 3) {
      if let sum = Self.torn(place) { torn.append(sum) }
    }
    traffic.end()
    let log = try String(contentsOfFile: place.path("p.log"), encoding: .utf8)
    #expect(log.contains("Trying again"), "the server let go of the stream: \(log.suffix(2_000))")
    #expect(torn == [])
    try Self.finish(place)
  }

  @Test func `servers that crash, and streams that are cut`() throws {
    try #require(FileManager.default.isExecutableFile(atPath: Self.binary.path), "no program at \(Self.binary.path)")
    let server = try #require(PostgresServer())
    let place = try Workplace(server)
    try Self.prepare(place)
    let traffic = Traffic(place, pause: 1_000)
    var torn: [String] = []
    var nextCut = Date().addingTimeInterval(0.7)
    var cuts = 0
    let status = try Self.run(place, for: 12) {
      if let sum = Self.torn(place) { torn.append(sum) }
      guard Date() > nextCut, cuts < Self.kills else { return }
      // A server that is away when the run begins is another matter: that ends it.
      guard cuts > 0 || ((try? place.count("copy")) ?? 0) > 0 else { return }
      cuts += 1
      if cuts.isMultiple(of: 3) {
        server.stop()
        usleep(200_000)
        server.start()
      } else {
        _ = try? place.sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace' AND random() < 0.7"
        )
      }
      nextCut = Date().addingTimeInterval(.random(in: 0.2...1.2))
    }
    traffic.end()
    #expect(status == nil, "the run goes on until it is killed: \(Self.log(place))")
    #expect(torn == [])
    try Self.finish(place)
  }
}
