import ConnectorKit
import Expressions
import Foundation
import Pipelines
import Records
import Synchronization
import Testing

@testable import Flows

/// The flow in the world that programs live in: Dispatch queues, real clocks, real files.
struct FlowTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(
    _ source: Numbers, _ targets: [any Target], adjust: (inout FlowSettings) -> Void = { _ in }
  )
    async throws -> (Flow.Summary, said: [String])
  {
    let said = Mutex<[String]>([])
    let world = World.system(
      checkpoints: FileCheckpoints(path: folder.path + "/c.json"),
      deadLetters: FileDeadLetters(path: folder.path + "/d.ndjson"),
      observe: { event in said.withLock { $0.append("\(event)") } })
    var settings = FlowSettings(pipeline: "numbers", fingerprint: "f")
    settings.batch.wait = .zero
    adjust(&settings)
    let flow = Flow(
      settings, source: source, targets: targets,
      route: { _ in Routing([TargetStream(Columns(names: ["n"]))], makeMapper: { Rows() }) }, in: world)
    source.stop = { flow.stop() }
    let summary = try await flow.run()
    return (summary, said.withLock { $0 })
  }

  @Test(arguments: [1, 3])
  func everythingArrivesOnceAndInOrder(_ lanes: Int) async throws {
    let targets = (0..<lanes).map { _ in Memory() }
    let (summary, _) = try await run(Numbers(count: 20_000), targets) { $0.computeLanes = 3 }
    #expect(summary.ended && summary.counts.read == 20_000 && summary.counts.written == 20_000)
    let stored = targets.map { $0.stored.withLock { $0 } }
    for lane in stored { #expect(lane == lane.sorted()) }
    #expect(stored.joined().sorted() == (0..<20_000).map { UInt64($0) })
  }

  @Test func aSecondRunGoesOnFromTheCheckpoint() async throws {
    let target = Memory()
    let (first, _) = try await run(Numbers(count: 20_000, stopsAt: 5_000), [target])
    #expect(!first.ended && first.counts.read >= 5_000)
    let (second, said) = try await run(Numbers(count: 20_000), [target])
    #expect(second.ended && second.checkpoint.totals.read == 20_000 && second.checkpoint.runs == 2)
    #expect(first.counts.read + second.counts.read == 20_000)
    #expect(target.stored.withLock { $0 } == (0..<20_000).map { UInt64($0) })
    #expect(said.contains { $0.hasPrefix("started(position: Optional") })
  }

  @Test func aLockedCheckpointEndsItBeforeAnythingIsTouched() async throws {
    let held = FileCheckpoints(path: folder.path + "/c.json")
    _ = try await held.open()
    let target = Memory()
    let error = await #expect(throws: FlowError.self) { _ = try await run(Numbers(count: 10), [target]) }
    #expect(error?.code == "checkpoint.locked" && target.stored.withLock { $0.isEmpty })
  }

  @Test func aTargetThatParksWhatItWasNotGivenEndsIt() async throws {
    for place in [RowPlace(payload: 0, row: 1_000), RowPlace(payload: 1_000, row: 0), RowPlace(payload: 0, row: -1)] {
      let error = await #expect(throws: FlowError.self) { _ = try await run(Numbers(count: 10), [Confused(place)]) }
      #expect(error?.code == "target.bad_answer")
    }
  }

  @Test func memoryStaysWithinItsLimit() async throws {
    let target = Memory(slowness: 200)
    let (_, said) = try await run(Numbers(count: 50_000), [target]) { $0.limits.inFlightBytes = 100_000 }
    let most = said.compactMap { $0.split(separator: "inFlightBytes: ").last.flatMap { Int($0.dropLast()) } }.max()
    #expect(try #require(most) < 400_000)
  }
}

/// A source of the numbers from 0 on, eight bytes each.
private final class Numbers: Source, @unchecked Sendable {
  private let count: Int
  private let stopsAt: Int?
  private var next = 0
  var stop: () -> Void = {}

  init(count: Int, stopsAt: Int? = nil) {
    self.count = count
    self.stopsAt = stopsAt
  }

  func open(at position: Position?) async throws(ConnectorError) { next = Int(position?.value.int ?? 0) }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    // However late the stop is seen, there is something left for a second run.
    if let stopsAt, next > stopsAt {
      try? await Task.sleep(for: .milliseconds(1))
      return .idle
    }
    if next >= count { return .end }
    let end = min(count, next + 500)
    for number in next..<end {
      withUnsafeBytes(of: UInt64(number).littleEndian) { batch.bytes.append($0) }
    }
    batch.inputBytes = batch.bytes.count
    batch.position = Position(format: 1, value: .int(Int64(end)))
    if let stopsAt, (next..<end).contains(stopsAt) { stop() }
    next = end
    return .batch
  }

  func makeDecoder() -> any Decoder { Eights() }
  func acknowledge(_ positions: [Position]) async throws(ConnectorError) {}
  func extent() async -> Extent? { nil }
  func close() async {}
}

private final class Eights: Decoder {
  func decode(_ batch: Batch) {
    for offset in stride(from: 0, to: batch.inputBytes, by: 8) {
      batch.events.append(.init(.read, record: Records.Event.none, offset: UInt32(offset), length: 8))
    }
  }
}

private final class Rows: Mapper {
  func map(_ batch: Batch) {
    for event in batch.events.indices {
      batch.rows.rows.append(
        Row(.upsert, event: UInt32(event), firstCell: 0, rest: Records.Event.none, keyHash: UInt64(event % 7)))
    }
  }
}

private final class Eight: Encoder {
  func encode(row: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    let event = batch.rows.rows[row].event
    let start = Int(batch.events[Int(event)].offset)
    payload.bytes.append(UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[start..<start + 8]))
    payload.rows.append(.init(end: UInt64(payload.bytes.count), event: event))
  }
}

private final class Memory: Target, @unchecked Sendable {
  let stored = Mutex<[UInt64]>([])
  /// How long a write takes, in microseconds.
  private let slowness: UInt32

  init(slowness: UInt32 = 0) { self.slowness = slowness }

  func open(at mark: Value?) async throws(ConnectorError) -> Position? { nil }
  func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder { Eight() }

  func write(_ payloads: [Payload]) async throws(ConnectorError) -> Written {
    if slowness > 0 { usleep(slowness) }
    for payload in payloads {
      for index in 0..<payload.rows.count {
        let number = payload.bytes.bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
        stored.withLock { $0.append(UInt64(littleEndian: number)) }
      }
    }
    return Written()
  }

  func flush() async throws(ConnectorError) -> Value? { nil }
  func finish() async throws(ConnectorError) {}
  func close() async {}
}

/// Names a row as parked that it may not have been given.
private final class Confused: ParkingTarget {
  private let place: RowPlace
  let rowsAtOnce = 1

  init(_ place: RowPlace) { self.place = place }

  func open(at mark: Value?) async throws(ConnectorError) -> Position? { nil }
  func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder { Eight() }
  func write(_ payloads: [Payload]) async throws(ConnectorError) -> Written { Written() }
  func write(_ payloads: [Payload], withholding keys: Set<UInt64>) async throws(ConnectorError) -> Written {
    Written(parked: [Parked(place, key: 1)])
  }
  func flush() async throws(ConnectorError) -> Value? { nil }
  func finish() async throws(ConnectorError) {}
  func close() async {}
}
