import ConnectorKit
import Records

/// Everything up to a place in the stream, as a target stores it in the data's own transaction (Invariant 2).
struct Progress: Sendable, Equatable {
  var position: Position
  /// Of all runs.
  var totals: Counts
  /// What the dead letters' `open` gets.
  var deadLetters: Value?
  /// What the `dedupe` steps remember.
  var keys: KeyMark?
}

extension Progress {
  private static let format: Int64 = 1

  var value: Value {
    var members: [Value.Member] = [
      .init("format", .int(Self.format)),
      .init("position", ["format": .int(Int64(position.format)), "value": position.value]),
      .init("totals", totals.value), .init("dead_letters", deadLetters ?? .null),
    ]
    if let keys { members.append(.init("dedupe", keys.value)) }
    return .object(members)
  }

  init?(_ value: Value) {
    guard value["format"]?.int == Self.format, let format = value["position"]?["format"]?.int,
      let place = value["position"]?["value"], let totals = value["totals"].flatMap(Counts.init)
    else { return nil }
    position = Position(format: Int(format), value: place)
    self.totals = totals
    deadLetters = value["dead_letters"].flatMap { $0.isNull ? .none : .some($0) }
    keys = value["dedupe"].flatMap { KeyMark($0) }
  }
}

extension Checkpoint {
  /// Goes on from what a target stored, where that is further on than the file.
  ///
  /// Both hold positions, counts and dead letters of one instant; what was read decides which is the later one.
  ///
  /// - Returns: whether it was.
  mutating func take(_ progress: Progress) -> Bool {
    guard progress.totals.read > totals.read else { return false }
    position = progress.position
    totals = progress.totals
    deadLetters = progress.deadLetters
    keys = progress.keys
    stage = .running
    return true
  }
}

/// What the one lane of a ``TransactionalTarget`` stores with its rows: makes the dead letters before them durable first,
/// so that a run that goes on from there misses none.
actor Storing {
  let target: any TransactionalTarget
  private let books: Books
  private let pool: ParcelPool
  private let settings: FlowSettings
  private let keeperLane: any TaskExecutor
  private let world: World
  private var stored: Progress
  /// What the write under way will have stored.
  private var next: Progress?
  /// What was counted in the parcels that the target holds, and where the last of them ends.
  private var held = Counts()
  private var heldEnd: End?
  /// Whether it holds any: what is then lost is not in memory any more.
  private(set) var isHolding = false
  /// Of the dead letters, all of which are written here: later ones than a checkpoint's may be of rows that a crash of the
  /// target takes back.
  private var lettersMark: Value?
  /// Whether some were written since that mark.
  private var hasTold = false

  init(
    _ target: any TransactionalTarget, from checkpoint: Checkpoint, _ books: Books, _ pool: ParcelPool,
    _ settings: FlowSettings, keeperLane: any TaskExecutor, in world: World
  ) {
    self.target = target
    self.books = books
    self.pool = pool
    self.settings = settings
    self.keeperLane = keeperLane
    self.world = world
    lettersMark = checkpoint.deadLetters
    stored = Progress(
      position: checkpoint.position ?? .start, totals: checkpoint.totals, deadLetters: checkpoint.deadLetters,
      keys: checkpoint.keys)
  }

  private struct End {
    var position: Position
    var keyMark: KeyMark?

    init(_ parcel: Parcel) {
      position = parcel.batch.position
      keyMark = parcel.keyMark
    }
  }

  /// Commits parcels, and what is held before them; without any, what is held alone.
  func write(_ group: [Parcel]) async throws(ConnectorError) -> Written {
    let payloads = group.map { $0.payloads[0] }
    let written = try await target.write(payloads) { [self] written async throws(ConnectorError) in
      try await progress(of: group, written)
    }
    if let next { stored = next }
    held = Counts()
    heldEnd = nil
    isHolding = false
    return written
  }

  /// Stores parcels in a transaction that stays open, because the source's goes on, or more rows are on their way.
  func hold(_ group: [Parcel]) async throws(ConnectorError) -> Written {
    let written = try await target.hold(group.map { $0.payloads[0] })
    guard books.noted(written, group, lane: 0) else { throw ConnectorError(FlowError.badAnswer(.target(lane: 0))) }
    isHolding = true
    for parcel in group { add(parcel, to: &held) }
    heldEnd = group.last.map(End.init)
    do throws(FlowError) {
      try await writeLetters(of: group)
    } catch {
      throw ConnectorError(error)
    }
    return written
  }

  private func add(_ parcel: Parcel, to counts: inout Counts) {
    counts += parcel.passedBy
    counts += parcel.counts
  }

  /// Everything up to the end of the group, of which the target says what became of it.
  private func progress(of group: [Parcel], _ written: Written) async throws(ConnectorError) -> Value {
    guard let end = group.last.map(End.init) ?? heldEnd, books.noted(written, group, lane: 0) else {
      throw ConnectorError(FlowError.badAnswer(.target(lane: 0)))
    }
    var progress = stored
    progress.position = end.position
    progress.totals += held
    for parcel in group { add(parcel, to: &progress.totals) }
    do throws(FlowError) {
      try await writeLetters(of: group)
      try await flushLetters()
      progress.deadLetters = lettersMark
      if let mark = end.keyMark { progress.keys = try await store(mark) }
    } catch {
      throw ConnectorError(error)
    }
    next = progress
    return progress.value
  }

  // MARK: - Dead letters

  /// Writes the dead letters up to the end of the group, in order, each once.
  private func writeLetters(of group: [Parcel]) async throws(FlowError) {
    let closed = books.takeFailed(before: group.last?.number ?? 0)
    try await tell(closed + group.filter { !$0.batch.failures.isEmpty && !$0.isTold })
    for parcel in closed { pool.giveBack(parcel) }
  }

  private func tell(_ parcels: [Parcel]) async throws(FlowError) {
    if parcels.isEmpty { return }
    let (settings, world) = (settings, world)
    try await withTaskExecutorPreference(keeperLane) { () async throws(FlowError) in
      for parcel in parcels.sorted(by: { $0.number < $1.number }) { try await parcel.tellLetters(settings, in: world) }
    }
    hasTold = true
  }

  /// Writes the dead letters before a barrier that was reached, where nothing is held.
  ///
  /// - Returns: their mark.
  func tellLetters(before barrier: Barrier) async throws(FlowError) -> Value? {
    let closed = books.takeFailed(before: barrier.number)
    try await tell(closed)
    for parcel in closed { pool.giveBack(parcel) }
    try await flushLetters()
    return lettersMark
  }

  /// Takes a new mark where letters were written since the last one.
  private func flushLetters() async throws(FlowError) {
    guard hasTold else { return }
    let world = world
    lettersMark = try await withTaskExecutorPreference(keeperLane) { () async throws(FlowError) -> Value? in
      try await world.deadLetters.flush()
    }
    hasTold = false
  }

  /// Makes durable what the `dedupe` steps remember, before the commit that counts on it.
  private func store(_ mark: KeyMark) async throws(FlowError) -> KeyMark {
    let books = books
    return try await withTaskExecutorPreference(keeperLane) { () async throws(FlowError) -> KeyMark in
      try await books.storeKeys(to: mark)
      return mark
    }
  }
}

extension Parcel {
  func tellLetters(_ settings: FlowSettings, in world: World) async throws(FlowError) {
    let letters = deadLetters(settings, at: world.wallTime())
    for letter in letters { world.observe(.deadLettered(letter)) }
    try await world.deadLetters.append(letters)
    isTold = true
  }
}

extension ConnectorError {
  fileprivate init(_ error: FlowError) {
    self.init(error.code, error.message, remedy: .stop, hint: error.hint)
  }
}
