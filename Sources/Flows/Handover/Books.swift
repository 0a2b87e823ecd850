import ConnectorKit
import Records
import Synchronization

/// What the stages know together, under one lock: the order of the batches, the ledger, refused events, marks.
///
/// The lock is held for some tens of nanoseconds a batch; bells are rung after it is released.
final class Books: Sendable {
  struct State {
    var order = Resequencer<Entry>()
    var ledger = Ledger()
    /// Closed parcels with failures, which the keeper appends to the dead letters.
    var failed: [Parcel] = []
    /// What each target's last flush gave.
    var marks: [Value?]
    /// The dead letters' mark at the last barrier, where the target stores it with its rows.
    var letters: Value?
    var totals = Counts()
    /// Events that came into the order, of this opening.
    var entered: UInt64 = 0
    /// How the reader ended.
    var readerEnd: ReaderEnd?
    /// When a batch was last closed, or the first one entered after a pause.
    var movedAt: Duration
    var lanesAtBarrier = 0
    /// Of parcels without rows, since the last one with some.
    var passedBy = Counts()
    /// Whether batches entered since the last barrier was drawn.
    var isDirty = false
    /// Whether the last parcel ended inside of a source's transaction.
    var isInside = false
    /// Parcels that a target holds in a transaction that is open.
    var held: [Held] = []
    /// What the `dedupe` steps remember; nil where the pipeline has none.
    var keys: KeyMemory?
    /// What they remembered at the last barrier.
    var keysAtBarrier: KeyMark?
  }

  struct Held {
    var number: UInt64
    var counts: Counts
  }

  enum Entry {
    case parcel(Parcel)
    case barrier(Barrier)
  }

  enum ReaderEnd: Sendable {
    /// The source has no more.
    case ended
    /// A stop was asked for.
    case stopped
    /// Everything is to be opened anew.
    case reopens
    case failed(FlowError)
  }

  private let state: Mutex<State>
  private let inboxes: [Inbox]
  private let pool: ParcelPool
  private let world: World
  /// Whether the target stores the source's transactions as a whole.
  private let keepsWhole: Bool
  /// Held by who stores remembered keys.
  let keyStoring = Turn()
  private let dedupes: Bool
  /// Rung when the keeper may have something to do.
  let keeper = Bell()

  init(
    inboxes: [Inbox], pool: ParcelPool, marks: [Value?], keys: KeyMemory? = nil, keepsWhole: Bool = false,
    in world: World
  ) {
    self.keepsWhole = keepsWhole
    dedupes = keys != nil
    self.inboxes = inboxes
    self.pool = pool
    self.world = world
    state = Mutex(State(marks: marks, movedAt: world.now(), keys: keys))
  }

  // MARK: - Reading and computing

  /// Gives the batch that was just read its number.
  func issue(_ parcel: Parcel) {
    if world.flaw == .orderNotRestored { return }
    parcel.number = state.withLock { $0.order.issue() }
  }

  /// Takes a computed parcel, restores the order, and hands on what is next in it.
  func arrived(_ parcel: Parcel) {
    if world.flaw == .orderNotRestored { parcel.number = state.withLock { $0.order.issue() } }
    put(.parcel(parcel), at: parcel.number)
  }

  /// Draws a barrier behind all that was read so far.
  func draw(finishes: Bool) -> Barrier {
    let barrier = state.withLock { state in
      state.isDirty = false
      state.lanesAtBarrier = 0
      return Barrier(number: state.order.issue(), finishes: finishes)
    }
    put(.barrier(barrier), at: barrier.number)
    return barrier
  }

  private func put(_ entry: Entry, at number: UInt64) {
    let now = world.now()
    var handed = Handed()
    state.withLock { state in
      state.order.put(entry, at: number)
      while let next = state.order.pop() { enter(next, &state, now, &handed) }
      if state.order.isQuiet { handed.lanes = LaneSet(all: inboxes.count) }
    }
    for lane in inboxes.indices where handed.lanes.contains(lane) { inboxes[lane].bell.ring() }
    for parcel in handed.done { pool.giveBack(parcel) }
    if handed.wakesKeeper { keeper.ring() }
    if handed.lostKeys > 0 { world.observe(.note(Self.lostKeys(handed.lostKeys))) }
  }

  private static func lostKeys(_ count: UInt64) -> String {
    "dedupe has forgotten \(count) key\(count == 1 ? "" : "s") before the window was over, because it remembers no more"
      + " than its `records`. Raise it, or shorten `window`."
  }

  /// What to do after the lock is released.
  private struct Handed {
    var lanes = LaneSet()
    var done: [Parcel] = []
    var wakesKeeper = false
    /// How many keys were forgotten too early so far, where people should hear of it now.
    var lostKeys: UInt64 = 0
  }

  private func enter(_ entry: Entry, _ state: inout State, _ now: Duration, _ handed: inout Handed) {
    switch entry {
    case .barrier(let barrier):
      state.ledger.enter(barrier.number, position: nil, lanes: LaneSet(all: inboxes.count))
      for inbox in inboxes { inbox.put(.barrier(barrier)) }
      state.keysAtBarrier = state.keys?.mark
    case .parcel(let parcel):
      if !state.isDirty {
        state.isDirty = true
        handed.wakesKeeper = true
      }
      if state.ledger.inFlight == 0 { state.movedAt = now }
      if dedupes { dropDuplicates(parcel, &state, &handed) }
      hand(parcel, &state, now, &handed)
    }
  }

  /// Here, because this is where the order of reading is restored: whichever lane computes a batch first, the first event
  /// of a key goes on.
  private func dropDuplicates(_ parcel: Parcel, _ state: inout State, _ handed: inout Handed) {
    let before = state.keys?.lost ?? 0
    parcel.drop(state.keys?.settle(parcel.batch) ?? NeedlessEvents())
    parcel.keyMark = state.keys?.mark
    // The first time, and each time that their number has doubled.
    let after = state.keys?.lost ?? 0
    if after > before, after.leadingZeroBitCount < before.leadingZeroBitCount { handed.lostKeys = after }
  }

  private func hand(_ parcel: Parcel, _ state: inout State, _ now: Duration, _ handed: inout Handed) {
    state.entered += parcel.counts.read
    var lanes = parcel.lanes
    if keepsWhole {
      // The end of a transaction is told to the target even where none of its rows is left.
      if state.isInside { lanes.insert(0) }
      state.isInside = parcel.batch.isInsideTransaction
    }
    state.ledger.enter(parcel.number, position: parcel.batch.position, lanes: lanes)
    if state.ledger.uncut == Self.uncutMax { handed.wakesKeeper = true }
    guard !lanes.isEmpty else {
      state.passedBy += parcel.counts
      if close(parcel, &state, now) { handed.done.append(parcel) } else { handed.wakesKeeper = true }
      return
    }
    parcel.passedBy = state.passedBy
    state.passedBy = Counts()
    for lane in inboxes.indices where lanes.contains(lane) {
      inboxes[lane].put(.rows(parcel))
      handed.lanes.insert(lane)
    }
  }

  /// A checkpoint is due before its time when so many batches wait for one, in batches.
  static let uncutMax = 4_096

  /// Whether anything was read at all.
  var hasRead: Bool { state.withLock { $0.order.issued > 0 } }

  /// Whether everything that was read has reached the target lanes.
  var isQuiet: Bool { state.withLock { $0.order.isQuiet } }

  /// Whether half of the memory is in use, so that a write should not wait for more.
  var isCrowded: Bool { pool.isCrowded }

  // MARK: - Writing

  /// A lane has written its part of these parcels.
  func written(_ group: [Parcel], _ answer: Written, lane: Int, tries: Int) throws(FlowError) {
    let now = world.now()
    var done: [Parcel] = []
    let result = state.withLock { state -> Result<Bool, FlowError> in
      guard note(answer, group, lane, &state) else { return .failure(.badAnswer(.target(lane: lane))) }
      var wakesKeeper = commitHeld(&state, lane, now)
      for parcel in group where state.ledger.complete(parcel.number, lane: lane) {
        parcel.tries = max(parcel.tries, tries)
        if close(parcel, &state, now) { done.append(parcel) } else { wakesKeeper = true }
      }
      return .success(wakesKeeper)
    }
    for parcel in done { pool.giveBack(parcel) }
    if try result.get() { keeper.ring() }
  }

  /// A lane holds its part of these parcels in a transaction that is open: they are done with, and stay open in the
  /// ledger. Their dead letters were told.
  func hold(_ group: [Parcel]) {
    state.withLock { state in
      state.movedAt = world.now()
      for parcel in group { state.held.append(Held(number: parcel.number, counts: parcel.counts)) }
    }
    for parcel in group { pool.giveBack(parcel) }
  }

  /// - Returns: whether there was anything.
  private func commitHeld(_ state: inout State, _ lane: Int, _ now: Duration) -> Bool {
    for held in state.held where state.ledger.complete(held.number, lane: lane) {
      settle(held.number, held.counts, &state, now)
    }
    defer { state.held.removeAll() }
    return !state.held.isEmpty
  }

  private func settle(_ number: UInt64, _ counts: Counts, _ state: inout State, _ now: Duration) {
    state.ledger.close(number, counts: counts)
    state.totals += counts
    state.movedAt = now
    world.observe(.settled(counts))
  }

  /// - Returns: whether the parcel is done with; otherwise it has failures, and the keeper gives it back.
  private func close(_ parcel: Parcel, _ state: inout State, _ now: Duration) -> Bool {
    settle(parcel.number, parcel.counts, &state, now)
    if parcel.batch.failures.isEmpty || parcel.isTold { return true }
    state.failed.append(parcel)
    return false
  }

  /// Like ``written(_:_:lane:tries:)``, before it is durable; false for an answer about other rows.
  func noted(_ answer: Written, _ group: [Parcel], lane: Int, tries: Int = 1) -> Bool {
    state.withLock { state in
      for parcel in group { parcel.tries = max(parcel.tries, tries) }
      return note(answer, group, lane, &state)
    }
  }

  private func note(_ answer: Written, _ group: [Parcel], _ lane: Int, _ state: inout State) -> Bool {
    if world.flaw == .rejectionIgnored { return true }
    for rejection in answer.rejections {
      guard let (parcel, event) = find(rejection.place, group, lane) else { return false }
      if parcel.reject(event, rejection), dedupes { state.keys?.forget(event, of: parcel.batch) }
    }
    for place in answer.stale {
      guard let (parcel, event) = find(place, group, lane) else { return false }
      parcel.markStale(event)
    }
    return answer.parked.allSatisfy { find($0.place, group, lane) != nil }
  }

  private func find(_ place: RowPlace, _ group: [Parcel], _ lane: Int) -> (Parcel, event: Int)? {
    guard group.indices.contains(place.payload) else { return nil }
    let rows = group[place.payload].payloads[lane].rows.count
    guard place.row >= 0, place.row < rows else { return nil }
    return (group[place.payload], Int(group[place.payload].payloads[lane].rows[place.row].event))
  }

  /// A lane has flushed everything before the barrier.
  ///
  /// - Parameter letters: the mark of the dead letters before it, where the lane writes them.
  func reached(_ barrier: Barrier, mark: Value?, letters: Value? = nil, lane: Int) {
    let now = world.now()
    state.withLock { state in
      state.marks[lane] = mark
      state.letters = letters
      state.lanesAtBarrier += 1
      if state.ledger.complete(barrier.number, lane: lane) { state.ledger.close(barrier.number, counts: Counts()) }
      state.movedAt = now
    }
    keeper.ring()
  }

  /// The mark of the dead letters before the barrier that was reached last, where a lane writes them.
  var lettersAtBarrier: Value? { state.withLock { $0.letters } }

  // MARK: - Remembering

  /// Makes durable what the `dedupe` steps remember up to a mark.
  func storeKeys(to mark: KeyMark) async throws(FlowError) {
    await keyStoring.take()
    defer { keyStoring.give() }
    let keys = state.withLock { $0.keys?.take(before: mark.end) }
    if let keys, !keys.keys.isEmpty { try await world.keys.append(keys) }
    if world.flaw != .keysNotDurable { try await world.keys.flush() }
  }

  /// What they remembered at the barrier that was drawn last, once it has come.
  var keysAtBarrier: KeyMark? { state.withLock { $0.keysAtBarrier } }

  // MARK: - Keeping

  /// Takes the parcels whose dead letters may be written now, in order: all, or those before a barrier that is drawn.
  private static func takeFailed(before barrier: UInt64, _ state: inout State) -> [Parcel] {
    let failed = state.failed.filter { $0.number < barrier }.sorted { $0.number < $1.number }
    if !failed.isEmpty { state.failed.removeAll { $0.number < barrier } }
    return failed
  }

  /// Takes the closed parcels with failures before that number, in order.
  func takeFailed(before number: UInt64) -> [Parcel] {
    state.withLock { Self.takeFailed(before: number, &$0) }
  }

  /// What the keeper finds when it looks.
  struct View: Sendable {
    var failed: [Parcel]
    var isDirty: Bool
    var isCrowded: Bool
    var readerEnd: ReaderEnd?
    var inFlight: Int
    var movedAt: Duration
  }

  /// - Parameter barrier: the one that is drawn and not yet reached.
  func look(before barrier: UInt64 = .max) -> View {
    state.withLock { state in
      View(
        failed: Self.takeFailed(before: barrier, &state), isDirty: state.isDirty,
        isCrowded: state.ledger.uncut >= Self.uncutMax, readerEnd: state.readerEnd, inFlight: state.ledger.inFlight,
        movedAt: state.movedAt)
    }
  }

  /// Everything before the barrier and the marks of its flushes, if all lanes have reached it.
  ///
  /// - Parameter anyway: without waiting for them; only a flawed engine does.
  func cut(through barrier: Barrier, anyway: Bool = false) -> (Ledger.Cut, marks: [Value?])? {
    state.withLock { state in
      let cut =
        anyway ? state.ledger.cutAnyway(through: barrier.number) : state.ledger.cut(through: barrier.number)
      return cut.map { ($0, state.marks) }
    }
  }

  /// How many lanes have reached the barrier that was drawn last; only a flawed engine asks.
  var lanesAtBarrier: Int { state.withLock { $0.lanesAtBarrier } }

  var totals: Counts { state.withLock { $0.totals } }

  /// How many events wait to be stored.
  var waiting: UInt64 { state.withLock { $0.entered - min($0.entered, $0.totals.read) } }

  func readerEnded(_ end: ReaderEnd) {
    state.withLock { $0.readerEnd = end }
    keeper.ring()
  }
}

extension Parcel {
  /// A target refuses one of the event's rows for good.
  ///
  /// - Returns: whether that is new.
  func reject(_ event: Int, _ rejection: Rejection) -> Bool {
    guard batch.events[event].outcome == .flowing else { return false }
    let failure = Failure(
      event: event, code: rejection.code, stage: "target", field: rejection.field, message: rejection.message)
    batch.fail(event, failure)
    counts.written -= 1
    counts.deadLettered += 1
    return true
  }

  /// The target holds a newer version.
  func markStale(_ event: Int) {
    guard batch.events[event].outcome == .flowing else { return }
    batch.events[event].outcome = .stale
    counts.written -= 1
    counts.stale += 1
  }
}
