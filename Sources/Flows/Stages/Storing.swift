import ConnectorKit
import Records

/// Everything up to a place in the stream, as a target stores it in the data's own transaction (Invariant 2).
struct Progress: Sendable, Equatable {
  var position: Position
  /// Of all runs.
  var totals: Counts
  /// What the dead letters' `open` gets.
  var deadLetters: Value?
}

extension Progress {
  private static let format: Int64 = 1

  var value: Value {
    [
      "format": .int(Self.format), "position": ["format": .int(Int64(position.format)), "value": position.value],
      "totals": totals.value, "dead_letters": deadLetters ?? .null,
    ]
  }

  init?(_ value: Value) {
    guard value["format"]?.int == Self.format, let format = value["position"]?["format"]?.int,
      let place = value["position"]?["value"], let totals = value["totals"].flatMap(Counts.init)
    else { return nil }
    position = Position(format: Int(format), value: place)
    self.totals = totals
    deadLetters = value["dead_letters"].flatMap { $0.isNull ? .none : .some($0) }
  }
}

extension Checkpoint {
  /// Goes on from what a target stored, where that is further on than the file.
  ///
  /// Both hold positions, counts and dead letters of one instant; what was read decides which is the later one.
  mutating func take(_ progress: Progress) {
    guard progress.totals.read > totals.read else { return }
    position = progress.position
    totals = progress.totals
    deadLetters = progress.deadLetters
    stage = .running
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
    stored = Progress(
      position: checkpoint.position ?? .start, totals: checkpoint.totals, deadLetters: checkpoint.deadLetters)
  }

  func write(_ group: [Parcel]) async throws(ConnectorError) -> Written {
    let payloads = group.map { $0.payloads[0] }
    let written = try await target.write(payloads) { [self] written async throws(ConnectorError) in
      try await progress(of: group, written)
    }
    if let next { stored = next }
    return written
  }

  /// Everything up to the end of the group, of which the target says what became of it.
  private func progress(of group: [Parcel], _ written: Written) async throws(ConnectorError) -> Value {
    guard let last = group.last, books.noted(written, group, lane: 0) else {
      throw ConnectorError(FlowError.badAnswer(.target(lane: 0)))
    }
    var progress = stored
    progress.position = last.batch.position
    for parcel in group {
      progress.totals += parcel.passedBy
      progress.totals += parcel.counts
    }
    do throws(FlowError) {
      if let mark = try await writeLetters(of: group) { progress.deadLetters = mark }
    } catch {
      throw ConnectorError(error)
    }
    next = progress
    return progress.value
  }

  /// Writes the dead letters up to the end of the group, in order, each once.
  ///
  /// - Returns: the new mark; nil where there was none to write.
  private func writeLetters(of group: [Parcel]) async throws(FlowError) -> Value? {
    await books.letters.take()
    defer { books.letters.give() }
    let closed = books.takeFailed(before: group.last?.number ?? 0)
    let own = group.filter { !$0.batch.failures.isEmpty && !$0.isTold }
    let failed = (closed + own).sorted { $0.number < $1.number }
    if failed.isEmpty { return nil }
    let (settings, world) = (settings, world)
    let mark = try await withTaskExecutorPreference(keeperLane) { () async throws(FlowError) -> Value? in
      for parcel in failed { try await parcel.tellLetters(settings, in: world) }
      return try await world.deadLetters.flush()
    }
    for parcel in closed { pool.giveBack(parcel) }
    return mark
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
