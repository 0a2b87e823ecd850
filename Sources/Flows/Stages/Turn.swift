import Synchronization

/// One at a time, in the order of asking. Held across waits, which a lock must not be.
final class Turn: Sendable {
  private struct State {
    var isTaken = false
    var waiting = Fifo<UnsafeContinuation<Void, Never>>()
  }

  private let state = Mutex(State())

  func take() async {
    await withUnsafeContinuation { (waiter: UnsafeContinuation<Void, Never>) in
      let goesOn = state.withLock { state in
        if state.isTaken {
          state.waiting.append(waiter)
          return false
        }
        state.isTaken = true
        return true
      }
      if goesOn { waiter.resume() }
    }
  }

  func give() {
    let next = state.withLock { state in
      let next = state.waiting.popFirst()
      if next == nil { state.isTaken = false }
      return next
    }
    next?.resume()
  }
}
