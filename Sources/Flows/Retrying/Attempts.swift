import ConnectorKit
import Pipelines

/// Tries at one other system: decides after each failure how long to wait, says so, waits, and gives up only where the
/// pipeline says so. Nothing is dead-lettered because of an outage.
struct Attempts {
  /// What is tried, for people: `target lane 2`.
  private let party: Flow.Party
  private let world: World
  private let policy: RetryPolicy
  /// Whether delays that are used up end it: at the start, when nothing is under way yet.
  private let isStart: Bool
  private var retry: Retry
  private var breaker: Breaker
  /// When the failing began.
  private var failingSince: Duration?

  init(_ party: Flow.Party, _ policy: RetryPolicy, isStart: Bool = false, in world: World) {
    self.party = party
    self.world = world
    self.policy = policy
    self.isStart = isStart
    retry = Retry(policy)
    breaker = Breaker(policy.breaker)
  }

  mutating func succeeded() {
    guard failingSince != nil else { return }
    failingSince = nil
    retry.succeeded()
    breaker.succeeded()
    world.observe(.recovered(party))
  }

  /// Returns when the next attempt may be made.
  mutating func failed(_ error: ConnectorError) async throws(FlowError) {
    let after: Duration?
    switch error.remedy {
    case .retry(let wait): after = wait
    case .reopen: after = nil
    case .stop: throw FlowError(error, from: party, atStart: isStart)
    }
    let now = world.now()
    let since = failingSince ?? now
    failingSince = since
    if let limit = policy.giveUpAfter, now - since >= limit { throw .gaveUp(error, on: party, after: now - since) }
    let delay = retry.failed(after: after, random: world.random())
    if delay == nil && isStart { throw .gaveUp(error, on: party, after: now - since) }
    breaker.failed(at: now, delaysUsedUp: delay == nil)
    try await pause(max(delay ?? .zero, after ?? .zero), error)
  }

  private mutating func pause(_ delay: Duration, _ error: ConnectorError) async throws(FlowError) {
    var wait = delay
    if case .open(let until) = breaker.state {
      wait = max(wait, until - world.now())
      world.observe(.circuitOpened(party, for: wait, error))
    } else {
      world.observe(.retrying(party, attempt: retry.failures, after: wait, error))
    }
    guard await world.sleep(limited(wait)) else { throw .interrupted }
    if case .open = breaker.state { probe(after: error) }
  }

  /// No wait goes beyond the moment of giving up.
  private func limited(_ wait: Duration) -> Duration {
    guard let limit = policy.giveUpAfter, let since = failingSince else { return wait }
    return min(wait, max(.zero, since + limit - world.now()))
  }

  private mutating func probe(after error: ConnectorError) {
    guard breaker.admit(at: world.now()) == .zero else { return }
    world.observe(.probing(party))
  }
}
