import Pipelines

/// How long to wait before the next attempt: pure arithmetic on the policy's delays.
package struct Retry: Sendable {
  private let delays: RetryPolicy.Delays
  private let jitter: Double
  /// How often it failed since it last succeeded.
  package private(set) var failures = 0

  package init(_ policy: RetryPolicy) {
    delays = policy.delays
    jitter = min(max(policy.jitter, 0), 1)
  }

  package mutating func succeeded() { failures = 0 }

  /// - Parameters:
  ///   - after: what the other side asked for (Retry-After); it is never undercut.
  ///   - random: decides where in the range of the jitter the delay lies.
  /// - Returns: nil when the delays are used up.
  package mutating func failed(after: Duration?, random: UInt64) -> Duration? {
    guard let delay = delay(failures) else { return nil }
    failures += 1
    return max(delay * factor(random), after ?? .zero)
  }

  private func delay(_ index: Int) -> Duration? {
    switch delays {
    case .list(let delays):
      return index < delays.count ? delays[index] : nil
    case .exponential(let first, let factor, let max, let attempts):
      guard index < attempts else { return nil }
      return Self.grow(first, by: factor, times: index, max: max)
    }
  }

  /// Step by step, so that no power can overflow.
  private static func grow(_ first: Duration, by factor: Double, times: Int, max: Duration) -> Duration {
    var delay = first
    for _ in 0..<times where delay < max { delay = delay * factor }
    return min(delay, max)
  }

  /// 1 - jitter … 1 + jitter.
  private func factor(_ random: UInt64) -> Double {
    let share = Double(random >> 11) / Double(UInt64(1) << 53)
    return 1 + jitter * (2 * share - 1)
  }
}
