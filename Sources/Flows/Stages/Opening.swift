import ConnectorKit
import Expressions
import Pipelines
import Records

/// Opens everything that a flow touches, in the order in which it depends on each other, and closes it again.
struct Opening: Sendable {
  /// What is open.
  struct Opened: Sendable {
    var checkpoint: Checkpoint
    var upstream: Upstream
    /// One a compute lane.
    var tools: [Tools]
    /// The target, where it stores the flow's progress with its rows.
    var transactional: (any TransactionalTarget)?
    /// What the `dedupe` steps remember; nil where there are none.
    var keys: KeyMemory?
  }

  private let settings: FlowSettings
  private let source: any Source
  private let targets: [any Target]
  private let route: @Sendable ([SourceTable]) throws(ConnectorError) -> Routing
  private let lanes: Lanes
  private let world: World
  private let upstream: Upstream
  /// Whether nothing was under way before: an outage that outlasts the delays ends the run then, and is waited for later.
  private let isStart: Bool

  init(
    _ settings: FlowSettings, _ source: any Source, _ targets: [any Target],
    _ route: @escaping @Sendable ([SourceTable]) throws(ConnectorError) -> Routing, _ lanes: Lanes,
    isStart: Bool, in world: World
  ) {
    self.isStart = isStart
    self.settings = settings
    self.source = source
    self.targets = targets
    self.route = route
    self.lanes = lanes
    self.world = world
    upstream = Upstream(source, settings.retry, in: world)
  }

  func result() async -> Result<Opened, FlowError> {
    do { return .success(try await open()) } catch { return .failure(error) }
  }

  private func open() async throws(FlowError) -> Opened {
    var checkpoint = try await loadCheckpoint()
    let routing = try await routing(at: checkpoint.position)
    var encoders: [[any Encoder]] = []
    for lane in targets.indices {
      let (kept, made) = try await openTarget(lane, routing.streams, mark: checkpoint.marks[lane])
      encoders.append(made.encoders)
      // The position that a target keeps with the data wins over the file's; several lanes keep several, none of which
      // is all of it.
      if let kept, targets.count == 1 { checkpoint.position = kept }
    }
    let transactional = transactional
    var isAhead = false
    if let transactional, let stored = try await readProgress(transactional) { isAhead = checkpoint.take(stored) }
    try await world.deadLetters.open(at: checkpoint.deadLetters)
    let keys = try await openKeys(at: checkpoint.keys)
    let extent = try await openSource(at: checkpoint.position)
    if checkpoint.runs == 0 { try await saveFirst(&checkpoint) } else if isAhead { try await save(&checkpoint) }
    try await acknowledgeAgain(checkpoint.position)
    if isStart || checkpoint.runs == 0 {
      checkpoint.runs += 1
      world.observe(.started(position: checkpoint.position, run: checkpoint.runs, extent: extent))
    }
    return Opened(
      checkpoint: checkpoint, upstream: upstream, tools: tools(encoders, routing), transactional: transactional,
      keys: keys)
  }

  /// The target, where it stores the flow's progress with its rows; several lanes would store several, none of which is
  /// all of it.
  private var transactional: (any TransactionalTarget)? {
    guard targets.count == 1, let target = targets[0] as? any TransactionalTarget else { return nil }
    return target.storesProgress ? target : nil
  }

  private func readProgress(_ target: any TransactionalTarget) async throws(FlowError) -> Progress? {
    try await withTaskExecutorPreference(lanes.targets[0]) { () async throws(FlowError) -> Progress? in
      var attempts = Attempts(.target(lane: 0), settings.retry, isStart: isStart, in: world)
      while true {
        do throws(ConnectorError) {
          return try await target.storedProgress().flatMap { Progress($0) }
        } catch {
          try await attempts.failed(error)
        }
      }
    }
  }

  /// What was remembered at the place that the run starts from: events behind it are read again, and were not seen yet.
  private func openKeys(at mark: KeyMark?) async throws(FlowError) -> KeyMemory? {
    guard !settings.dedupes.isEmpty else { return nil }
    let everything = KeyMark(end: .max, heads: [UInt64](repeating: 0, count: settings.dedupes.count))
    let stored = try await world.keys.open(at: world.flaw == .keysNotCutBack ? everything : mark)
    if world.flaw == .replayedKeysGoEarly { try await world.keys.release(before: stored.mark.oldest) }
    if stored.missing > 0 {
      world.observe(
        .note(
          "\(stored.missing) of the keys that dedupe remembers are missing or damaged: when their events come again,"
            + " they are let through."))
    }
    return KeyMemory(settings.dedupes, from: stored)
  }

  private func loadCheckpoint() async throws(FlowError) -> Checkpoint {
    let fresh = Checkpoint(
      pipeline: settings.pipeline, fingerprint: settings.fingerprint, lanes: targets.count)
    guard var checkpoint = try await world.checkpoints.open() else { return fresh }
    // Nothing was read by then, so it binds nobody to the pipeline as it was.
    if checkpoint.runs == 0 && checkpoint.fingerprint != settings.fingerprint { return fresh }
    try checkpoint.check(
      pipeline: settings.pipeline, fingerprint: settings.fingerprint, lanes: targets.count,
      path: world.checkpoints.name)
    if checkpoint.marks.count != targets.count { checkpoint.marks = fresh.marks }
    return checkpoint
  }

  private func routing(at position: Position?) async throws(FlowError) -> Routing {
    try await withTaskExecutorPreference(lanes.source) { () async throws(FlowError) in
      var attempts = Attempts(.source, settings.retry, isStart: isStart, in: world)
      while true {
        do throws(ConnectorError) {
          return try route(try await source.tables(at: position))
        } catch {
          await source.close()
          try await attempts.failed(error)
        }
      }
    }
  }

  /// `@unchecked Sendable`: made on the target's lane, and then handed to the compute lanes once.
  private struct Made: @unchecked Sendable { var encoders: [any Encoder] }

  private func openTarget(
    _ lane: Int, _ streams: [TargetStream], mark: Value?
  ) async throws(FlowError) -> (Position?, Made) {
    let target = targets[lane]
    return try await withTaskExecutorPreference(lanes.targets[lane]) { () async throws(FlowError) in
      var attempts = Attempts(.target(lane: lane), settings.retry, isStart: isStart, in: world)
      while true {
        do throws(ConnectorError) {
          let position = try await target.open(at: mark)
          var made = Made(encoders: [])
          for _ in lanes.compute { made.encoders.append(try target.makeEncoder(streams)) }
          attempts.succeeded()
          return (position, made)
        } catch {
          await target.close()
          try await attempts.failed(error)
        }
      }
    }
  }

  private func openSource(at position: Position?) async throws(FlowError) -> Extent? {
    try await withTaskExecutorPreference(lanes.source) { () async throws(FlowError) in
      try await upstream.start(at: position, isStart: isStart)
    }
  }

  /// Before anything is read, so that a crash in the first seconds knows what was there before it.
  private func saveFirst(_ checkpoint: inout Checkpoint) async throws(FlowError) {
    for lane in targets.indices { checkpoint.marks[lane] = try await flush(lane) }
    checkpoint.deadLetters = try await world.deadLetters.flush()
    try await save(&checkpoint)
  }

  private func save(_ checkpoint: inout Checkpoint) async throws(FlowError) {
    checkpoint.savedAt = world.wallTime()
    try await world.checkpoints.save(checkpoint)
  }

  /// The last run may have ended between its checkpoint and the acknowledgement.
  private func acknowledgeAgain(_ position: Position?) async throws(FlowError) {
    guard let position else { return }
    try await withTaskExecutorPreference(lanes.source) { () async throws(FlowError) in
      try await upstream.acknowledge([position])
    }
  }

  private func flush(_ lane: Int) async throws(FlowError) -> Value? {
    let target = targets[lane]
    return try await withTaskExecutorPreference(lanes.targets[lane]) { () async throws(FlowError) -> Value? in
      var attempts = Attempts(.target(lane: lane), settings.retry, isStart: isStart, in: world)
      while true {
        do throws(ConnectorError) {
          return try await target.flush()
        } catch {
          try await attempts.failed(error)
        }
      }
    }
  }

  private func tools(_ encoders: [[any Encoder]], _ routing: Routing) -> [Tools] {
    lanes.compute.indices.map { lane in
      Tools(
        decoder: source.makeDecoder(), contract: routing.contract.map { ContractStage($0) },
        mapper: routing.makeMapper(),
        encoders: encoders.map { $0[lane] })
    }
  }

  /// Closes in the opposite order; what was not opened bears it.
  func close() async {
    await withTaskExecutorPreference(lanes.source) { await upstream.close() }
    for lane in targets.indices {
      await withTaskExecutorPreference(lanes.targets[lane]) { await targets[lane].close() }
    }
    await world.keys.close()
    await world.deadLetters.close()
    await world.checkpoints.close()
  }
}
