import ConnectorKit
import Testing

@testable import Connectors

/// The conversation between a write's requests and their answers.
struct DeliveriesTests {
  private static let down = Verdict.later(ConnectorError("http.unreachable", "Away.", remedy: .retry(after: nil)))
  private static let failed = Verdict.later(ConnectorError("http.server_error", "500.", remedy: .retry(after: nil)))
  private static let refused = Verdict.refused(code: "http.refused", message: "No.")

  private func deliveries(_ keys: [UInt64?], groups: [Int]? = nil, rowsMax: Int = 1) -> Deliveries {
    let lines = keys.enumerated().map { Deliveries.Line(key: $1, group: groups?[$0] ?? 0) }
    var deliveries = Deliveries(lines, rowsMax: rowsMax)
    deliveries.begin()
    return deliveries
  }

  /// The rows of all requests that may go now.
  private func takeAll(_ deliveries: inout Deliveries) -> [[Int]] {
    var rows: [[Int]] = []
    while let request = deliveries.next() { rows.append(Array(deliveries.rows(of: request))) }
    return rows
  }

  @Test func rowsOfOneKeyGoOneAfterTheOther() {
    var some = deliveries([1, 2, 1, 1, 3])
    #expect(takeAll(&some) == [[0], [1], [4]])
    some.answered(1, .stored)
    #expect(takeAll(&some) == [])
    some.answered(0, .stored)
    #expect(takeAll(&some) == [[2]])
    some.answered(2, .stored)
    #expect(takeAll(&some) == [[3]])
    #expect(!some.isSettled)
    some.answered(4, .stored)
    some.answered(3, .stored)
    #expect(some.isSettled && some.failure == nil && some.refused.isEmpty)
  }

  @Test func withoutAKeyAllGoInOrder() {
    var some = deliveries([nil, nil, nil])
    for row in 0..<3 {
      #expect(takeAll(&some) == [[row]])
      some.answered(row, .stored)
    }
    #expect(some.isSettled)
  }

  @Test func severalRowsGoTogetherButForThoseOfOneKey() {
    var some = deliveries([1, 2, 1, 3, 4], groups: [0, 0, 0, 0, 7], rowsMax: 3)
    // The third row is of the first one's key, so it begins another request, which waits for the first.
    #expect(takeAll(&some) == [[0, 1], [4]])
    some.answered(0, .stored)
    #expect(takeAll(&some) == [[2, 3]])
  }

  @Test func aServerThatIsAwayIsNotAskedFurther() {
    var some = deliveries([1, 2, 3, 4])
    #expect(some.next() == 0)
    #expect(some.next() == 1)
    some.answered(0, Self.down)
    #expect(some.next() == nil)
    some.answered(1, .stored)
    #expect(some.next() == nil)
    #expect(some.failure?.code == "http.unreachable")
    // The next round sends what failed first, and not what was stored.
    some.begin()
    #expect(takeAll(&some) == [[0], [2], [3]])
  }

  @Test func aRowThatFailsHoldsUpItsKeyAlone() {
    var some = deliveries([1, 2, 1, 3])
    #expect(some.next() == 0)
    some.answered(0, Self.failed)
    #expect(takeAll(&some) == [[1], [3]])
    some.answered(1, .stored)
    some.answered(3, .stored)
    #expect(takeAll(&some) == [])
    #expect(some.failure == nil && !some.isSettled)
    #expect(some.parked.map(\.row) == [0, 2])
    #expect(some.parked.map { $0.error?.code } == ["http.server_error", nil])
    some.begin()
    #expect(takeAll(&some) == [[0]])
    some.answered(0, .stored)
    #expect(takeAll(&some) == [[2]])
  }

  @Test func aRowThatFailsIsFoundAmongThoseOfItsRequest() {
    var some = deliveries([1, 2, 3, 4], rowsMax: 4)
    while let request = some.next() {
      some.answered(request, some.rows(of: request).contains(2) ? Self.failed : .stored)
    }
    #expect(some.failure == nil)
    #expect(
      some.parked == [.init(row: 2, error: ConnectorError("http.server_error", "500.", remedy: .retry(after: nil)))])
  }

  @Test func withoutAKeyARowThatFailsHoldsUpAll() {
    var some = deliveries([nil, nil])
    #expect(some.next() == 0)
    some.answered(0, Self.failed)
    #expect(some.next() == nil)
    #expect(some.failure?.code == "http.server_error")
  }

  @Test func manyFailuresInARowMeanThatTheServerIsAtFault() {
    var some = deliveries((0..<20).map { UInt64($0) })
    for _ in 0..<Deliveries.failuresMax { some.next().map { some.answered($0, Self.failed) } }
    #expect(some.next() == nil)
  }

  @Test func aRefusedRowIsFoundAmongThoseOfItsRequest() {
    var some = deliveries([1, 2, 3, 4, 1], rowsMax: 4)
    #expect(takeAll(&some) == [[0, 1, 2, 3]])
    some.answered(0, Self.refused)
    var sent: [[Int]] = []
    while let request = some.next() {
      let rows = some.rows(of: request)
      sent.append(Array(rows))
      some.answered(request, rows.contains(2) ? Self.refused : .stored)
    }
    #expect(some.isSettled)
    #expect(some.refused.map(\.row) == [2])
    // The last row waits for all of the request that had its key in it.
    #expect(sent.last == [4] || sent.firstIndex(of: [4])! > sent.firstIndex(of: [0, 1])!)
    #expect(Set(sent.flatMap(\.self)) == [0, 1, 2, 3, 4])
  }

  @Test func theHalvesOfARequestWithoutKeysGoInOrder() {
    var some = deliveries([nil, nil, nil, nil, nil, nil], rowsMax: 4)
    var sent: [[Int]] = []
    while let request = some.next() {
      let rows = some.rows(of: request)
      #expect(some.next() == nil)
      sent.append(Array(rows))
      some.answered(request, rows.contains(1) ? Self.refused : .stored)
    }
    #expect(sent == [[0, 1, 2, 3], [0, 1], [0], [1], [2, 3], [4, 5]])
    #expect(some.isSettled && some.refused.map(\.row) == [1])
  }

  @Test func whatStopsARunCountsMostAndThenTheLongestWait() {
    var some = deliveries([1, 2, 3])
    _ = takeAll(&some)
    some.answered(0, Self.down)
    some.answered(1, .later(ConnectorError("http.busy", "429.", remedy: .retry(after: .seconds(7)))))
    #expect(some.failure?.remedy == .retry(after: .seconds(7)))
    some.answered(2, .stop(ConnectorError("http.unauthorized", "401.", remedy: .stop)))
    #expect(some.failure?.code == "http.unauthorized")
  }

  @Test func fewerGoAtOnceWhenAnswersTakeLonger() {
    var limit = AdaptiveLimit(max: 16)
    for _ in 0..<200 { limit.answered(microseconds: 10_000, underWay: 16) }
    #expect(limit.current == 16)
    for _ in 0..<30 { limit.answered(microseconds: 90_000, underWay: 16) }
    #expect(limit.current < 4)
    for _ in 0..<200 { limit.answered(microseconds: 10_000, underWay: 16) }
    #expect(limit.current == 16)
    limit.overloaded()
    #expect(limit.current == 8)
    for _ in 0..<10 { limit.overloaded() }
    #expect(limit.current == 1)
  }

  @Test func aSlowServerThatStaysSlowIsUsedInTheEnd() {
    var limit = AdaptiveLimit(max: 8)
    for _ in 0..<50 { limit.answered(microseconds: 5_000, underWay: 8) }
    for _ in 0..<400 { limit.answered(microseconds: 40_000, underWay: limit.current) }
    #expect(limit.current == 8)
  }
}
