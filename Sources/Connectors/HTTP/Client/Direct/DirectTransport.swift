import CEpoll
import ConnectorKit
import Glibc
import Records

/// Carries requests over sockets of its own, in HTTP/1.1: one request at a time on a connection, which the next one uses
/// again.
///
/// A request whose connection was used before and ends before anything of the answer came is sent once more on a new one,
/// as RFC 9112 (9.3.1) has it and libcurl does: a server may close a connection that waits at any time. The target's keys
/// make that as safe as any repetition.
final class DirectTransport: HTTPTransport {
  /// How often deadlines are looked at, in milliseconds.
  private static let tick: Int32 = 50
  /// How long a connection may wait for a request before it is closed, in milliseconds.
  private static let idleMax: Int64 = 60_000

  private let settings: ClientSettings
  private let requestsMax: Int
  private let poller: Poller
  private var trust: ClientTLSContext?
  private var pools: [HostPool] = []
  private var connections: [UInt64: DirectConnection] = [:]
  private var nextKey: UInt64 = 1
  private var ended: [Transfer] = []
  /// Those that have a request to send.
  private var begun: [DirectConnection] = []
  private let sends = SendBatch()
  private var swept: Int64 = 0

  init(_ settings: ClientSettings, requestsMax: Int) throws(ConnectorError) {
    guard let poller = Poller() else {
      throw ConnectorError(
        "http.no_memory", "The system gives no more descriptors.", remedy: .retry(after: nil),
        hint: "Raise the limit of open files (ulimit -n).")
    }
    self.settings = settings
    self.requestsMax = requestsMax
    self.poller = poller
  }

  // MARK: - Beginning

  func start(_ transfer: Transfer) {
    let began = SocketClock.microseconds()
    guard let (pool, target) = pool(of: transfer) else {
      return end(transfer, .badAddress, "the address cannot be sent as it is")
    }
    guard let connection = pool.idle.popLast() else { return open(pool, transfer, target, began) }
    begin(transfer, target, on: connection, began)
  }

  private func pool(of transfer: Transfer) -> (HostPool, target: Int)? {
    for pool in pools {
      if let target = pool.target(in: transfer.url) { return (pool, target) }
    }
    let text = transfer.url.text
    guard let parts = URLParts(text), let origin = HTTPOrigin(parts) else { return nil }
    let pool = HostPool(origin, prefix: "\(parts.scheme)://\(parts.host)")
    pools.append(pool)
    return pool.target(in: transfer.url).map { (pool, $0) }
  }

  private func begin(_ transfer: Transfer, _ target: Int, on connection: DirectConnection, _ began: Int64) {
    let deadline = began / 1_000 + settings.timeout.milliseconds
    guard connection.begin(transfer, target: target, began: began, deadline: deadline) else {
      close(connection)
      return end(transfer, .badAddress, "the address has characters that must be encoded")
    }
    if connection.isConnected, !connection.socket.isTLS { return begun.append(connection) }
    guard connection.flush() else { return lost(connection) }
    watch(connection)
  }

  /// Sends the requests that were begun since the last time, all together.
  private func sendBegun() {
    let connections = exchange(&begun, with: [])
    sends.send(connections.map(\.socket)) { place, isOpen in
      if isOpen { watch(connections[place]) } else { lost(connections[place]) }
    }
  }

  private func open(_ pool: HostPool, _ transfer: Transfer, _ target: Int, _ began: Int64) {
    do throws(TransferFailure) {
      let addresses = try pool.resolved(now: began / 1_000)
      let share = settings.connectTimeout.milliseconds / Int64(max(addresses.count, 1))
      let connection = try connect(pool, addresses[...], share: share)
      begin(transfer, target, on: connection, began)
    } catch {
      end(transfer, error.kind, error.text)
    }
  }

  /// Begins a connection to the first address that does not fail at once.
  ///
  /// - Parameter share: how long one address may take, in milliseconds.
  private func connect(
    _ pool: HostPool, _ addresses: ArraySlice<SocketAddress>, share: Int64
  ) throws(TransferFailure) -> DirectConnection {
    var rest = addresses
    var reason = "the host has no address"
    while let address = rest.popFirst() {
      let descriptor = epoll_socket(address.family)
      guard descriptor >= 0, address.connect(descriptor) else {
        reason = String(cString: strerror(errno))
        if descriptor >= 0 { Glibc.close(descriptor) }
        continue
      }
      return try add(pool, descriptor, otherwise: rest, share: share)
    }
    pool.forgetAddresses()
    throw TransferFailure(.unreachable, "cannot connect: \(reason)")
  }

  private func add(
    _ pool: HostPool, _ descriptor: Int32, otherwise rest: ArraySlice<SocketAddress>, share: Int64
  ) throws(TransferFailure) -> DirectConnection {
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, 4)
    var session: OpaquePointer?
    if pool.origin.isTLS {
      do throws(TransferFailure) {
        session = try tlsSession(pool.origin.host, descriptor)
      } catch {
        Glibc.close(descriptor)
        throw error
      }
    }
    let connection = DirectConnection(
      nextKey, pool, StreamSocket(descriptor, session), otherwise: rest, readyBy: SocketClock.milliseconds() + share)
    nextKey += 1
    connections[connection.key] = connection
    poller.add(descriptor, key: connection.key, connection.interest)
    return connection
  }

  private func tlsSession(_ host: String, _ descriptor: Int32) throws(TransferFailure) -> OpaquePointer {
    let context: ClientTLSContext
    if let trust {
      context = trust
    } else {
      context = try ClientTLSContext(settings.tls, folder: settings.folder)
      trust = context
    }
    return try context.session(descriptor, host: host)
  }

  // MARK: - Going on

  func advance(milliseconds: Int32, _ body: (Transfer) -> Void) {
    sendBegun()
    if ended.isEmpty {
      poller.wait(min(milliseconds, Self.tick)) { happening in
        guard let connection = connections[happening.key] else { return }
        go(on: connection, happening)
      }
      sweep()
    }
    for transfer in ended { body(transfer) }
    ended.removeAll(keepingCapacity: true)
  }

  private func go(on connection: DirectConnection, _ happening: Poller.Happening) {
    // Whoever says something unasked, or leaves, is not asked again.
    guard connection.transfer != nil else { return close(connection) }
    if !connection.isConnected, let reason = connection.connected() { return tryNext(connection, reason) }
    guard connection.flush() else { return lost(connection) }
    if happening.isReadable { read(connection, isEnding: happening.isEnding) }
    if !connection.isClosed { watch(connection) }
  }

  private func read(_ connection: DirectConnection, isEnding: Bool) {
    switch connection.read(isEnding: isEnding) {
    case .more: if !connection.socket.isSent, !connection.flush() { lost(connection) }
    case .lost: lost(connection)
    case .refused(let reason): fail(connection, .unreachable, "the answer is no HTTP/1.1 (\(reason))")
    case .answered:
      guard let transfer = connection.transfer else { return }
      if connection.finish(now: SocketClock.microseconds()), !isEnding, connections.count <= requestsMax {
        connection.pool.idle.append(connection)
      } else {
        close(connection)
      }
      ended.append(transfer)
    }
  }

  private func watch(_ connection: DirectConnection) {
    let wanted = connection.wanted
    guard wanted != connection.interest else { return }
    connection.interest = wanted
    poller.change(connection.socket.descriptor, key: connection.key, wanted)
  }

  private func sweep() {
    let now = SocketClock.milliseconds()
    guard now - swept >= Int64(Self.tick) else { return }
    swept = now
    for connection in connections.values {
      if connection.transfer == nil {
        if now - connection.idleSince >= Self.idleMax { close(connection) }
      } else if now >= connection.deadline {
        fail(connection, .timedOut, "no answer within \(settings.timeout.milliseconds) ms")
      } else if !connection.isReady, now >= connection.readyDeadline {
        tryNext(connection, "no answer within \(settings.connectTimeout.milliseconds) ms", .timedOut)
      }
    }
  }

  // MARK: - Ending

  private func close(_ connection: DirectConnection) {
    guard !connection.isClosed else { return }
    connection.isClosed = true
    connections[connection.key] = nil
    connection.pool.idle.removeAll { $0 === connection }
    poller.remove(connection.socket.descriptor)
  }

  private func fail(_ connection: DirectConnection, _ kind: TransferFailure.Kind, _ text: String) {
    close(connection)
    if let transfer = connection.transfer { end(transfer, kind, text) }
  }

  private func end(_ transfer: Transfer, _ kind: TransferFailure.Kind, _ text: String) {
    transfer.failed(TransferFailure(kind, text))
    ended.append(transfer)
  }

  /// The connection could not be made: the next address has its turn.
  private func tryNext(
    _ connection: DirectConnection, _ reason: String, _ kind: TransferFailure.Kind = .unreachable
  ) {
    close(connection)
    guard let transfer = connection.transfer else { return }
    guard let target = connection.pool.target(in: transfer.url), !connection.otherwise.isEmpty else {
      connection.pool.forgetAddresses()
      return end(transfer, kind, "cannot connect: \(reason)")
    }
    do throws(TransferFailure) {
      let share = max(connection.readyDeadline - connection.began / 1_000, 1)
      let next = try connect(connection.pool, connection.otherwise, share: share)
      begin(transfer, target, on: next, connection.began)
    } catch {
      end(transfer, error.kind, error.text)
    }
  }

  /// The connection ended before the answer did.
  private func lost(_ connection: DirectConnection) {
    close(connection)
    guard let transfer = connection.transfer else { return }
    guard connection.isReady else {
      if settings.tls.verify, let reason = connection.socket.distrust {
        return end(transfer, .untrusted, "the server's certificate is not trusted: \(reason)")
      }
      return end(transfer, .unreachable, "the two sides found no common TLS, or the server wants a certificate")
    }
    if connection.isReused, !connection.hasHeard, let target = connection.pool.target(in: transfer.url) {
      return open(connection.pool, transfer, target, connection.began)
    }
    let when = connection.hasHeard ? "in the middle of its answer" : "before it answered"
    end(transfer, .unreachable, "the server closed the connection \(when)")
  }

  func abandon() {
    begun.removeAll()
    for connection in Array(connections.values) where connection.transfer != nil { close(connection) }
    ended.removeAll()
  }
}
