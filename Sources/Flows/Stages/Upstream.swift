import ConnectorKit
import Pipelines
import Records

/// The source as the flow sees it: one call at a time, connected again after a `retry`, from the place it was read to.
///
/// `@unchecked Sendable`: everything that changes is touched by whoever holds the turn, or before the stages start.
final class Upstream: @unchecked Sendable {
  private let source: any Source
  private let world: World
  private let policy: RetryPolicy
  private let turn = Turn()
  private var attempts: Attempts
  private var isOpen = false
  /// After the last batch that was read.
  private var position: Position?

  init(_ source: any Source, _ policy: RetryPolicy, in world: World) {
    self.source = source
    self.world = world
    self.policy = policy
    attempts = Attempts(.source, policy, in: world)
  }

  /// Connects for the first time in this opening.
  func start(at position: Position?, isStart: Bool) async throws(FlowError) -> Extent? {
    self.position = position
    var attempts = Attempts(.source, policy, isStart: isStart, in: world)
    while !isOpen {
      do {
        try await source.open(at: position)
        isOpen = true
      } catch {
        await source.close()
        try await attempts.failed(error)
      }
    }
    attempts.succeeded()
    return await source.extent()
  }

  func next(into batch: Batch) async throws(FlowError) -> Next {
    await turn.take()
    defer { turn.give() }
    while true {
      do throws(ConnectorError) {
        try await reopen()
        let next = try await source.next(into: batch)
        attempts.succeeded()
        if next == .batch { position = batch.position }
        return next
      } catch {
        batch.reset()
        try await recover(from: error)
      }
    }
  }

  /// Tries until the source has heard it: an acknowledgement is never dropped.
  func acknowledge(_ positions: [Position]) async throws(FlowError) {
    await turn.take()
    defer { turn.give() }
    while true {
      do throws(ConnectorError) {
        try await reopen()
        try await source.acknowledge(positions)
        attempts.succeeded()
        return
      } catch {
        if world.flaw == .droppedAcknowledgement { return }
        try await recover(from: error)
      }
    }
  }

  /// Asked between two batches; what cannot be asked now is asked the next time.
  func lag() async -> Lag? {
    await turn.take()
    defer { turn.give() }
    guard isOpen else { return nil }
    return try? await source.lag()
  }

  var wantsKeepAlive: Bool { source.wantsKeepAlive }

  /// A connection that is gone is noticed by who reads from it.
  func keepAlive() async {
    await turn.take()
    defer { turn.give() }
    if isOpen { try? await source.keepAlive() }
  }

  func close() async {
    await turn.take()
    defer { turn.give() }
    if isOpen { await source.close() }
    isOpen = false
  }

  private func reopen() async throws(ConnectorError) {
    if isOpen { return }
    try await source.open(at: position)
    isOpen = true
  }

  /// A source that failed for good stays open, so that what was read before can still be acknowledged.
  private func recover(from error: ConnectorError) async throws(FlowError) {
    if error.remedy != .stop {
      await source.close()
      isOpen = false
    }
    try await attempts.failed(error)
  }
}
