import Glibc
import Records
import Synchronization

/// Serves connections on one thread.
///
/// `@unchecked Sendable`: everything but the inbox is touched by its own thread alone.
final class ServerLoop: @unchecked Sendable {
  /// What other threads tell it.
  enum Message: Sendable {
    case connection(Int32)
    /// Tickets of a service are settled: those before `end` that still wait hear this answer.
    case settled(service: Int, end: UInt64, HTTPResponse)
    /// Ends when all answers have left.
    case stop
  }

  /// How often deadlines are looked at, in milliseconds.
  private static let tick: Int32 = 500

  private struct Inbox {
    var messages: [Message] = []
    /// Whether the loop waits for sockets and must be woken.
    var isAsleep = false
  }

  private let inbox = Mutex(Inbox())
  private let poller: Poller
  let server: ServerState
  let tools = ServiceTools()

  private var connections: [UInt64: ServerConnection] = [:]
  private var nextKey: UInt64 = 1
  private var waiting: [Int: WaitingCallers] = [:]
  /// Whose tickets were given out since the last time that they were settled.
  private var unsettled: [any HTTPService] = []
  /// When it ends at the latest; nil while it serves.
  private var stopsAt: Int64?
  private(set) var now = SocketClock.milliseconds()

  /// nil where the system gives no more descriptors.
  init?(_ server: ServerState) {
    guard let poller = Poller() else { return nil }
    self.poller = poller
    self.server = server
  }

  /// From any thread.
  func tell(_ message: Message) {
    let wasAsleep = inbox.withLock { inbox in
      inbox.messages.append(message)
      defer { inbox.isAsleep = false }
      return inbox.isAsleep
    }
    if wasAsleep { poller.ring() }
  }

  /// Runs until it is told to stop.
  func run() {
    var swept = now
    while !isDone {
      poller.wait(fallAsleep() ? Self.tick : 0) { happening in
        now = SocketClock.milliseconds()
        if happening.key == Poller.bell { return }
        guard let connection = connections[happening.key] else { return }
        if happening.isWritable { advance(connection) }
        if happening.isReadable, connections[happening.key] != nil { read(connection) }
      }
      now = SocketClock.milliseconds()
      settleAll()
      hear()
      if now - swept >= Int64(Self.tick) {
        swept = now
        sweep()
      }
    }
    for connection in connections.values { close(connection) }
  }

  /// False where something is left to do.
  private func fallAsleep() -> Bool {
    inbox.withLock { inbox in
      inbox.isAsleep = inbox.messages.isEmpty && unsettled.isEmpty
      return inbox.isAsleep
    }
  }

  private var isDone: Bool { stopsAt.map { now >= $0 || connections.isEmpty } ?? false }

  // MARK: - Messages

  private func hear() {
    let messages = inbox.withLock { inbox in
      inbox.isAsleep = false
      defer { inbox.messages.removeAll(keepingCapacity: true) }
      return inbox.messages
    }
    for message in messages {
      switch message {
      case .connection(let descriptor): accept(descriptor)
      case .settled(let service, let end, let answer): settle(service, end, answer)
      case .stop:
        stopsAt = now + ServerLimits.drainMax
        for connection in connections.values { endSoon(connection) }
      }
    }
  }

  private func settleAll() {
    for service in unsettled { service.settle() }
    unsettled.removeAll(keepingCapacity: true)
  }

  private func settle(_ service: Int, _ end: UInt64, _ answer: HTTPResponse) {
    // Taken out first: an answer lets the next request of a connection in, which waits here again.
    for caller in waiting[service]?.take(before: end) ?? [] {
      guard let connection = connections[caller.connection] else { continue }
      if let http2 = connection.http2 {
        http2.answer(caller.stream, answer)
        advance(connection)
      } else {
        connection.isAwaiting = false
        respond(connection, answer)
        process(connection)
        // What TLS has decrypted and kept shows in a read alone, not in the socket.
        if connection.socket.isTLS, isOpen(connection), !connection.isAwaiting { read(connection) }
      }
    }
  }

  func isOpen(_ connection: ServerConnection) -> Bool { connections[connection.key] != nil }

  /// A request that waits for a ticket.
  func wait(for ticket: UInt64, of service: any HTTPService, _ connection: ServerConnection, stream: Int32 = 0) {
    let caller = WaitingCallers.Caller(connection: connection.key, stream: stream)
    waiting[service.number, default: WaitingCallers()].add(caller, ticket: ticket)
    if !unsettled.contains(where: { $0 === service }) { unsettled.append(service) }
  }

  // MARK: - Connections

  private func accept(_ descriptor: Int32) {
    let session = server.tls?.session(descriptor)
    let connection = ServerConnection(nextKey, StreamSocket(descriptor, session), now: now)
    nextKey += 1
    connections[connection.key] = connection
    poller.add(descriptor, key: connection.key, .reading)
    // Without memory for TLS nothing is said: it would be in clear.
    if stopsAt != nil || (server.tls != nil && session == nil) { close(connection) }
  }

  func close(_ connection: ServerConnection) {
    guard connections.removeValue(forKey: connection.key) != nil else { return }
    poller.remove(connection.socket.descriptor)
    server.release(bytes: connection.reserved)
    server.closed()
  }

  /// Ends the connection behind the answers that it still waits for.
  private func endSoon(_ connection: ServerConnection) {
    if connection.isIdle { return close(connection) }
    connection.endsWhenSent = true
    connection.http2?.end()
    advance(connection)
  }

  private func sweep() {
    for connection in connections.values {
      if now >= connection.deadline || now >= connection.requestDeadline { timeOut(connection) }
    }
  }

  private func timeOut(_ connection: ServerConnection) {
    // Who sent half a request hears why; all others have said nothing for long.
    let isHalf =
      connection.http2 == nil && !connection.isAwaiting && !connection.isLingering && !connection.endsWhenSent
      && !connection.reader.isBetween(connection.input) && connection.socket.isReady
    guard isHalf else { return close(connection) }
    connection.endsWhenSent = true
    connection.deadline = now + ServerLimits.lingerMax
    connection.requestDeadline = .max
    respond(connection, HTTPResponse(408, "the request did not come to its end"))
  }

  /// Sends what waits, and says what is waited for next.
  func advance(_ connection: ServerConnection) {
    if let http2 = connection.http2 { http2.collect(into: &connection.socket.output) }
    guard connection.socket.flush() else { return close(connection) }
    if connection.socket.isSent, connection.endsWhenSent, !connection.isAwaiting, connection.http2?.isIdle ?? true {
      return linger(connection)
    }
    if !connection.socket.isSent { connection.deadline = now + ServerLimits.pauseMax }
    watch(connection)
  }

  /// Closes the way out and reads over what still comes: a connection that is closed with something unread in it takes
  /// the answer with it.
  private func linger(_ connection: ServerConnection) {
    guard !connection.isLingering else { return }
    connection.isLingering = true
    connection.socket.endWriting()
    connection.deadline = now + ServerLimits.lingerMax
    connection.requestDeadline = .max
    watch(connection)
  }

  private func watch(_ connection: ServerConnection) {
    var interest: Poller.Interest = []
    let isFull = connection.isAwaiting && connection.input.count > ServerLimits.freeBytes
    if !isFull { interest.insert(.reading) }
    if !connection.socket.isSent || connection.socket.wantsToWrite { interest.insert(.writing) }
    guard interest != connection.interest else { return }
    connection.interest = interest
    poller.change(connection.socket.descriptor, key: connection.key, interest)
  }
}
