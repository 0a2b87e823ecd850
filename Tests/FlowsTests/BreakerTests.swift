import Pipelines
import Testing

@testable import Flows

struct BreakerTests {
  private func breaker(failures: Int = 3) -> Breaker {
    var policy = BreakerPolicy()
    policy.failures = failures
    policy.within = .seconds(10)
    policy.openFor = .seconds(30)
    return Breaker(policy)
  }

  @Test func itOpensAfterTooManyFailuresAndAProbeClosesIt() {
    var breaker = breaker()
    breaker.failed(at: .seconds(1))
    breaker.failed(at: .seconds(2))
    #expect(breaker.state == .closed)
    breaker.failed(at: .seconds(3))
    #expect(breaker.state == .open(until: .seconds(33)))
    #expect(breaker.admit(at: .seconds(10)) == .seconds(23))
    #expect(breaker.admit(at: .seconds(33)) == .zero)
    #expect(breaker.state == .halfOpen)
    breaker.succeeded()
    #expect(breaker.state == .closed)
  }

  @Test func aFailedProbeOpensItAgain() {
    var breaker = breaker(failures: 1)
    breaker.failed(at: .zero)
    #expect(breaker.admit(at: .seconds(30)) == .zero)
    breaker.failed(at: .seconds(31))
    #expect(breaker.state == .open(until: .seconds(61)))
  }

  @Test func oldFailuresAreForgotten() {
    var breaker = breaker()
    breaker.failed(at: .seconds(0))
    breaker.failed(at: .seconds(1))
    breaker.failed(at: .seconds(10))
    #expect(breaker.state == .closed)
    breaker.failed(at: .seconds(10))
    #expect(breaker.state == .open(until: .seconds(40)))
  }

  @Test func aSuccessEndsTheRow() {
    var breaker = breaker(failures: 2)
    breaker.failed(at: .seconds(1))
    breaker.succeeded()
    breaker.failed(at: .seconds(2))
    #expect(breaker.state == .closed)
  }

  @Test func delaysThatAreUsedUpOpenIt() {
    var breaker = breaker()
    breaker.failed(at: .seconds(1), delaysUsedUp: true)
    #expect(breaker.state == .open(until: .seconds(31)))
  }
}
