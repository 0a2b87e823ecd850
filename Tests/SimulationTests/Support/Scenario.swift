import Flows
import Pipelines
import Records

/// What one simulated run is made of; all of it follows from the seed.
struct Scenario: Sendable {
  enum SourceKind: String, CaseIterable, Sendable {
    /// Can be read again from a position, as far as it was not pruned; ends.
    case log
    /// Messages are acknowledged one by one and come back otherwise.
    case queue
    /// Callers wait until their event is durable in an embedded log.
    case callers
  }

  enum TargetKind: String, CaseIterable, Sendable {
    /// A file: durable when flushed, cut back to the mark when opened.
    case marked
    /// A table: every row is durable as soon as it is written.
    case rowByRow
    /// Rows wait in memory until the flush.
    case buffered
    /// Stores the progress with the rows, and the source's transactions as a whole.
    case transactional
  }

  /// What can fail, or be interrupted by a crash.
  enum Effect: Int, CaseIterable, Sendable {
    case openSource, read, acknowledge, openTarget, write, flush, finish, openCheckpoint, save, openLetters, letters,
      flushLetters, openKeys, keys, flushKeys
  }

  /// The n-th call of an effect fails.
  struct Fault: Sendable, Equatable {
    var effect: Effect
    var call: Int
    /// Whether trying again cannot help; the flow ends then, and another one starts.
    var isFatal: Bool
  }

  var seed: UInt64
  var source: SourceKind
  var target: TargetKind
  var events: [SimulatedEvent]
  /// Whether an acknowledged position can no longer be read.
  var prunes: Bool
  var partitions: Int
  var batchEvents: Int
  var computeLanes: Int
  var targetLanes: Int
  var inFlightBytes: Int
  var checkpointEvery: Duration
  var gatherWait: Duration
  var gatherRecords: Int
  var rate: Double?
  var faults: [Fault]
  /// The target is away for this time.
  var outage: Range<Duration>?
  /// After how many jobs of each flow the power fails; the last flow runs undisturbed.
  var crashes: [Int]
  /// Crashes that come right at the n-th call of an effect, before or after it took place.
  var effectCrashes: [Fault]
  /// Crashes of a target that stores progress, right at the n-th call of an effect; the flow lives on.
  var targetCrashes: [Fault] = []
  /// After how many jobs the flow is asked to stop; it is started again.
  var stop: Int?
  /// How many events each of the source's transactions has.
  var transactionEvents = 1
  /// When a second stop is asked for, in the same way.
  var secondStop: Int?
  /// At which reads the source asks to be opened anew.
  var reopens: Set<Int> = []
  /// How many keys a `dedupe` step remembers; nil: there is none.
  var remembered: Int?
  var flaw: Flaw?
  /// What a test sets beyond that.
  var adjust: (@Sendable (inout FlowSettings) -> Void)?

  init(seed: UInt64, flaw: Flaw? = nil) {
    var random = SeededRandom(seed: seed)
    self.seed = seed
    self.flaw = flaw
    source = random.pick(SourceKind.allCases)
    target = random.pick(TargetKind.allCases)
    let keys = 1 + random.below(5)
    let troubled = random.chance(60)
    events = (0..<(3 + random.below(28))).map { sequence in
      let fate = troubled && random.chance(35) ? random.pick(Fate.certain) : .written
      return SimulatedEvent(key: random.below(keys), sequence: sequence, fate: fate)
    }
    prunes = random.chance(70)
    partitions = source == .log ? 1 + random.below(3) : 1
    batchEvents = 1 + random.below(4)
    computeLanes = 1 + random.below(3)
    targetLanes = 1 + random.below(3)
    inFlightBytes = random.pick([1, 4_000, 16_000, 1_000_000])
    checkpointEvery = random.pick([.zero, .milliseconds(2), .milliseconds(10), .seconds(1)])
    gatherWait = random.pick([.zero, .milliseconds(1), .milliseconds(5)])
    gatherRecords = random.pick([1, 4, 100])
    rate = random.chance(10) ? 8 : nil
    faults = (0..<random.pick([0, 0, 1, 2, 4])).map { _ in Self.fault(&random, fatal: 15) }
    outage =
      random.chance(15) ? .milliseconds(5)..<(.milliseconds(5) + .milliseconds(50) * (1 + random.below(40))) : nil
    crashes = (0..<random.pick([0, 0, 1, 2])).map { _ in 1 + random.below(700) }
    effectCrashes = (0..<random.pick([0, 1, 1, 2])).map { _ in Self.fault(&random, fatal: 50) }
    stop = random.chance(20) ? random.below(600) : nil
    if target == .transactional { keepTransactions(of: 1 + random.below(9)) }
    if random.chance(40) {
      remembered = random.pick([1, 3, 1_000])
      repeatSome(&random)
    }
    if random.chance(30) { reopens = Set((0..<4).map { _ in 1 + random.below(20) }) }
    targetCrashes = (0..<random.pick([0, 1, 2, 4])).map { _ in
      Fault(effect: random.pick([.write, .flush]), call: 1 + random.below(12), isFatal: false)
    }
  }

  /// Makes some events repetitions of earlier ones, where the order of reading is that of the events. Whether a target
  /// refuses an event before its repetition is read is a matter of chance, so none of both is refused.
  private mutating func repeatSome(_ random: inout SeededRandom) {
    guard source != .queue, partitions == 1 else { return }
    for index in events.indices.dropFirst() where random.chance(30) {
      let original = events[random.below(index)]
      if original.fate.isRefused { continue }
      events[index].identity = original.identity
      if events[index].fate.isRefused { events[index].fate = .written }
    }
  }

  /// Which event each duplicate repeats, by their places.
  var originals: [Int: Int] {
    guard let remembered else { return [:] }
    var known: [SimulatedEvent] = []
    var originals: [Int: Int] = [:]
    for event in events where event.fate != .undecodable {
      if let original = known.last(where: { $0.identity == event.identity }) {
        originals[event.sequence] = original.sequence
      } else if event.fate != .unmappable, event.fate != .unencodable {
        known = known.suffix(remembered - 1) + [event]
      }
    }
    return originals
  }

  /// A scenario without any trouble of its own, for tests that bring one.
  static func quiet(_ source: SourceKind, _ target: TargetKind, events: Int = 6, seed: UInt64 = 7) -> Scenario {
    var scenario = Scenario(seed: seed)
    scenario.source = source
    scenario.target = target
    scenario.events = (0..<events).map {
      SimulatedEvent(key: $0 % 2, sequence: $0, fate: $0 == 2 ? .rejected : .written)
    }
    scenario.remembered = 1_000
    if events > 3, source != .queue { scenario.events[3].identity = 1 }
    scenario.prunes = true
    scenario.partitions = 1
    scenario.batchEvents = 2
    scenario.computeLanes = 2
    scenario.targetLanes = 2
    scenario.inFlightBytes = 16_000
    scenario.checkpointEvery = .milliseconds(2)
    scenario.gatherWait = .milliseconds(1)
    scenario.gatherRecords = 100
    scenario.rate = nil
    scenario.faults = []
    scenario.outage = nil
    scenario.crashes = []
    scenario.effectCrashes = []
    scenario.targetCrashes = []
    scenario.stop = nil
    scenario.reopens = []
    if target == .transactional { scenario.keepTransactions(of: 5) }
    return scenario
  }

  /// A target that stores transactions has one lane, and a source that has them.
  mutating func keepTransactions(of events: Int) {
    targetLanes = 1
    partitions = 1
    if source == .queue { source = .log }
    // What callers bring comes one by one.
    transactionEvents = source == .log ? events : 1
  }

  /// Whether the event after this one belongs to the same transaction.
  func isInside(after sequence: Int) -> Bool {
    sequence + 1 < events.count && (sequence + 1) % transactionEvents != 0
  }

  private static func fault(_ random: inout SeededRandom, fatal percent: Int) -> Fault {
    Fault(
      effect: random.pick(Effect.allCases), call: random.pick([1, 1, 2, 3, 4, 6, 9]), isFatal: random.chance(percent))
  }

  var settings: FlowSettings {
    var settings = FlowSettings(pipeline: "simulated", fingerprint: "f")
    settings.computeLanes = computeLanes
    settings.batchBytes = batchEvents * SimulatedEvent.length
    settings.batch.records = gatherRecords
    settings.batch.wait = gatherWait
    settings.retry.delays = .exponential(first: .milliseconds(1), factor: 2, max: .milliseconds(20), attempts: 4)
    settings.retry.parkFor = nil
    settings.retry.breaker.failures = 3
    settings.retry.breaker.within = .milliseconds(500)
    settings.retry.breaker.openFor = .milliseconds(40)
    settings.checkpointEvery = checkpointEvery
    settings.limits.inFlightBytes = inFlightBytes
    settings.limits.rate = rate
    settings.stalledAfter = .milliseconds(200)
    settings.dedupes = remembered.map { [DedupeWindow(time: nil, records: $0)] } ?? []
    adjust?(&settings)
    return settings
  }
}
