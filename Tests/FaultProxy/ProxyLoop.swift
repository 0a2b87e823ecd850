import Glibc
import Synchronization

/// Waits for sockets and orders, and serves them, on the proxy's thread.
///
/// `@unchecked Sendable`: what is not behind the lock is touched by that thread alone.
final class ProxyLoop: @unchecked Sendable {
  enum Order: Sendable {
    case strike(Fault)
    case arm(Trap)
    case heal
    case accept(Bool)
    case end
  }

  private struct Shared {
    var orders: [Order] = []
    var history = FaultProxy.History()
  }

  private let shared = Mutex(Shared())
  /// Its other end is written to when there is an order.
  private let bell: (read: Int32, write: Int32)
  private let listener: Socket
  private let server: UInt16
  private var links: [Link] = []
  private var traps: [Trap] = []
  private var accepts = true

  init(_ listener: Socket, server: UInt16) throws(SocketFailure) {
    self.listener = listener
    self.server = server
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SocketFailure("pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    bell = (ends[0], ends[1])
  }

  var history: FaultProxy.History { shared.withLock { $0.history } }

  func order(_ order: Order) {
    shared.withLock { $0.orders.append(order) }
    var byte: UInt8 = 0
    write(bell.write, &byte, 1)
  }

  func run() {
    while true {
      let ready = wait()
      // First, also one that was given since: what passes behind an order falls under it. The rest is ready in the next look too.
      if ready.hasOrders || shared.withLock({ !$0.orders.isEmpty }) {
        guard obey() else { return end() }
        continue
      }
      serve(ready)
      if ready.hasClients { accept() }
    }
  }

  // MARK: - Waiting

  private struct Ready {
    var hasOrders: Bool
    var hasClients: Bool
    /// Indices of links on which something happened.
    var links: [Int]
    /// Those of which a side was reset.
    var broken: [Int]
  }

  private func wait() -> Ready {
    var list = [
      pollfd(fd: bell.read, events: Int16(POLLIN), revents: 0),
      pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    for link in links {
      let interest = link.interest
      // Errors and hang-ups are told of without being asked for: a link under a fault must not hear of them.
      list.append(pollfd(fd: link.fault == nil ? link.client.descriptor : -1, events: interest.client, revents: 0))
      list.append(pollfd(fd: link.fault == nil ? link.server.descriptor : -1, events: interest.server, revents: 0))
    }
    poll(&list, nfds_t(list.count), -1)
    let events = links.indices.map { list[2 + 2 * $0].revents | list[3 + 2 * $0].revents }
    return Ready(
      hasOrders: list[0].revents != 0, hasClients: list[1].revents != 0,
      links: events.indices.filter { events[$0] != 0 },
      broken: events.indices.filter { events[$0] & Int16(POLLERR) != 0 })
  }

  // MARK: - Orders

  /// - Returns: false when it is to end.
  private func obey() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 64)
    _ = read(bell.read, &bytes, bytes.count)
    let orders = shared.withLock { shared in
      defer { shared.orders = [] }
      return shared.orders
    }
    for order in orders {
      switch order {
      case .strike(let fault): for index in links.indices.reversed() { strike(index, fault) }
      case .arm(let trap): traps.append(trap)
      case .heal: for index in links.indices { links[index].heal() }
      case .accept(let accepts): self.accepts = accepts
      case .end: return false
      }
    }
    return true
  }

  private func strike(_ index: Int, _ fault: Fault) {
    shared.withLock { $0.history.struck += 1 }
    if links[index].strike(fault) { links.remove(at: index) }
  }

  private func end() {
    for link in links { link.end(reset: true) }
    listener.end(reset: false)
    close(bell.read)
    close(bell.write)
  }

  // MARK: - Connections

  private func accept() {
    while let client = listener.accepted() {
      guard accepts, let server = try? Socket.connected(to: server) else {
        client.end(reset: true)
        continue
      }
      shared.withLock { $0.history.accepted += 1 }
      links.append(Link(client: client, server: server))
    }
  }

  private func serve(_ ready: Ready) {
    // From behind, because a link that ends is taken out.
    for index in ready.links.reversed() {
      if ready.broken.contains(index) { remove(index) } else { serve(index) }
    }
  }

  private func remove(_ index: Int) { links.remove(at: index).end(reset: true) }

  private func serve(_ index: Int) {
    let traps = traps
    // Nothing in it waits; and under the lock, so that who has received something finds it counted.
    let passed = shared.withLock { shared in
      let passed = links[index].pass { direction in
        traps.filter { $0.direction == direction }.map(\.bytes).min() ?? .max
      }
      shared.history.bytesToServer += passed?.toServer ?? 0
      shared.history.bytesToClient += passed?.toClient ?? 0
      return passed
    }
    guard let passed else { return remove(index) }
    spring(passed.toServer, passed.toClient, at: index)
  }

  /// Counts what has passed against the traps, and lets the first that is full befall the link.
  private func spring(_ toServer: Int, _ toClient: Int, at index: Int) {
    for trap in traps.indices { traps[trap].bytes -= traps[trap].direction == .toServer ? toServer : toClient }
    guard let full = traps.firstIndex(where: { $0.bytes <= 0 }) else { return }
    strike(index, traps.remove(at: full).fault)
  }
}
