import ConnectorKit
import Records

/// Keeps the promise of Invariant 1: draws barriers, and when all before one is durable, saves the checkpoint and tells
/// the source. Writes the dead letters and watches that the flow moves.
struct Keeper {
  /// What makes a prefix of the stream safe.
  enum Step: Sendable { case targets, deadLetters, keys, checkpoint, acknowledge }

  let books: Books
  let pool: ParcelPool
  let upstream: Upstream
  let sourceLane: any TaskExecutor
  let settings: FlowSettings
  let world: World
  var checkpoint: Checkpoint
  /// Whether the target stores the progress, and the dead letters before its rows are written with it.
  let isStored: Bool
  private let gate: TransactionGate
  /// Whether the checkpoint counts on what this opening remembers, and not on what it found.
  private var keysAreStored = false
  /// Safe, and not acknowledged yet.
  private var pending: [Position] = []
  private var drawnAt: Duration
  private var keptAliveAt: Duration
  private var stallToldAt: Duration = .zero

  init(
    books: Books, pool: ParcelPool, upstream: Upstream, sourceLane: any TaskExecutor, settings: FlowSettings,
    world: World, checkpoint: Checkpoint, isStored: Bool, gate: TransactionGate
  ) {
    self.books = books
    self.pool = pool
    self.upstream = upstream
    self.sourceLane = sourceLane
    self.settings = settings
    self.world = world
    self.checkpoint = checkpoint
    self.isStored = isStored
    self.gate = gate
    drawnAt = world.now()
    keptAliveAt = drawnAt
  }

  /// Invariant 1: durable in the targets, durable as dead letters, durable in the checkpoint, and only then upstream. What
  /// `dedupe` remembers is durable before the checkpoint that counts on it.
  private var steps: [Step] {
    switch world.flaw {
    case .checkpointBeforeWrite: [.deadLetters, .checkpoint, .targets, .acknowledge]
    case .acknowledgeBeforeCheckpoint: [.targets, .deadLetters, .acknowledge, .checkpoint]
    case .deadLettersNotDurable: [.targets, .checkpoint, .acknowledge]
    default: [.targets, .deadLetters, .keys, .checkpoint, .acknowledge]
    }
  }

  /// Runs until everything that the reader read is safe.
  mutating func run() async throws(FlowError) {
    var end: Books.ReaderEnd?
    repeat {
      end = try await waitUntilDue()
      if end == nil { try await advance(steps) }
    } while end == nil
    try leave(end)
    guard case .ended = end else { return try await advance(steps) }
    try await finish()
  }

  /// A source that fails inside of a transaction leaves a part of it that will never be stored, so nobody waits for it.
  private func leave(_ end: Books.ReaderEnd?) throws(FlowError) {
    if case .failed(let error) = end, gate.isInside { throw error }
  }

  /// The last steps of a source that has ended. The checkpoint says so before the targets finish, so that a run that
  /// stops in between finds nothing to read again and finishes them once more.
  private mutating func finish() async throws(FlowError) {
    if checkpoint.stage == .finished && !books.hasRead { return try await advance([.checkpoint]) }
    checkpoint.stage = .ended
    try await advance(steps.filter { $0 != .acknowledge })
    checkpoint.stage = .finished
    try await advance(steps, finishes: true)
  }

  // MARK: - Waiting

  /// - Returns: how the reader ended; nil when a checkpoint is due before that.
  private mutating func waitUntilDue() async throws(FlowError) -> Books.ReaderEnd? {
    while !Task.isCancelled {
      let view = try await look(before: .max)
      if let end = view.readerEnd { return end }
      let due = view.isDirty ? drawnAt + settings.checkpointEvery : nil
      if let due, view.isCrowded || due <= world.now() { return nil }
      await rest(view, until: due)
    }
    throw .interrupted
  }

  /// Waits for a ring, and no longer than until the next thing that the clock brings.
  private mutating func rest(_ view: Books.View, until due: Duration?) async {
    let now = world.now()
    let alive = await keepAlive(now)
    let times = [due, watch(view, now), alive].compactMap(\.self)
    guard let next = times.min() else { return await books.keeper.wait() }
    await books.keeper.wait(for: max(.zero, next - now), in: world)
  }

  /// How often a source that wants it gives a sign of life; servers wait a minute for one, as a rule.
  private static let keepAliveEvery = Duration.seconds(10)

  /// - Returns: when it is due again.
  private mutating func keepAlive(_ now: Duration) async -> Duration? {
    guard upstream.wantsKeepAlive else { return nil }
    if now - keptAliveAt >= Self.keepAliveEvery {
      keptAliveAt = now
      let upstream = upstream
      await withTaskExecutorPreference(sourceLane) { await upstream.keepAlive() }
    }
    return keptAliveAt + Self.keepAliveEvery
  }

  /// Says when nothing has moved for long although something is in flight (Invariant 8).
  ///
  /// - Returns: when to look again.
  private mutating func watch(_ view: Books.View, _ now: Duration) -> Duration? {
    guard view.inFlight > 0 else { return nil }
    if max(view.movedAt, stallToldAt) + settings.stalledAfter <= now {
      stallToldAt = now
      world.observe(.stalled(for: now - view.movedAt, inFlightBytes: pool.inFlight))
    }
    return max(view.movedAt, stallToldAt) + settings.stalledAfter
  }

  // MARK: - Making safe

  private mutating func advance(_ steps: [Step], finishes: Bool = false) async throws(FlowError) {
    drawnAt = world.now()
    let barrier = books.draw(finishes: finishes)
    for step in steps {
      switch step {
      case .targets: try await reach(barrier)
      case .deadLetters: try await flushLetters()
      case .keys: try await storeKeys()
      case .checkpoint: try await save(barrier)
      case .acknowledge: try await acknowledge()
      }
    }
  }

  /// Waits until all lanes have stored what is before the barrier, and writes the dead letters up to it, none behind it.
  private mutating func reach(_ barrier: Barrier) async throws(FlowError) {
    while !Task.isCancelled {
      let cut = books.cut(through: barrier)
      let view = try await look(before: barrier.number)
      if let cut { return take(cut) }
      try leave(view.readerEnd)
      if world.flaw == .highestSeen, books.lanesAtBarrier > 0 { return takeAnyway(barrier) }
      await rest(view, until: nil)
    }
    throw .interrupted
  }

  private mutating func take(_ cut: (Ledger.Cut, marks: [Value?])) {
    pending += cut.0.positions
    checkpoint.position = cut.0.positions.last ?? checkpoint.position
    checkpoint.totals += cut.0.counts
    checkpoint.marks = cut.marks
  }

  /// The positions without the certainty; only flawed engines do this.
  private mutating func takeAnyway(_ barrier: Barrier) {
    guard let cut = books.cut(through: barrier, anyway: true) else { return }
    pending = cut.0.positions
    checkpoint.position = cut.0.positions.last ?? checkpoint.position
    checkpoint.marks = cut.marks
  }

  private mutating func save(_ barrier: Barrier) async throws(FlowError) {
    if world.flaw == .checkpointBeforeWrite { takeAnyway(barrier) }
    checkpoint.savedAt = world.wallTime()
    try await world.checkpoints.save(checkpoint)
    world.observe(.checkpointed(checkpoint))
    if keysAreStored, let keys = checkpoint.keys { try await world.keys.release(before: keys.oldest) }
  }

  private mutating func acknowledge() async throws(FlowError) {
    guard !pending.isEmpty else { return }
    let positions = pending
    let upstream = upstream
    try await withTaskExecutorPreference(sourceLane) { () async throws(FlowError) in
      try await upstream.acknowledge(positions)
    }
    pending.removeAll(keepingCapacity: true)
    world.observe(.acknowledged(positions: positions.count))
    await tellLag()
  }

  private func tellLag() async {
    let upstream = upstream
    guard var lag = await withTaskExecutorPreference(sourceLane, operation: { await upstream.lag() }) else { return }
    lag.events = books.waiting
    world.observe(.lag(lag))
  }

  private mutating func storeKeys() async throws(FlowError) {
    guard let mark = books.keysAtBarrier else { return }
    try await books.storeKeys(to: mark)
    checkpoint.keys = mark
    keysAreStored = true
  }

  // MARK: - Dead letters

  /// Looks at the books, and writes the dead letters of what is before that number, where the target's lane does not.
  private func look(before number: UInt64) async throws(FlowError) -> Books.View {
    let view = books.look(before: isStored ? 0 : number)
    for parcel in view.failed {
      try await parcel.tellLetters(settings, in: world)
      pool.giveBack(parcel)
    }
    return view
  }

  /// Where the target stores the mark with its rows, letters of later rows may have been written meanwhile, and a crash of
  /// the target may take those rows back: the mark is the barrier's.
  private mutating func flushLetters() async throws(FlowError) {
    checkpoint.deadLetters = isStored ? books.lettersAtBarrier : try await world.deadLetters.flush()
  }
}
