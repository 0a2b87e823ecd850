import Pipelines

/// A circuit breaker: too many failures in a row open it, after a while one probe may pass, and the probe decides.
///
/// Pure: told what happens and when, it says what may be done. Times are the world's monotonic ones.
package struct Breaker: Sendable {
  package enum State: Sendable, Equatable {
    case closed
    case open(until: Duration)
    /// A probe is under way.
    case halfOpen
  }

  private let policy: BreakerPolicy
  package private(set) var state = State.closed
  /// When it failed, as far as `within` reaches back; never more than `policy.failures` of them.
  private var failures: [Duration] = []

  package init(_ policy: BreakerPolicy) { self.policy = policy }

  /// How long to wait before the next attempt; an open circuit whose time has come lets that attempt through as a probe.
  package mutating func admit(at now: Duration) -> Duration {
    guard case .open(let until) = state else { return .zero }
    guard now >= until else { return until - now }
    state = .halfOpen
    return .zero
  }

  package mutating func succeeded() {
    state = .closed
    failures.removeAll(keepingCapacity: true)
  }

  /// - Parameter used: whether the delays between attempts are used up, which opens the circuit as well.
  package mutating func failed(at now: Duration, delaysUsedUp used: Bool = false) {
    failures.removeAll { $0 + policy.within <= now }
    failures.append(now)
    if used || state == .halfOpen || failures.count >= policy.failures { open(at: now) }
  }

  private mutating func open(at now: Duration) {
    state = .open(until: now + policy.openFor)
    failures.removeAll(keepingCapacity: true)
  }
}
