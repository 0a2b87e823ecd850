import ConnectorKit
import Pipelines
import Records

/// Writes what one target lane gets, gathered into larger writes under load.
struct Writer: Sendable {
  let lane: Int
  let target: any Target
  let inbox: Inbox
  let books: Books
  let policy: BatchPolicy
  let retry: RetryPolicy
  let world: World
  /// Where the target stores the progress with the rows.
  var storing: Storing?

  /// - Returns: why a target let go of what it held, or lost what it had committed, which the flow then begins anew.
  func run() async throws(FlowError) -> ConnectorError? {
    var attempts = Attempts(.target(lane: lane), retry, in: world)
    var rhythm = Rhythm()
    var size = WriteSize(rowsMax: policy.records, rowsAtOnce: (target as? any ParkingTarget)?.rowsAtOnce)
    var holding = Holding()
    // One that came inside of a source's transaction is reached behind its commit: all that is before a barrier is flushed
    // when it is reached.
    var barrier: Barrier?
    // What is stored with the progress is stored in order, so nothing of it waits for later.
    var parking = (storing == nil ? target as? any ParkingTarget : nil).map {
      Parking($0, lane: lane, retry, books, in: world)
    }
    while true {
      switch await next(holding, until: parking?.due) {
      case .ended: return nil
      case .due where holding.mayCommit:
        if let loss = try await write([], &holding, barrier, &attempts) { return loss }
      case .due: try await parking?.retry(isIdle: inbox.isEmpty, &attempts)
      case .item(.barrier(let next)):
        barrier = next
        if holding.mayCommit, let loss = try await write([], &holding, barrier, &attempts) { return loss }
      case .item(.rows(let parcel)):
        let group = await gather(from: parcel, rowsMax: size.rows, lingering: rhythm.pause(at: world.now()))
        let began = world.now()
        if parking != nil {
          try await parking?.write(group, &attempts)
        } else if let loss = try await write(group, &holding, barrier, &attempts) {
          return loss
        }
        let ended = world.now()
        rhythm = Rhythm(wrote: began..<ended, rows: rows(of: group))
        size.wrote(rows(of: group), in: ended - began)
      }
      guard let due = barrier, holding.isEmpty else { continue }
      barrier = nil
      if let loss = try await reach(due, &attempts) { return loss }
    }
  }

  /// Waits for what is to be done next. What is held waits no longer than a batch does, and only for rows that are on
  /// their way.
  private func next(_ holding: Holding, until due: Duration?) async -> Inbox.Received {
    guard holding.mayCommit else { return await inbox.receive(until: due, in: world) }
    let until = world.now() + policy.wait
    while !Task.isCancelled {
      if let item = inbox.take() { return .item(item) }
      let now = world.now()
      if books.isQuiet || until <= now { return .due }
      await inbox.bell.wait(for: until - now, in: world)
    }
    return .ended
  }

  // MARK: - Gathering

  /// How writes follow each other.
  private struct Rhythm {
    private var last: Range<Duration>?

    init() {}

    /// Few rows are no sign that the target is behind, and somebody may wait for the next ones.
    init(wrote last: Range<Duration>, rows: Int) { self.last = rows >= Holding.rowsMin ? last : nil }

    /// How long a write that begins now waits for rows that are not on their way yet: no longer than the last write took,
    /// and only in a stream that brought more meanwhile. So fewer and larger writes are made of a stream that a target
    /// keeps up with, and no row comes more than twice as late.
    func pause(at now: Duration) -> Duration {
      guard let last, now - last.upperBound <= last.upperBound - last.lowerBound else { return .zero }
      return last.upperBound - last.lowerBound
    }
  }

  /// Takes what is there, and waits for more only while more is on its way, or soon may be: a lone batch goes at once.
  /// What the flow's memory holds is not waited for: then it is better used while this write is under way.
  private func gather(from first: Parcel, rowsMax: Int, lingering pause: Duration) async -> [Parcel] {
    var load = Load(
      rowsMax: rowsMax, bytesMax: policy.bytes, lane: lane, partsOfBatch: storing == nil ? 1 : Holding.partsOfBatch)
    var group = [first]
    load.add(first)
    var since: Duration?
    while !load.isFull {
      switch inbox.takeRows(where: { load.fits($0) }) {
      case .rows(let parcel):
        load.add(parcel)
        group.append(parcel)
      case .boundary: return group
      case .nothing:
        let now = world.now()
        let begin = since ?? now
        since = begin
        let until = begin + (books.isQuiet ? min(pause, policy.wait) : policy.wait)
        if now >= until || books.isCrowded || Task.isCancelled { return group }
        await inbox.bell.wait(for: until - now, in: world)
      }
    }
    return group
  }

  /// How much a write holds so far.
  private struct Load {
    private let rowsMax: Int
    private let bytesMax: Int
    private let lane: Int
    private let partsOfBatch: Int
    private var rows = 0
    private var bytes = 0

    /// - Parameter partsOfBatch: one part in so many of a batch is not waited beyond.
    init(rowsMax: Int, bytesMax: Int, lane: Int, partsOfBatch: Int) {
      (self.rowsMax, self.bytesMax) = (rowsMax, bytesMax)
      self.lane = lane
      self.partsOfBatch = partsOfBatch
    }

    var isFull: Bool { rows >= rowsMax / partsOfBatch || bytes >= bytesMax / partsOfBatch }

    func fits(_ parcel: Parcel) -> Bool {
      let payload = parcel.payloads[lane]
      return rows + payload.rows.count <= rowsMax && bytes + payload.bytes.count <= bytesMax
    }

    mutating func add(_ parcel: Parcel) {
      rows += parcel.payloads[lane].rows.count
      bytes += parcel.payloads[lane].bytes.count
    }
  }

  // MARK: - Writing

  /// - Returns: why what was held or committed before is gone.
  private func write(
    _ group: [Parcel], _ holding: inout Holding, _ barrier: Barrier?, _ attempts: inout Attempts
  ) async throws(FlowError) -> ConnectorError? {
    var tries = 1
    let bytes = group.reduce(0) { $0 + $1.payloads[lane].bytes.count }
    let isInside = endsInside(group)
    while true {
      let isHeld = isInside || barrier == nil && isHeldOpen(group, bytes, holding)
      let answer: Written
      do {
        answer = try await store(group, isHeld: isHeld)
      } catch {
        if isLoss(error) { return error }
        if let storing, await storing.isHolding, world.flaw != .heldIsForgotten { return error }
        try await attempts.failed(error)
        tries += 1
        continue
      }
      attempts.succeeded()
      if isHeld {
        holding.hold(bytes, isInside: isInside, at: world.now())
        books.hold(group)
      } else {
        holding.commit()
        try books.written(group, answer, lane: lane, tries: tries)
      }
      return nil
    }
  }

  private func store(_ group: [Parcel], isHeld: Bool) async throws(ConnectorError) -> Written {
    guard let storing else { return try await target.write(group.map { $0.payloads[lane] }) }
    return try await isHeld ? storing.hold(group) : storing.write(group)
  }

  private func rows(of group: [Parcel]) -> Int { group.reduce(0) { $0 + $1.payloads[lane].rows.count } }

  /// Whether the transaction stays open behind these rows, because more are on their way. A few rows are no sign that the
  /// target is behind, and somebody may wait for them.
  private func isHeldOpen(_ group: [Parcel], _ bytes: Int, _ holding: Holding) -> Bool {
    guard storing != nil, rows(of: group) >= Holding.rowsMin else { return false }
    return holding.takes(bytes, goesOn: !books.isQuiet && !inbox.isAtBarrier, at: world.now())
  }

  /// Whether the source's transaction goes on behind these parcels, and the target must not commit yet.
  private func endsInside(_ group: [Parcel]) -> Bool {
    guard storing != nil, world.flaw != .tornTransactions else { return false }
    return group.last?.batch.isInsideTransaction ?? false
  }

  /// Whether rows are gone that this writer has let go of: doing the same again would leave a hole.
  private func isLoss(_ error: ConnectorError) -> Bool { error.remedy == .reopen && world.flaw != .lossIsIgnored }

  /// - Returns: why what was committed before is gone.
  private func reach(_ barrier: Barrier, _ attempts: inout Attempts) async throws(FlowError) -> ConnectorError? {
    let letters = try await storing?.tellLetters(before: barrier)
    while true {
      do {
        if barrier.finishes { try await target.finish() }
        let mark = world.flaw == .noFlush ? nil : try await target.flush()
        attempts.succeeded()
        books.reached(barrier, mark: mark, letters: letters, lane: lane)
        return nil
      } catch {
        if isLoss(error) { return error }
        try await attempts.failed(error)
      }
    }
  }
}
