/// A token bucket on a clock that its caller holds: so many events a second, on average.
///
/// Whoever takes more than is there goes into debt and waits until it is paid, so a batch larger than the bucket passes
/// and the average still holds.
package struct RateLimit: Sendable {
  /// Events a second.
  private let rate: Double
  /// The most events that pass at once after a pause: those of one second.
  private let burst: Double
  private var tokens: Double
  private var filledAt: Duration

  /// - Parameter rate: events a second, above 0.
  package init(rate: Double, now: Duration) {
    precondition(rate > 0, "a rate above zero")
    self.rate = rate
    burst = max(rate, 1)
    tokens = burst
    filledAt = now
  }

  /// Takes `events` and says how long to wait before they may go on.
  package mutating func take(_ events: Int, at now: Duration) -> Duration {
    tokens = min(burst, tokens + (now - filledAt).seconds * rate)
    filledAt = now
    tokens -= Double(events)
    return tokens >= 0 ? .zero : .seconds(-tokens / rate)
  }
}

extension Duration {
  /// As a fraction of seconds.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
