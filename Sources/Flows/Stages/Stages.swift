import ConnectorKit
import Pipelines
import Records

/// The running stages of a flow, and how they end together.
struct Stages: Sendable {
  /// How one of them ended.
  private enum End: Sendable {
    case done
    case reader(Books.ReaderEnd)
    /// Everything is safe.
    case kept(Checkpoint)
    case failed(FlowError)
    /// A target has let go of what it held, or lost what it had committed.
    case lost(ConnectorError)
  }

  /// How they ended together.
  enum Outcome: Sendable {
    case kept(Checkpoint, Books.ReaderEnd)
    /// A target has lost what it had taken: to be begun anew from what it has.
    case lost(ConnectorError)
  }

  let books: Books
  private let opened: Opening.Opened
  private let settings: FlowSettings
  private let targets: [any Target]
  private let lanes: Lanes
  private let stopping: Stopping
  private let world: World
  private let pool: ParcelPool
  private let work: WorkQueue
  private let inboxes: [Inbox]
  private let pace: Pace?
  private let storing: Storing?
  private let gate: TransactionGate

  init(
    _ opened: Opening.Opened, _ settings: FlowSettings, _ targets: [any Target], _ lanes: Lanes, _ stopping: Stopping,
    _ pace: Pace?, _ world: World
  ) {
    self.opened = opened
    self.settings = settings
    self.targets = targets
    self.lanes = lanes
    self.stopping = stopping
    self.pace = pace
    self.world = world
    pool = ParcelPool(limit: settings.limits.inFlightBytes, batchBytes: settings.batchBytes, lanes: targets.count)
    work = WorkQueue(lanes: lanes.compute.count)
    inboxes = targets.map { _ in Inbox() }
    gate = TransactionGate(keepsWhole: opened.transactional != nil)
    books = Books(
      inboxes: inboxes, pool: pool, marks: opened.checkpoint.marks, keys: opened.keys,
      keepsWhole: opened.transactional != nil, in: world)
    storing = opened.transactional.map { [books, pool] in
      Storing($0, from: opened.checkpoint, books, pool, settings, keeperLane: lanes.keeper, in: world)
    }
  }

  /// Runs them until everything is safe, or the first of them fails.
  func run() async throws(FlowError) -> Outcome {
    let result = await withTaskGroup(of: End.self) { group -> Result<Outcome, FlowError> in
      start(in: &group)
      return await settle(&group)
    }
    return try result.get()
  }

  private func start(in group: inout TaskGroup<End>) {
    group.addTask(executorPreference: lanes.source) { await read() }
    for lane in lanes.compute.indices {
      group.addTask(executorPreference: lanes.compute[lane]) { await compute(lane) }
    }
    for lane in targets.indices {
      group.addTask(executorPreference: lanes.targets[lane]) { await write(lane) }
    }
    group.addTask(executorPreference: lanes.keeper) { await keep() }
    group.addTask(executorPreference: lanes.keeper) { await waitForForce() }
  }

  /// The first failure, or the keeper's end, ends all the others.
  private func settle(_ group: inout TaskGroup<End>) async -> Result<Outcome, FlowError> {
    var readerEnd: Books.ReaderEnd?
    var checkpoint: Checkpoint?
    var failure: FlowError?
    var loss: ConnectorError?
    for await end in group {
      switch end {
      case .done: continue
      case .reader(let end): readerEnd = end
      case .kept(let last):
        checkpoint = last
        group.cancelAll()
      case .failed(let error):
        failure = failure ?? error
        group.cancelAll()
      case .lost(let error):
        if failure == nil { loss = error }
        group.cancelAll()
      }
    }
    if let loss { return .success(.lost(loss)) }
    if case .failed(let error) = readerEnd { return .failure(error) }
    if let checkpoint, let readerEnd { return .success(.kept(checkpoint, readerEnd)) }
    return .failure(failure ?? .interrupted)
  }

  // MARK: - Each on its lane

  /// Reads until the source ends or a stop is asked for, which ends the source's own wait.
  private func read() async -> End {
    let reader = Reader(upstream: opened.upstream, pool: pool, work: work, books: books, gate: gate, world: world)
    let end = await withTaskGroup(of: Books.ReaderEnd?.self) { group -> Books.ReaderEnd in
      group.addTask(executorPreference: lanes.source) { await reader.run() }
      group.addTask(executorPreference: lanes.source) {
        await stopping.waitForDrain()
        await gate.close()
        return nil
      }
      var readerEnd: Books.ReaderEnd?
      for await end in group {
        readerEnd = readerEnd ?? end
        group.cancelAll()
      }
      return readerEnd ?? .stopped
    }
    work.close()
    books.readerEnded(end)
    return .reader(end)
  }

  private func compute(_ lane: Int) async -> End {
    let computer = Computer(
      lane: lane, tools: opened.tools[lane], work: work, books: books, pool: pool, pace: pace, world: world)
    do {
      try await computer.run()
      return .done
    } catch {
      return .failed(error)
    }
  }

  private func write(_ lane: Int) async -> End {
    let writer = Writer(
      lane: lane, target: targets[lane], inbox: inboxes[lane], books: books, policy: settings.batch,
      retry: settings.retry, world: world, storing: storing)
    do {
      return try await writer.run().map { .lost($0) } ?? .done
    } catch {
      return .failed(error)
    }
  }

  private func keep() async -> End {
    var keeper = Keeper(
      books: books, pool: pool, upstream: opened.upstream, sourceLane: lanes.source, settings: settings, world: world,
      checkpoint: opened.checkpoint, isStored: storing != nil, gate: gate)
    do {
      try await keeper.run()
      return .kept(keeper.checkpoint)
    } catch {
      return .failed(error)
    }
  }

  /// A second stop, or a drain that takes too long.
  private func waitForForce() async -> End {
    await stopping.waitForForce(drainFor: settings.drainFor, in: world)
    return Task.isCancelled ? .done : .failed(.interrupted)
  }
}
