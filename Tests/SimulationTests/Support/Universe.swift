import Flows
import Records

/// What outlives a crash, and what is known about it from outside: the disks of the simulated systems.
///
/// `@unchecked Sendable`: touched on the simulation's one thread alone.
final class Universe: @unchecked Sendable {
  let scenario: Scenario
  /// The world of the flow that runs now.
  var simulator: Simulator
  /// What was found wrong; empty in a right engine.
  private(set) var violations: [String] = []
  /// How often each effect was called.
  private(set) var calls: [Scenario.Effect: Int] = [:]
  /// What the flows told, and when.
  var heard: [(at: Duration, event: Flow.Event)] = []

  // MARK: Disks
  var checkpoint: SavedCheckpoint?
  /// While a rename is not durable: what the file is after a crash that undoes it.
  var checkpointBefore: SavedCheckpoint??

  private struct Commit {
    /// How many rows the table has then.
    var rows: Int
    var progress: Value?
  }

  struct SavedCheckpoint: Sendable {
    var text: String
    var checkpoint: Checkpoint
  }

  var letters: [DeadLetter] = []
  /// Letters that the disk does not hold for sure, the last of `letters`.
  var lettersUnsynced = 0
  var keys: [RememberedKey] = []
  /// Keys that the disk does not hold for sure, the last of `keys`.
  var keysUnsynced = 0
  /// Keys before this number are not needed any more.
  var keysReleased: UInt64 = 0
  /// What replays of dead letters let through since the last run; the last of them the disk does not hold for sure.
  var replayedKeys: [RememberedKey] = []
  var replayedUnsynced = 0
  /// The dead letters that were replayed, by sequence.
  var journal: Set<Int> = []
  /// One a lane.
  var tables: [[SimulatedRow]]
  var isFinished: [Bool]
  /// Rows that a target holds in memory until its flush, one a lane.
  var pending: [[SimulatedRow]]
  /// What a target that stores progress has committed: what is durable for sure, and behind it what a crash may take.
  private var commits = [Commit(rows: 0)]
  /// Whether a crash has taken something, and the engine was not told yet.
  var hasLostCommits = false
  /// Whether the outage of the scenario may happen to the flow that runs now.
  var mayBeAway = false
  /// Whether it may from the moment on at which everything is open.
  var mayBeAwayOnceOpen = false
  /// The last delivery of each key that was written by the flow that runs now.
  var written: [Int: Int] = [:]

  /// How often the target failed for an event, by sequence.
  private var failures: [Int: Int] = [:]

  /// What a target stored with its rows.
  var progress: Value? { commits.last?.progress }

  // MARK: The source's side
  var deliveries = 0
  var reads = 0
  /// For each partition of a log: how many of its events were pruned.
  var pruned: [Int]
  /// For a queue: the events that still stand in it, by sequence, in order.
  var standing: [Int]
  /// For callers: how many events are durable in the embedded log, so that their callers were answered.
  var answered = 0
  /// How many of the events callers bring, as yet.
  var callersEnd: Int
  /// Everything that was acknowledged, by sequence.
  var acknowledged: Set<Int> = []

  /// Which event each duplicate repeats, by their places.
  let originals: [Int: Int]

  init(_ scenario: Scenario) {
    self.scenario = scenario
    originals = scenario.originals
    simulator = Simulator(seed: scenario.seed ^ 0x5eed)
    tables = Array(repeating: [], count: scenario.targetLanes)
    pending = tables
    isFinished = Array(repeating: false, count: scenario.targetLanes)
    pruned = Array(repeating: 0, count: scenario.partitions)
    callersEnd = scenario.events.count
    standing = scenario.events.map(\.sequence)
  }

  func violate(_ text: String) {
    if violations.count < 5 { violations.append(text) }
  }

  /// The events of a partition, in order.
  func partition(_ number: Int) -> [SimulatedEvent] {
    scenario.events.filter { $0.key % scenario.partitions == number }
  }

  /// Whether the target fails for the event now.
  func fails(_ event: SimulatedEvent) -> Bool {
    guard event.fate == .failing || event.fate == .poisonous else { return false }
    failures[event.sequence, default: 0] += 1
    return event.fate == .poisonous || failures[event.sequence, default: 0] <= 1 + event.sequence % 3
  }

  /// Counts the call and says whether it fails; crashes where the scenario says so.
  func begin(_ effect: Scenario.Effect) -> Scenario.Fault? {
    let call = calls[effect, default: 0] + 1
    calls[effect] = call
    simulator.note(UInt64(call) << 8 | UInt64(effect.rawValue))
    if scenario.effectCrashes.contains(where: { $0.effect == effect && $0.call == call && $0.isFatal }) { crash() }
    return scenario.faults.first { $0.effect == effect && $0.call == call }
  }

  /// After the effect took place, before anybody hears of it.
  func end(_ effect: Scenario.Effect) {
    let call = calls[effect, default: 0]
    if scenario.effectCrashes.contains(where: { $0.effect == effect && $0.call == call && !$0.isFatal }) { crash() }
  }

  /// The power fails: what is not on a disk for sure may be there, in part, or not.
  func crash() {
    guard simulator.isAlive else { return }
    simulator.isAlive = false
    simulator.note(.max)
    letters.removeLast(simulator.random.below(lettersUnsynced + 1))
    lettersUnsynced = 0
    keys.removeLast(simulator.random.below(keysUnsynced + 1))
    keysUnsynced = 0
    replayedKeys.removeLast(simulator.random.below(replayedUnsynced + 1))
    replayedUnsynced = 0
    if let before = checkpointBefore, simulator.random.chance(50) { checkpoint = before }
    checkpointBefore = nil
    _ = loseCommits()
    for lane in pending.indices where scenario.target == .marked {
      tables[lane] += pending[lane].prefix(simulator.random.below(pending[lane].count + 1))
    }
  }

  // MARK: - A target that stores progress

  /// Everything in the table was committed with that progress.
  func commit(_ progress: Value) { commits.append(Commit(rows: tables[0].count, progress: progress)) }

  /// Makes all commits durable.
  func flushCommits() { commits.removeFirst(commits.count - 1) }

  /// Takes some of the last commits that are not durable.
  ///
  /// - Returns: whether it took any.
  func loseCommits() -> Bool {
    guard scenario.target == .transactional else { return false }
    let lost = simulator.random.below(commits.count)
    commits.removeLast(lost)
    tables[0] = Array(tables[0].prefix(commits.last?.rows ?? 0))
    return lost > 0
  }

  /// Whether the target crashes at this call of an effect.
  func crashesTarget(at effect: Scenario.Effect) -> Bool {
    scenario.targetCrashes.contains { $0.effect == effect && $0.call == calls[effect] }
  }

  /// A new flow starts on what is left.
  func restart(_ number: Int) {
    simulator = Simulator(seed: scenario.seed &* 31 &+ UInt64(number))
    pending = Array(repeating: [], count: scenario.targetLanes)
    written = [:]
    checkpointBefore = nil
    lettersUnsynced = 0
    keysUnsynced = 0
    replayedUnsynced = 0
    hasLostCommits = false
  }

  /// The checkpoint as it stands on the disk now.
  var durableCheckpoint: Checkpoint? { (checkpointBefore ?? checkpoint)?.checkpoint }

  /// Whoever looks at the target sees each of the source's transactions whole or not at all.
  func checkTransactions() {
    let stored = Set(tables.joined().map(\.event.sequence))
    let wanted = scenario.events.filter { $0.fate.rows > 0 && originals[$0.sequence] == nil }.map(\.sequence)
    for (transaction, events) in Dictionary(grouping: wanted, by: { $0 / scenario.transactionEvents }) {
      let seen = events.filter { stored.contains($0) }.count
      if seen != 0 && seen != events.count {
        violate("transaction \(transaction) is torn: \(seen) of \(events.count) events are seen")
      }
    }
  }

  /// Whether everything that has to be stored of the event is, now.
  func isDurable(_ event: SimulatedEvent) -> Bool {
    if let original = originals[event.sequence] { return isDurable(scenario.events[original]) }
    if event.fate.code != nil {
      let sure = letters.dropLast(lettersUnsynced)
      return sure.contains { $0.text == event.sequence }
    }
    let sure = scenario.target == .transactional ? [tables[0].prefix(commits[0].rows)] : tables.map { $0[...] }
    let rows = sure.joined().filter { $0.event.sequence == event.sequence }
    return Set(rows.map(\.key)).count >= event.fate.rows
  }
}

extension DeadLetter {
  /// The sequence of the simulated event in it.
  var text: Int? {
    let text = raw.map { String(decoding: $0, as: UTF8.self) } ?? record?.split(separator: "\"").first.map(String.init)
    return text.flatMap { $0.count >= 7 ? Int($0.dropFirst(3).prefix(4)) : nil }
  }
}
