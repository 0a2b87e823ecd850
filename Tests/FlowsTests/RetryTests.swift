import Pipelines
import Testing

@testable import Flows

struct RetryTests {
  private func policy(_ delays: RetryPolicy.Delays, jitter: Double = 0) -> RetryPolicy {
    var policy = RetryPolicy()
    policy.delays = delays
    policy.jitter = jitter
    return policy
  }

  @Test func aListIsUsedUpInOrder() {
    var retry = Retry(policy(.list([.seconds(1), .seconds(5)])))
    #expect(retry.failed(after: nil, random: 0) == .seconds(1))
    #expect(retry.failed(after: nil, random: 0) == .seconds(5))
    #expect(retry.failed(after: nil, random: 0) == nil)
    retry.succeeded()
    #expect(retry.failed(after: nil, random: 0) == .seconds(1))
  }

  @Test func delaysGrowToTheirMaximum() {
    var retry = Retry(policy(.exponential(first: .seconds(1), factor: 3, max: .seconds(10), attempts: 5)))
    let delays = (0..<6).map { _ in retry.failed(after: nil, random: 0) }
    #expect(delays == [.seconds(1), .seconds(3), .seconds(9), .seconds(10), .seconds(10), nil])
  }

  @Test func noPowerOverflows() {
    var retry = Retry(policy(.exponential(first: .seconds(1), factor: 1e9, max: .seconds(60), attempts: 1_000)))
    var last: Duration? = .zero
    for _ in 0..<1_000 { last = retry.failed(after: nil, random: 0) }
    #expect(last == .seconds(60))
  }

  @Test(arguments: [(UInt64.min, 800), (1 << 63, 1_000), (.max, 1_200)])
  func chanceTakesAwayOrAddsAShare(_ random: UInt64, _ milliseconds: Int) throws {
    var retry = Retry(policy(.list([.seconds(1)]), jitter: 0.2))
    let failed = retry.failed(after: nil, random: random)
    let delay = try #require(failed)
    #expect(Int((delay.seconds * 1_000).rounded()) == milliseconds)
  }

  @Test func whatTheOtherSideAskedForIsNeverUndercut() {
    var retry = Retry(policy(.list([.seconds(1), .seconds(9)]), jitter: 0.5))
    #expect(retry.failed(after: .seconds(4), random: .max) == .seconds(4))
    #expect(retry.failed(after: .seconds(4), random: 1 << 63) == .seconds(9))
  }
}
