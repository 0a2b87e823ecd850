import CPQ
import ConnectorKit
import Glibc

/// How long a connection bears silence.
struct Patience: Sendable {
  /// The usual: long enough for a statement that waits for locks.
  static let usual: Duration = .seconds(300)

  /// The longest silence of a server that is asked for something.
  var timeout = usual
  /// Whether a task that is cancelled ends a wait; the transaction is lost then.
  var endsWithTask = false
}

extension PostgresConnection {
  /// How long one look at the socket lasts, so that a cancelled task is seen soon, in milliseconds.
  private static let glance = 200

  /// Sends what libpq holds back.
  func flush() throws(PostgresError) {
    while true {
      switch PQflush(handle) {
      case 0: return
      case 1:
        // The server may have to say something before it can take more.
        if try wait(for: POLLIN | POLLOUT) & POLLIN != 0 { try consume() }
      default: throw lost
      }
    }
  }

  /// The next result of a command; nil where there are no more.
  func nextResult() throws(PostgresError) -> OpaquePointer? {
    while PQisBusy(handle) == 1 {
      _ = try wait(for: POLLIN)
      try consume()
    }
    return PQgetResult(handle)
  }

  /// Reads what has arrived from the network.
  func consume() throws(PostgresError) {
    if PQconsumeInput(handle) == 0 { throw lost }
  }

  /// Waits until the socket is ready for one of these events, no longer than patience lasts.
  private func wait(for events: Int32) throws(PostgresError) -> Int32 {
    var silence = Duration.zero
    var place = pollfd(fd: socket, events: Int16(events), revents: 0)
    while true {
      let found = poll(&place, 1, Int32(Self.glance))
      if found > 0 { return Int32(place.revents) }
      if patience.endsWithTask, Task.isCancelled { throw giveUp("the run ends") }
      if found == 0 { silence += .milliseconds(Self.glance) }
      if silence >= patience.timeout { throw giveUp(after: silence) }
    }
  }

  /// Says that the server was silent for so long: nothing but a new connection helps.
  func giveUp(after silence: Duration) -> PostgresError {
    giveUp("the server was silent for \(silence.components.seconds) s")
  }

  private func giveUp(_ why: String) -> PostgresError {
    isGivenUp = true
    return PostgresError(state: "", message: why)
  }
}
