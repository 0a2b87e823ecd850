import ConnectorKit
import Pipelines
import Testing

@testable import Flows

/// The conversation about rows that a target fails for.
struct ParkingLotTests {
  private static let failing = ConnectorError("t.failing", "500.", remedy: .retry(after: nil))

  private func lot(parkFor: Duration? = .seconds(60)) -> ParkingLot {
    var policy = RetryPolicy()
    policy.delays = .list([.seconds(1), .seconds(4)])
    policy.jitter = 0
    policy.parkFor = parkFor
    return ParkingLot(policy)
  }

  private func row(_ parcel: UInt64, _ row: Int, key: UInt64, fails: Bool = true) -> ParkingLot.Row {
    .init(place: .init(parcel: parcel, row: row), key: key, error: fails ? Self.failing : nil)
  }

  private func at(_ places: (UInt64, Int)...) -> [ParkingLot.Place] {
    places.map { .init(parcel: $0.0, row: $0.1) }
  }

  private func tried(
    _ lot: inout ParkingLot, _ places: [ParkingLot.Place], _ parked: [ParkingLot.Row], at now: Duration,
    isCrowded: Bool = false
  ) -> (failures: [ParkingLot.Failure], givenUp: [ParkingLot.GivenUp]) {
    lot.tried(places, parked: parked, at: now, isCrowded: isCrowded, random: { 0 })
  }

  @Test func theFirstRowIsTriedWithAllBehindIt() {
    var lot = lot()
    let failures = lot.park([row(3, 0, key: 7), row(3, 4, key: 7, fails: false)], at: .seconds(10), random: { 0 })
    #expect(failures == [.init(attempt: 1, after: .seconds(1), rows: 2, error: Self.failing)])
    #expect(lot.park([row(5, 2, key: 7, fails: false)], at: .seconds(10), random: { 0 }) == [])
    #expect(lot.keys == [7] && lot.due == .seconds(11))
    #expect(lot.places(dueAt: .seconds(10)) == [])
    #expect(lot.places(dueAt: .seconds(11)) == at((3, 0), (3, 4), (5, 2)))
    let all = lot.places(dueAt: .seconds(11))
    #expect(tried(&lot, all, [], at: .seconds(11)).givenUp == [])
    #expect(lot.keys == [] && lot.due == nil && !lot.holds(3) && !lot.holds(5))
  }

  @Test func delaysGrowAndTheLastOneIsRepeated() {
    var lot = lot()
    _ = lot.park([row(1, 0, key: 7)], at: .zero, random: { 0 })
    var delays: [Duration] = []
    for _ in 0..<3 {
      let now = lot.due ?? .zero
      delays += tried(&lot, at((1, 0)), [row(1, 0, key: 7)], at: now).failures.map(\.after)
    }
    #expect(delays == [.seconds(4), .seconds(4), .seconds(4)])
  }

  @Test func theServersOwnWaitIsNotUndercut() {
    var lot = lot()
    let busy = ConnectorError("t.busy", "503.", remedy: .retry(after: .seconds(90)))
    let place = ParkingLot.Place(parcel: 1, row: 0)
    _ = lot.park([.init(place: place, key: 7, error: busy)], at: .zero, random: { 0 })
    #expect(lot.due == .seconds(90))
  }

  @Test func theNextRowOfTheKeyBeginsAnew() {
    var lot = lot()
    _ = lot.park([row(1, 0, key: 7), row(2, 0, key: 7, fails: false)], at: .zero, random: { 0 })
    // The first is stored, the second fails.
    let answer = tried(&lot, at((1, 0), (2, 0)), [row(2, 0, key: 7)], at: .seconds(1))
    #expect(answer.failures == [.init(attempt: 1, after: .seconds(1), rows: 1, error: Self.failing)])
    #expect(!lot.holds(1) && lot.holds(2))
  }

  @Test func aRowIsGivenUpWhenOthersWereStoredMeanwhile() {
    var lot = lot()
    _ = lot.park([row(1, 0, key: 7), row(2, 0, key: 7, fails: false)], at: .seconds(10), random: { 0 })
    let again = [row(1, 0, key: 7), row(2, 0, key: 7, fails: false)]
    // Nothing was stored since, so it may be an outage.
    #expect(tried(&lot, at((1, 0), (2, 0)), again, at: .seconds(100)).givenUp == [])
    lot.stored(at: .seconds(101))
    let answer = tried(&lot, at((1, 0), (2, 0)), again, at: .seconds(104))
    #expect(answer.givenUp.map(\.place) == at((1, 0)))
    #expect(answer.givenUp.map(\.tries) == [3] && answer.givenUp.map(\.after) == [.seconds(94)])
    // The next one goes at once.
    #expect(!lot.holds(1) && lot.places(dueAt: .seconds(104)) == at((2, 0)))
  }

  @Test func whereMemoryIsFullItIsGivenUpWhenItsDelaysAreUsedUp() {
    var lot = lot(parkFor: nil)
    lot.stored(at: .zero)
    _ = lot.park([row(1, 0, key: 7)], at: .zero, random: { 0 })
    #expect(tried(&lot, at((1, 0)), [row(1, 0, key: 7)], at: .seconds(1), isCrowded: true).givenUp == [])
    let answer = tried(&lot, at((1, 0)), [row(1, 0, key: 7)], at: .seconds(5), isCrowded: true)
    #expect(answer.givenUp.count == 1 && lot.due == nil && !lot.holds(1))
  }

  @Test func keysAreTriedEachAtItsTime() {
    var lot = lot()
    _ = lot.park([row(1, 0, key: 7)], at: .zero, random: { 0 })
    _ = lot.park([row(1, 1, key: 8)], at: .milliseconds(500), random: { 0 })
    #expect(lot.places(dueAt: .seconds(1)) == at((1, 0)))
    _ = tried(&lot, at((1, 0)), [], at: .seconds(1))
    #expect(lot.holds(1) && lot.keys == [8] && lot.due == .milliseconds(1_500))
  }
}
