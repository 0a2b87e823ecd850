import Synchronization

/// What a stage waits on: one waits, anybody rings. A ring before the wait is remembered, so none is lost; whoever wakes
/// looks at the shared state again, so one too many does no harm.
package final class Bell: Sendable {
  private enum State {
    case quiet
    case rung
    case waiting(UnsafeContinuation<Void, Never>)
  }

  private let state = Mutex(State.quiet)

  package init() {}

  package func ring() {
    let waiter = state.withLock { state -> UnsafeContinuation<Void, Never>? in
      guard case .waiting(let waiter) = state else {
        state = .rung
        return nil
      }
      state = .quiet
      return waiter
    }
    waiter?.resume()
  }

  /// Returns at the next ring, and at once when the task is cancelled.
  package func wait() async {
    await withTaskCancellationHandler {
      await withUnsafeContinuation { park($0) }
    } onCancel: {
      ring()
    }
  }

  /// As ``wait()``, and no longer than `duration`.
  package func wait(for duration: Duration, in world: World) async {
    let alarm = world.alarm(duration) { [self] in ring() }
    await wait()
    alarm.cancel()
  }

  private func park(_ waiter: UnsafeContinuation<Void, Never>) {
    let goesOn = state.withLock { state in
      switch state {
      case .rung:
        state = .quiet
        return true
      case .quiet:
        state = .waiting(waiter)
        return false
      case .waiting:
        preconditionFailure("two wait on one bell")
      }
    }
    if goesOn { waiter.resume() }
  }
}
