import Testing

@testable import Flows

struct HandoverTests {
  @Test func aFifoKeepsItsOrderWhileItGrowsAndTurns() {
    var fifo = Fifo<Int>()
    var next = 0
    for number in 0..<1_000 {
      fifo.append(number)
      if number % 3 == 0 {
        #expect(fifo.popFirst() == next)
        next += 1
      }
    }
    #expect(fifo.count == 666)
    #expect(fifo[0] == next && fifo[665] == 999)
    while let number = fifo.popFirst() {
      #expect(number == next)
      next += 1
    }
    #expect(fifo.isEmpty && fifo.first == nil)
  }

  @Test func whatArrivesEarlyIsHeld() {
    var order = Resequencer<String>()
    let numbers = (0..<4).map { _ in order.issue() }
    order.put("c", at: numbers[2])
    order.put("b", at: numbers[1])
    #expect(order.pop() == nil)
    order.put("a", at: numbers[0])
    #expect([order.pop(), order.pop(), order.pop(), order.pop()] == ["a", "b", "c", nil])
    #expect(!order.isQuiet)
    order.put("d", at: numbers[3])
    #expect(order.pop() == "d")
    #expect(order.isQuiet)
  }

  @Test func thePoolGivesNoMoreThanItsLimit() async throws {
    let pool = ParcelPool(limit: 10_000, batchBytes: 4_000, lanes: 1)
    let first = try #require(await pool.take())
    let second = try #require(await pool.take())
    #expect(pool.inFlight == 8_000)
    let waiter = Task { await pool.take() }
    pool.recharge(first)
    pool.giveBack(first)
    #expect(await waiter.value === first)
    pool.giveBack(first)
    pool.giveBack(second)
    #expect(pool.inFlight == 0)
  }

  @Test func oneParcelIsGivenHoweverSmallTheLimit() async {
    let pool = ParcelPool(limit: 1, batchBytes: 4_000, lanes: 1)
    #expect(await pool.take() != nil)
    let waiter = Task { await pool.take() }
    waiter.cancel()
    #expect(await waiter.value == nil)
  }

  @Test func aRingBeforeTheWaitIsRemembered() async {
    let bell = Bell()
    bell.ring()
    bell.ring()
    await bell.wait()
    let waiter = Task { await bell.wait() }
    bell.ring()
    await waiter.value
  }
}
