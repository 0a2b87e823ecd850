import Records
import Testing

@testable import Flows

struct LedgerTests {
  private func position(_ number: Int64) -> Position { Position(format: 1, value: .int(number)) }

  private func lanes(_ numbers: Int...) -> LaneSet {
    var lanes = LaneSet()
    for number in numbers { lanes.insert(number) }
    return lanes
  }

  private func counts(_ read: UInt64) -> Counts {
    var counts = Counts()
    counts.read = read
    return counts
  }

  @Test func theSafePrefixEndsBeforeTheFirstOpenBatch() {
    var ledger = Ledger()
    ledger.enter(0, position: position(10), lanes: lanes(0))
    ledger.enter(1, position: position(20), lanes: lanes(1))
    ledger.enter(2, position: position(30), lanes: lanes(1))
    #expect(ledger.complete(1, lane: 1) == true)
    ledger.close(1, counts: counts(5))
    #expect(ledger.watermark == 0)
    #expect(ledger.cut(through: 1) == nil)
    #expect(ledger.complete(0, lane: 0) == true)
    ledger.close(0, counts: counts(3))
    #expect(ledger.watermark == 2)
    #expect(ledger.cut(through: 1) == Ledger.Cut(positions: [position(10), position(20)], counts: counts(8)))
    #expect(ledger.cut(through: 2) == nil)
  }

  @Test func aBatchIsDoneWhenAllItsLanesAre() {
    var ledger = Ledger()
    ledger.enter(0, position: position(1), lanes: lanes(0, 2, 63))
    #expect(ledger.complete(0, lane: 2) == false)
    #expect(ledger.complete(0, lane: 0) == false)
    #expect(ledger.complete(0, lane: 63) == true)
  }

  @Test func aBarrierWaitsForEveryLaneAndHasNoPosition() {
    var ledger = Ledger()
    ledger.enter(0, position: position(1), lanes: lanes())
    ledger.close(0, counts: counts(1))
    ledger.enter(1, position: nil, lanes: LaneSet(all: 2))
    #expect(ledger.complete(1, lane: 0) == false)
    #expect(ledger.cut(through: 1) == nil)
    #expect(ledger.complete(1, lane: 1) == true)
    ledger.close(1, counts: Counts())
    #expect(ledger.cut(through: 1) == Ledger.Cut(positions: [position(1)], counts: counts(1)))
    #expect(ledger.uncut == 0)
  }

  @Test func numbersGoOnAfterACut() {
    var ledger = Ledger()
    for number: UInt64 in 0..<3 {
      ledger.enter(number, position: position(Int64(number)), lanes: lanes(0))
      _ = ledger.complete(number, lane: 0)
      ledger.close(number, counts: counts(1))
      #expect(ledger.cut(through: number)?.positions == [position(Int64(number))])
    }
    #expect(ledger.inFlight == 0)
  }

  @Test func anySequenceOfCompletionsIsSafe() {
    for seed: UInt64 in 1...200 {
      var random = seed
      func below(_ bound: Int) -> Int {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(random >> 33) % bound
      }
      var ledger = Ledger()
      var open: [(number: UInt64, lane: Int)] = []
      for number: UInt64 in 0..<12 {
        let set = LaneSet(all: 1 + below(3))
        ledger.enter(number, position: position(Int64(number)), lanes: set)
        open += (0..<3).filter { set.contains($0) }.map { (number, $0) }
      }
      while !open.isEmpty {
        let next = open.remove(at: below(open.count))
        if ledger.complete(next.number, lane: next.lane) { ledger.close(next.number, counts: counts(1)) }
        #expect(ledger.watermark == (open.map(\.number).min() ?? 12))
      }
      #expect(ledger.cut(through: 11)?.counts.read == 12)
    }
  }
}
