import Glibc

/// A thread of its own, for a loop that waits for sockets all its life: on a queue it would hold one of the system's few
/// worker threads.
final class ServerThread: Sendable {
  private let thread: pthread_t

  /// Holds what the thread runs on its way into it.
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// nil where the system gives no more threads.
  init?(_ run: @escaping @Sendable () -> Void) {
    // Retained here, released by the thread once it has it.
    let body = Unmanaged.passRetained(Body(run))
    var thread = pthread_t()
    let failed = pthread_create(
      &thread, nil,
      { pointer in
        if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
        return nil
      }, body.toOpaque())
    if failed != 0 {
      body.release()
      return nil
    }
    self.thread = thread
  }

  /// Returns when it has ended. Once.
  func join() { pthread_join(thread, nil) }
}
