import ConnectorKit
import Records

@testable import Flows

/// Dead letters on their way once more, mended, until the journal has them all.
actor SimulatedReplay: Source {
  private let universe: Universe
  private let effects: SimulatedEffects
  private var letters: [SimulatedEvent] = []
  private var next = 0

  init(_ universe: Universe, _ effects: SimulatedEffects) {
    self.universe = universe
    self.effects = effects
  }

  func open(at position: Position?) async throws(ConnectorError) {
    letters = try await effects.perform(.openSource) { () throws(ConnectorError) in
      universe.letters.compactMap(\.text).filter { !universe.journal.contains($0) }.map { sequence in
        var event = universe.scenario.events[sequence]
        event.fate = .written
        return event
      }
    }
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    guard next < letters.count else { return .end }
    try await effects.perform(.read) { () throws(ConnectorError) in }
    batch.bytes.append(letters[next].line)
    batch.inputBytes = batch.bytes.count
    batch.origin = Origin(name: "letters")
    next += 1
    batch.position = Position(format: 1, value: .int(Int64(next)))
    return .batch
  }

  func acknowledge(_ positions: [Position]) async throws(ConnectorError) {
    try await effects.perform(.acknowledge) { () throws(ConnectorError) in
      for event in letters.prefix(Int(positions.last?.value.int ?? 0)) { universe.journal.insert(event.sequence) }
    }
  }

  nonisolated func makeDecoder() -> any Decoder { SimulatedDecoder() }
  func extent() async -> Extent? { nil }
  func close() async { await effects.simulator.pause() }
}

/// The pipeline's target, as a replay has it: it stores no progress, and its rows are durable when they are written.
actor SimulatedReplayTarget: Target {
  private let universe: Universe
  private let effects: SimulatedEffects

  init(_ universe: Universe, _ effects: SimulatedEffects) {
    self.universe = universe
    self.effects = effects
  }

  func open(at mark: Value?) async throws(ConnectorError) -> Position? { nil }

  nonisolated func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder { SimulatedEncoder() }

  func write(_ payloads: [Payload]) async throws(ConnectorError) -> Written {
    let rows = payloads.map(SimulatedRow.all).joined()
    return try await effects.perform(.write) { () throws(ConnectorError) in
      universe.tables[0] += rows
      if universe.scenario.target == .transactional, let progress = universe.progress {
        universe.commit(progress)
        universe.flushCommits()
      }
      return Written()
    }
  }

  func flush() async throws(ConnectorError) -> Value? { nil }
  func finish() async throws(ConnectorError) {}
  func close() async {}
}

/// What the pipeline remembers at its checkpoint, and what replays let through beside it.
struct SimulatedReplayKeys: KeyStore {
  let universe: Universe
  let effects: SimulatedEffects

  func open(at _: KeyMark?) async throws(FlowError) -> StoredKeys {
    try await effects.file(.openKeys) {
      guard let mark = universe.durableCheckpoint?.keys else { return StoredKeys() }
      var stored = StoredKeys(mark: mark, keys: Array(universe.keys.prefix(Int(mark.end))))
      stored.replayed = universe.replayedKeys
      return stored.withReplayed
    }
  }

  func append(_ keys: NumberedKeys) async throws(FlowError) {
    try await effects.file(.keys) {
      universe.replayedKeys += keys.keys
      universe.replayedUnsynced += keys.keys.count
    }
  }

  func flush() async throws(FlowError) { try await effects.file(.flushKeys) { universe.replayedUnsynced = 0 } }
  func release(before number: UInt64) async throws(FlowError) {}
  func close() async {}
}

/// The journal is all that a replay keeps.
struct NoCheckpoints: CheckpointStore {
  var name: String { "none" }
  func open() async throws(FlowError) -> Checkpoint? { nil }
  func save(_ checkpoint: Checkpoint) async throws(FlowError) {}
  func close() async {}
}

struct NoLetters: DeadLetterSink {
  func open(at mark: Value?) async throws(FlowError) {}
  func append(_ letters: [DeadLetter]) async throws(FlowError) {}
  func flush() async throws(FlowError) -> Value? { nil }
  func close() async {}
}
