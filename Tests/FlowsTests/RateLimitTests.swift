import Testing

@testable import Flows

struct RateLimitTests {
  @Test func aSecondsWorthPassesAtOnceAndThenTheRateHolds() {
    var limit = RateLimit(rate: 100, now: .zero)
    #expect(limit.take(100, at: .zero) == .zero)
    #expect(limit.take(50, at: .zero) == .milliseconds(500))
    #expect(limit.take(50, at: .milliseconds(500)) == .milliseconds(500))
    #expect(limit.take(1, at: .seconds(1)) == .milliseconds(10))
  }

  @Test func aBatchLargerThanTheBucketPasses() {
    var limit = RateLimit(rate: 10, now: .zero)
    #expect(limit.take(60, at: .zero) == .seconds(5))
    #expect(limit.take(10, at: .seconds(5)) == .seconds(1))
  }

  @Test func aPauseSavesNoMoreThanASecondsWorth() {
    var limit = RateLimit(rate: 10, now: .zero)
    #expect(limit.take(10, at: .zero) == .zero)
    #expect(limit.take(10, at: .seconds(3_600)) == .zero)
    #expect(limit.take(10, at: .seconds(3_600)) == .seconds(1))
  }

  @Test func slowRatesLetOneThrough() {
    var limit = RateLimit(rate: 0.5, now: .zero)
    #expect(limit.take(1, at: .zero) == .zero)
    #expect(limit.take(1, at: .zero) == .seconds(2))
  }
}
