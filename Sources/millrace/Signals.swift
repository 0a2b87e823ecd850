import Dispatch
import Glibc
import Synchronization

/// The signals that ask for an end, waited for on a thread of its own.
///
/// They are blocked in every thread, so make it before any other thread is started.
final class Signals: Sendable {
  /// How long a run may take to end after a second signal, before the process ends anyway.
  private static let patience: UInt32 = 3

  private let last = Atomic<Int32>(0)

  /// The last one that came.
  var number: Int32? {
    let number = last.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// - Parameter stop: called at each of them.
  func watch(_ stop: @escaping @Sendable () -> Void) {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let waited = set
    DispatchQueue(label: "millrace.signals").async { [self] in wait(for: waited, stop) }
  }

  private func wait(for set: sigset_t, _ stop: @Sendable () -> Void) {
    var set = set
    var isSecond = false
    while true {
      var number: Int32 = 0
      guard sigwait(&set, &number) == 0 else { continue }
      last.store(number, ordering: .relaxed)
      stop()
      if isSecond { endSoon(number) }
      isSecond = true
    }
  }

  /// Something that blocks (a pipe without a writer) must not keep the process.
  private func endSoon(_ number: Int32) {
    DispatchQueue(label: "millrace.patience").asyncAfter(deadline: .now() + .seconds(Int(Self.patience))) {
      _exit(ExitStatus.signal(number).code)
    }
  }

  /// A reader that went away is an error of the write, not the end of the process; what is in flight is still stored.
  static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }
}
