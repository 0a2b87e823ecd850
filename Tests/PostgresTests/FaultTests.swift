import Flows
import Foundation
import Pipelines
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// Kills, restarts and outages between two tables: each row once, whatever happens (Invariant 2).
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct FaultTests {
  private static let rows = 200_000
  private static let kills = ProcessInfo.processInfo.environment["MILLRACE_CRASH_KILLS"].flatMap { Int($0) } ?? 6

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

  static var binary: URL {
    ProcessInfo.processInfo.environment["MILLRACE_BINARY"].map { URL(fileURLWithPath: $0) }
      ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("millrace")
  }

  @Test func `a killed run goes on, each row and each dead letter once`() throws {
    try #require(FileManager.default.isExecutableFile(atPath: Self.binary.path), "no program at \(Self.binary.path)")
    let place = try Workplace()
    try Self.tables(place)
    _ = try Self.plan(place)
    for _ in 0..<Self.kills where try Self.runProgram(place, for: .random(in: 0.05...0.8)) != nil { break }
    let status = try Self.runProgram(place, for: 120)
    #expect(status == 0 || status == 4)
    try Self.check(place)
  }

  /// - Returns: the exit code; nil where it was killed.
  private static func runProgram(_ place: Workplace, for seconds: Double) throws -> Int32? {
    let process = Process()
    process.executableURL = binary
    process.arguments = ["run", "--once", "--quiet", place.path("p.yaml")]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let end = Date().addingTimeInterval(seconds)
    while process.isRunning, Date() < end { usleep(2_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal ? nil : process.terminationStatus
  }

  @Test func `a server that crashes and comes back is waited for`() async throws {
    let server = try #require(PostgresServer())
    let place = try Workplace(server)
    try Self.tables(place)
    let plan = try Self.plan(place, "limits: {rate: 60000/s}")
    async let summary = place.run(plan)
    for _ in 0..<3 {
      try await Task.sleep(for: .milliseconds(700))
      #expect(server.stop())
      try await Task.sleep(for: .milliseconds(200))
      #expect(server.start())
    }
    #expect(try await summary.retries > 0)
    try Self.check(place)
  }
}
