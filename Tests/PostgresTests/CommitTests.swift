import FaultProxy
import Foundation
import Records
import Testing

@testable import ConnectorKit
@testable import Connectors

/// What a target remembers of its commits, told as a conversation.
struct CommitMemoryTests {
  private func memory(of commits: Int) -> CommitMemory {
    var memory = CommitMemory(found: nil)
    for number in 0..<commits {
      memory.sends(memory.text(of: ["n": .int(Int64(number))]), Written())
      memory.committed()
    }
    return memory
  }

  @Test func `commits are numbered inside of what they store`() {
    var memory = memory(of: 2)
    #expect(memory.text(of: ["n": 2]) == #"{"n":2,"commit":3}"#)
    #expect(memory.commits == 2 && memory.isAhead && !memory.isUnsure)
    #expect(memory.recalled(#"{"n":1,"commit":2}"#) == .intact(nil))
    #expect(!memory.isAhead)
    #expect(CommitMemory(found: #"{"n":9,"commit":10}"#).commits == 10)
    // As it was stored before commits had numbers.
    #expect(CommitMemory(found: #"{"n":9}"#).commits == 0)
  }

  @Test func `a connection behind another one is not to be trusted`() {
    var memory = memory(of: 1)
    #expect(!memory.isUnsure)
    memory.connected()
    #expect(memory.isUnsure && memory.isAhead)
    #expect(memory.recalled(#"{"n":0,"commit":1}"#) == .intact(nil))
    #expect(!memory.isUnsure)
  }

  @Test func `a first connection has nothing to remember`() {
    var memory = CommitMemory()
    memory.connected()
    #expect(!memory.isUnsure)
    memory.connected()
    #expect(memory.isUnsure && memory.recalled(nil) == .intact(nil))
  }

  @Test(arguments: [nil, #"{"n":0,"commit":1}"#]) func `fewer commits than were answered are a loss`(found: String?) {
    var memory = memory(of: 2)
    memory.connected()
    #expect(memory.recalled(found) == .lost)
  }

  @Test func `a commit that was not answered has happened, or not, or went with others`() {
    let written = Written(stale: [RowPlace(payload: 0, row: 1)])
    for (found, expected, commits) in [
      (#"{"n":7,"commit":3}"#, CommitMemory.Recalled.intact(written), Int64(3)),
      (#"{"n":1,"commit":2}"#, .intact(nil), 2), (#"{"n":0,"commit":1}"#, .lost, 2),
    ] {
      var memory = memory(of: 2)
      memory.sends(memory.text(of: ["n": 7]), written)
      memory.connected()
      #expect(memory.recalled(found) == expected)
      #expect(memory.commits == commits)
      // It is asked once.
      if expected != .lost { #expect(memory.recalled(found) == .intact(nil)) }
    }
  }

  @Test func `a commit that was refused is none`() {
    var memory = memory(of: 1)
    memory.sends(memory.text(of: ["n": 5]), Written())
    memory.failed()
    memory.committed()
    #expect(memory.commits == 1)
    #expect(memory.recalled(#"{"n":0,"commit":1}"#) == .intact(nil))
  }
}

/// Commits that are seen before they are durable, on a server that makes nothing durable by itself for long.
@Suite(.serialized, .enabled(if: PostgresServer.local != nil, Comment(rawValue: PostgresServer.whyMissing)))
struct CommitTests {
  /// A table without a key, so that a row that came twice would stand there twice.
  private struct Bench {
    let place: Workplace
    let proxy: FaultProxy
    private let settings: Value

    /// - Parameter mode: of the commits of the role.
    init(mode: String = "on") throws {
      let lazy = ["wal_writer_delay = 10s", "checkpoint_timeout = 1h", "autovacuum = off"]
      let server = try #require(PostgresServer(settings: lazy + ["synchronous_commit = \(mode)"]))
      proxy = try FaultProxy(to: try #require(server.port))
      place = try Workplace(server, through: proxy)
      try place.sql("CREATE TABLE copy (id int)")
      settings = ["url": .string(place.url), "table": .string("\(place.schema).copy"), "mode": "insert"]
    }

    func open(at mark: Value? = nil) async throws -> PostgresTarget {
      let context = Context(
        pipeline: "\(place.schema)-p", folder: place.folder, batchBytes: 1 << 16, sleep: { _ in true }, note: { _ in })
      let target = try PostgresTargetConnector.make(settings).makeTarget(context, lane: 0)
      _ = try await target.open(at: mark)
      _ = try target.makeEncoder(Columns(names: ["id"]))
      return try #require(target as? PostgresTarget)
    }

    func place(_ function: String) throws -> LSN { try #require(LSN(try place.value("SELECT \(function)()") ?? "")) }

    var ids: [String?] { get throws { try place.sql("SELECT id FROM copy ORDER BY id").map { $0[0] } } }

    /// How many bytes the server has answered.
    var answered: Int { proxy.history.bytesToClient }

    func crash() {
      place.server.stop()
      place.server.start()
    }
  }

  private static func payload(_ id: Int) -> [Payload] {
    let payload = Payload()
    payload.bytes.append("\(id)\n")
    payload.rows.append(.init(end: UInt64(payload.bytes.count), event: 0, tag: RowLayout.Shape.full.tag))
    return [payload]
  }

  private static func write(_ id: Int, _ target: PostgresTarget) async throws -> Written {
    try await target.write(payload(id)) { _ throws(ConnectorError) in ["n": .int(Int64(id))] }
  }

  /// The code of what it throws, after the connection was found to be gone.
  private static func refusal(_ body: () async throws -> Void) async -> String? {
    while true {
      do {
        try await body()
        return nil
      } catch let error as ConnectorError {
        if case .retry = error.remedy { continue }
        return error.code
      } catch {
        return "\(error)"
      }
    }
  }

  @Test(arguments: ["on", "off"]) func `a commit is durable once it is flushed, and not before`(
    mode: String
  ) async throws {
    let bench = try Bench(mode: mode)
    let target = try await bench.open()
    _ = try target.flush()
    for id in 1...3 {
      _ = try await Self.write(id, target)
      let written = try bench.place("pg_current_wal_insert_lsn")
      #expect(try bench.place("pg_current_wal_flush_lsn") < written)
      _ = try target.flush()
      #expect(try bench.place("pg_current_wal_flush_lsn") >= written)
    }
  }

  @Test(arguments: ["on", "off"]) func `what a run begins with is durable`(mode: String) async throws {
    let bench = try Bench(mode: mode)
    let first = try await bench.open()
    let mark = try first.flush()
    _ = try await Self.write(1, first)
    let written = try bench.place("pg_current_wal_insert_lsn")
    #expect(try bench.place("pg_current_wal_flush_lsn") < written)
    let second = try await bench.open(at: mark)
    #expect(try second.storedProgress()?["n"] == 1)
    #expect(try bench.place("pg_current_wal_flush_lsn") >= written)
  }

  @Test(arguments: ["write", "hold", "flush"]) func `commits that a crash took are told by the next call`(
    call: String
  ) async throws {
    let bench = try Bench()
    let target = try await bench.open()
    _ = try await Self.write(1, target)
    let mark = try target.flush()
    _ = try await Self.write(2, target)
    #expect(try bench.ids == ["1", "2"])
    bench.crash()
    #expect(try bench.ids == ["1"])
    let code = await Self.refusal {
      switch call {
      case "write": _ = try await Self.write(3, target)
      case "hold": _ = try await target.hold(Self.payload(3))
      default: _ = try target.flush()
      }
    }
    #expect(code == "postgres.commits_lost")
    let again = try await bench.open(at: mark)
    #expect(try again.storedProgress()?["n"] == 1)
    _ = try await Self.write(2, again)
    _ = try again.flush()
    bench.crash()
    #expect(try bench.ids == ["1", "2"])
    #expect(await Self.refusal { _ = try await Self.write(3, again) } == nil)
    #expect(try bench.ids == ["1", "2", "3"])
  }

  @Test func `a target that is older than the checkpoint is refused`() async throws {
    let bench = try Bench()
    let target = try await bench.open()
    _ = try await Self.write(1, target)
    let old = try bench.place.value("SELECT progress FROM millrace.positions") ?? ""
    _ = try await Self.write(2, target)
    let mark = try target.flush()
    #expect(try await bench.open(at: mark).storedProgress()?["n"] == 2)
    // As a backup brings it back.
    try bench.place.sql("UPDATE millrace.positions SET progress = '\(old)'")
    let restored = try await bench.open(at: mark)
    let code = await Self.refusal { _ = try restored.storedProgress() }
    #expect(code == "postgres.position_behind")
  }

  /// The answer to a commit is lost, and the same rows come again, now with others on their way behind them.
  @Test func `rows of a commit that was not answered are not held once more`() async throws {
    let bench = try Bench()
    let target = try await bench.open()
    _ = try await Self.write(1, target)
    let before = bench.answered
    _ = try await Self.write(2, target)
    // All that a write is answered, but for the end of what says that it is committed.
    bench.proxy.strike(.reset, after: bench.answered - before - 8, .toClient)
    await #expect(throws: ConnectorError.self) { _ = try await Self.write(3, target) }
    #expect(try bench.ids == ["1", "2", "3"])
    #expect(await Self.refusal { _ = try await target.hold(Self.payload(3)) } == nil)
    _ = try await Self.write(4, target)
    #expect(try bench.ids == ["1", "2", "3", "4"])
  }
}
