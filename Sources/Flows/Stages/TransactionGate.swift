import Records
import Synchronization

/// Lets a stop take effect between two of the source's transactions, where a target stores each as a whole: what was
/// begun is read to its end, and no other is begun.
final class TransactionGate: Sendable {
  private struct State {
    var isInside = false
    var isClosing = false
  }

  private let state = Mutex(State())
  private let bell = Bell()
  /// Whether anybody needs whole transactions.
  private let keepsWhole: Bool

  init(keepsWhole: Bool) { self.keepsWhole = keepsWhole }

  /// Whether the batch that was just read goes on; not one that begins after a stop was asked for.
  func admits(_ batch: Batch) -> Bool {
    let (admits, hasClosed) = state.withLock { state in
      if state.isClosing && !state.isInside { return (false, false) }
      state.isInside = keepsWhole && batch.isInsideTransaction
      return (true, state.isClosing && !state.isInside)
    }
    if hasClosed { bell.ring() }
    return admits
  }

  /// Asks for the stop, and returns when no transaction is open, or the task is cancelled.
  func close() async {
    state.withLock { $0.isClosing = true }
    while state.withLock({ $0.isInside }), !Task.isCancelled { await bell.wait() }
  }

  var isInside: Bool { state.withLock { $0.isInside } }
}
