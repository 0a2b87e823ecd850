import Records

/// One connection of a loop: what came, what goes out, and where it stands. Belongs to its loop.
final class ServerConnection {
  let key: UInt64
  let socket: StreamSocket
  var input = ByteBuffer()
  var reader = HTTPReader()
  var http2: HTTP2Session?
  /// Who serves the request that is being read.
  var service: (any HTTPService)?
  /// Whether a request waits for its answer; nothing further is looked at before it has it.
  var isAwaiting = false
  /// Whether the connection ends when all answers have left.
  var endsWhenSent = false
  /// Whether what comes is only read over.
  var isLingering = false
  /// What it takes of the memory for bodies, in bytes.
  var reserved = 0
  var interest = Poller.Interest.reading
  /// When it is closed unless something happens, in milliseconds.
  var deadline: Int64
  /// When the request that is being read must be whole.
  var requestDeadline = Int64.max

  init(_ key: UInt64, _ socket: StreamSocket, now: Int64) {
    self.key = key
    self.socket = socket
    deadline = now + ServerLimits.headMax
  }

  /// Whether it may be closed without anybody missing anything.
  var isIdle: Bool { socket.isSent && !isAwaiting && (http2?.isIdle ?? reader.isBetween(input)) }
}
