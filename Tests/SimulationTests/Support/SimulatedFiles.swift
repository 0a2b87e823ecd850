import Flows
import Records

/// The checkpoint's file: a save is a temporary file, then a rename, then the folder's fsync, and the power may fail
/// between any two of them.
struct SimulatedCheckpoints: CheckpointStore {
  let universe: Universe
  let effects: SimulatedEffects
  var name: String { "simulated" }

  func open() async throws(FlowError) -> Checkpoint? {
    guard let saved = try await effects.file(.openCheckpoint, { universe.checkpoint }) else { return nil }
    let read = try Checkpoint(json: saved.text, path: name)
    if read != saved.checkpoint { universe.violate("a checkpoint reads differently: \(read), not \(saved.checkpoint)") }
    return read
  }

  func save(_ checkpoint: Checkpoint) async throws(FlowError) {
    let saved = Universe.SavedCheckpoint(text: checkpoint.json, checkpoint: checkpoint)
    await effects.simulator.pause()
    try await effects.file(.save) {
      universe.checkpointBefore = .some(universe.checkpoint)
      universe.checkpoint = saved
      await effects.simulator.pause()
      if effects.simulator.isAlive { universe.checkpointBefore = nil }
    }
  }

  func close() async {}
}

/// The files of remembered keys, as one list.
struct SimulatedKeys: KeyStore {
  let universe: Universe
  let effects: SimulatedEffects

  func open(at mark: KeyMark?) async throws(FlowError) -> StoredKeys {
    try await effects.file(.openKeys) {
      if mark == nil { universe.replayedKeys = [] }
      let mark = mark ?? KeyMark(end: 0, heads: [])
      if mark.oldest < universe.keysReleased { universe.violate("remembered keys were thrown away too early") }
      if mark.end != .max, universe.keys.count < mark.end {
        universe.violate("remembered keys of the checkpoint are lost")
      }
      universe.keys = Array(universe.keys.prefix(Int(clamping: mark.end)))
      universe.keysUnsynced = 0
      var stored = StoredKeys(mark: mark, keys: universe.keys)
      stored.replayed = universe.replayedKeys
      return stored
    }
  }

  func append(_ keys: NumberedKeys) async throws(FlowError) {
    try await effects.file(.keys) {
      if keys.first != universe.keys.count {
        universe.violate("keys from \(keys.first) on, after \(universe.keys.count)")
      }
      universe.keys += keys.keys
      universe.keysUnsynced += keys.keys.count
    }
  }

  func flush() async throws(FlowError) { try await effects.file(.flushKeys) { universe.keysUnsynced = 0 } }

  func release(before number: UInt64) async throws(FlowError) {
    guard effects.simulator.isAlive else { return }
    universe.keysReleased = max(universe.keysReleased, number)
    universe.replayedKeys = []
  }

  func close() async {}
}

struct SimulatedLetters: DeadLetterSink {
  let universe: Universe
  let effects: SimulatedEffects

  func open(at mark: Value?) async throws(FlowError) {
    try await effects.file(.openLetters) {
      guard let count = mark?["letters"]?.int else { return }
      if universe.letters.count < count { universe.violate("dead letters of the checkpoint are lost") }
      let cut = universe.letters.count - Int(count)
      universe.letters.removeLast(max(0, cut))
      universe.lettersUnsynced = max(0, universe.lettersUnsynced - cut)
    }
  }

  func append(_ letters: [DeadLetter]) async throws(FlowError) {
    try await effects.file(.letters) {
      universe.letters += letters
      universe.lettersUnsynced += letters.count
    }
  }

  func flush() async throws(FlowError) -> Value? {
    try await effects.file(.flushLetters) {
      universe.lettersUnsynced = 0
      return ["letters": .int(Int64(universe.letters.count))]
    }
  }

  func close() async {}
}
