import Dispatch
import Glibc
import Synchronization

/// The signals that ask for an end.
final class Signals: Sendable {
  /// How long a run may take to end after a second signal, before the process ends anyway, in seconds.
  private static let patience = 3

  private struct State {
    var last: Int32?
    var count = 0
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "millrace.signals")
  /// Made once, before anything runs, and kept so that they go on; never used again.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  /// From now on they end nothing by themselves.
  init() {
    sources = [SIGTERM, SIGINT].map { [queue] number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
  }

  /// The last one that came.
  var number: Int32? { state.withLock { $0.last } }

  /// - Parameter stop: called at each of them.
  func watch(_ stop: @escaping @Sendable () -> Void) {
    for source in sources {
      let number = Int32(source.handle)
      source.setEventHandler { [self] in came(number, stop) }
      source.activate()
    }
  }

  private func came(_ number: Int32, _ stop: @Sendable () -> Void) {
    let count = state.withLock { state in
      state.last = number
      state.count += 1
      return state.count
    }
    stop()
    if count == 2 { endSoon(number) }
  }

  /// Something that blocks (a pipe without a writer) must not keep the process.
  private func endSoon(_ number: Int32) {
    queue.asyncAfter(deadline: .now() + .seconds(Self.patience)) { _exit(ExitStatus.signal(number).code) }
  }

  /// A reader that went away is an error of the write, not the end of the process; what is in flight is still stored.
  static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }
}
