import Glibc

/// A client's connection and the one to the server that belongs to it.
struct Link {
  /// What waits to be passed on in one direction, in bytes; a full pipe makes the sender wait.
  private static let roomMax = 64 << 10

  private struct Pipe {
    var waiting: [UInt8] = []
    /// Whether its sender has ended what it says.
    var isEnded = false
    /// Whether its receiver was told so.
    var isClosed = false
  }

  let client: Socket
  let server: Socket
  private var toServer = Pipe()
  private var toClient = Pipe()
  /// What befell it; such a link passes nothing on.
  private(set) var fault: Fault?

  init(client: Socket, server: Socket) {
    self.client = client
    self.server = server
  }

  /// What to wait for on the client's and on the server's side.
  var interest: (client: Int16, server: Int16) {
    guard fault == nil else { return (0, 0) }
    return (Self.interest(from: toServer, into: toClient), Self.interest(from: toClient, into: toServer))
  }

  private static func interest(from pipe: Pipe, into other: Pipe) -> Int16 {
    (pipe.waiting.isEmpty && !pipe.isEnded ? Int16(POLLIN) : 0) | (other.waiting.isEmpty ? 0 : Int16(POLLOUT))
  }

  /// Passes on what can be passed on without waiting.
  ///
  /// - Parameter limit: the most bytes to pass in a direction.
  /// - Returns: how many were; nil where the link has ended.
  mutating func pass(limit: (Direction) -> Int) -> (toServer: Int, toClient: Int)? {
    let up = Self.pass(&toServer, from: client, to: server, limit(.toServer))
    let down = Self.pass(&toClient, from: server, to: client, limit(.toClient))
    guard let up, let down, !(toServer.isClosed && toClient.isClosed) else { return nil }
    return (up, down)
  }

  private static func pass(_ pipe: inout Pipe, from: Socket, to: Socket, _ limit: Int) -> Int? {
    if pipe.waiting.isEmpty, !pipe.isEnded {
      var room = [UInt8](repeating: 0, count: roomMax)
      let count = recv(from.descriptor, &room, roomMax, 0)
      if count < 0, errno != EAGAIN { return nil }
      if count == 0 { pipe.isEnded = true }
      pipe.waiting = Array(room.prefix(max(0, count)))
    }
    var passed = 0
    if !pipe.waiting.isEmpty, limit > 0 {
      let count = send(to.descriptor, pipe.waiting, min(limit, pipe.waiting.count), Int32(MSG_NOSIGNAL))
      if count < 0, errno != EAGAIN { return nil }
      passed = max(0, count)
      pipe.waiting.removeFirst(passed)
    }
    if pipe.isEnded, pipe.waiting.isEmpty, !pipe.isClosed {
      shutdown(to.descriptor, Int32(SHUT_WR))
      pipe.isClosed = true
    }
    return passed
  }

  /// - Returns: whether it is gone with that.
  mutating func strike(_ fault: Fault) -> Bool {
    self.fault = fault
    switch fault {
    case .cut, .reset:
      end(reset: fault == .reset)
      return true
    case .stall: return false
    case .vanish:
      deafen(true)
      return false
    }
  }

  mutating func heal() {
    if fault == .vanish { deafen(false) }
    fault = nil
  }

  func end(reset: Bool) {
    client.end(reset: reset)
    server.end(reset: reset)
  }

  private func deafen(_ isDeaf: Bool) {
    client.deafen(isDeaf)
    server.deafen(isDeaf)
  }
}
