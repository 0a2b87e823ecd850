import ConnectorKit
import Expressions
import Pipelines
import Records
import Synchronization

/// A pipeline in motion: reader → compute lanes → writers → keeper, each on lanes of its own.
package final class Flow: Sendable {
  private let settings: FlowSettings
  private let source: any Source
  private let targets: [any Target]
  private let route: @Sendable ([SourceTable]) throws(ConnectorError) -> Routing
  private let world: World
  private let retries = Retries()
  private let stopping = Stopping()
  /// Of all openings together; nil: no rate is set.
  private let pace: Pace?

  /// - Parameters:
  ///   - targets: one a lane.
  ///   - route: called once, with the tables that the source reads.
  package init(
    _ settings: FlowSettings, source: any Source, targets: [any Target],
    route: @escaping @Sendable ([SourceTable]) throws(ConnectorError) -> Routing, in world: World
  ) {
    precondition((1...FlowSettings.lanesMax).contains(targets.count), "1 to \(FlowSettings.lanesMax) target lanes")
    self.settings = settings
    self.source = source
    self.targets = targets
    self.route = route
    self.world = retries.counting(world)
    pace = settings.limits.rate.map { Pace(rate: $0, in: world) }
  }

  /// The first call drains: reading ends, what is in flight is stored and acknowledged, and `run` returns. A second one
  /// ends the run at once; the checkpoint stands.
  package func stop() {
    if stopping.next() == .drain { world.observe(.draining) }
  }

  /// Runs until the source has ended or the flow is stopped. Call it once.
  package func run() async throws(FlowError) -> Summary {
    let lanes = Lanes(world, targets: targets.count, compute: settings.computeLanes)
    return try await withTaskExecutorPreference(lanes.keeper) { () async throws(FlowError) -> Summary in
      try await run(on: lanes)
    }
  }

  private func run(on lanes: Lanes) async throws(FlowError) -> Summary {
    let began = world.now()
    var before: Counts?
    var attempts = Attempts(.target(lane: 0), settings.retry, in: world)
    while true {
      let opening = Opening(
        settings, source, targets, route, lanes, isStart: before == nil, in: world)
      let result: Result<Moved, FlowError>
      do {
        result = .success(try await move(try await open(opening, lanes), lanes, &before))
      } catch {
        result = .failure(error)
      }
      await opening.close()
      let moved = try result.get()
      if let loss = moved.loss {
        if moved.counts.read > 0 { attempts.succeeded() }
        try await attempts.failed(loss)
        continue
      }
      if moved.reopens, !stopping.isAsked { continue }
      let summary = Summary(
        counts: moved.counts, retries: retries.count, seconds: (world.now() - began).seconds, ended: moved.ended,
        checkpoint: moved.checkpoint)
      world.observe(.finished(summary))
      return summary
    }
  }

  /// How far the stages came.
  private struct Moved {
    var checkpoint: Checkpoint
    /// Since the run began.
    var counts: Counts
    var ended = false
    /// Why a target let go of a part of a source's transaction, or lost what it had committed. Everything is opened again
    /// then, and goes on from what the target has (Invariant 2): that part is no longer in memory, and the source still has
    /// it, because it hears only of what is durable (Invariant 1).
    var loss: ConnectorError?
    /// Whether the source has other tables now. Everything is stored, and opened anew.
    var reopens = false
  }

  /// A stop while something is waited for at the start ends the run: nothing is in flight yet.
  private func open(_ opening: Opening, _ lanes: Lanes) async throws(FlowError) -> Opening.Opened {
    let result = await withTaskGroup(of: Result<Opening.Opened, FlowError>?.self) { group in
      group.addTask(executorPreference: lanes.keeper) { await opening.result() }
      group.addTask(executorPreference: lanes.keeper) { [stopping] in
        await stopping.waitForDrain()
        return nil
      }
      var result: Result<Opening.Opened, FlowError>?
      for await end in group {
        result = result ?? end
        group.cancelAll()
      }
      return result ?? .failure(.interrupted)
    }
    return try result.get()
  }

  /// - Parameter before: what earlier runs counted, known once the first opening is done.
  private func move(
    _ opened: Opening.Opened, _ lanes: Lanes, _ before: inout Counts?
  ) async throws(FlowError) -> Moved {
    let earlier = before ?? opened.checkpoint.totals
    before = earlier
    let stages = Stages(opened, settings, targets, lanes, stopping, pace, world)
    let outcome = try await stages.run()
    var counts = opened.checkpoint.totals - earlier
    counts += stages.books.totals
    switch outcome {
    case .lost(let error): return Moved(checkpoint: opened.checkpoint, counts: stages.books.totals, loss: error)
    case .kept(let checkpoint, let end):
      if case .failed(let error) = end { throw error }
      guard counts.balances else { throw .unbalanced(counts) }
      var moved = Moved(checkpoint: checkpoint, counts: counts)
      if case .ended = end { moved.ended = true }
      if case .reopens = end { moved.reopens = true }
      return moved
    }
  }
}

/// The lanes of one flow.
struct Lanes: Sendable {
  let source: any TaskExecutor
  let compute: [any TaskExecutor]
  let targets: [any TaskExecutor]
  let keeper: any TaskExecutor

  init(_ world: World, targets: Int, compute: Int) {
    source = world.lane("source")
    self.compute = (0..<max(1, compute)).map { world.lane("compute-\($0)") }
    self.targets = (0..<targets).map { world.lane("target-\($0)") }
    keeper = world.lane("keeper")
  }
}

/// How often something was tried again, read off the events that say so.
private final class Retries: Sendable {
  private let counter = Atomic<UInt64>(0)
  var count: UInt64 { counter.load(ordering: .relaxed) }

  func counting(_ world: World) -> World {
    var counted = world
    counted.observe = { [self] event in
      switch event {
      case .retrying, .circuitOpened, .parked: counter.add(1, ordering: .relaxed)
      default: break
      }
      world.observe(event)
    }
    return counted
  }
}
