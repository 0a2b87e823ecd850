import CEpoll
import ConnectorKit
import Glibc
import Records
import Synchronization

/// What the loops of one server share.
final class ServerState: Sendable {
  private struct Route: Sendable {
    var path: [UInt8]
    var service: any HTTPService
  }

  let tls: TLSContext?
  private let routes = Mutex<[Route]>([])
  private let bodies = Atomic<Int>(0)
  private let connections = Atomic<Int>(0)
  private let began = SocketClock.milliseconds()
  /// Whether all that will be served is served from the first connection on.
  private let isComplete: Bool

  init(_ tls: TLSContext?, isComplete: Bool = false) {
    self.tls = tls
    self.isComplete = isComplete
  }

  func service(_ path: Slice<UnsafeRawBufferPointer>) -> (any HTTPService)? {
    routes.withLock { routes in routes.first { $0.path.elementsEqual(path) }?.service }
  }

  /// False where the path is served already.
  func add(_ service: any HTTPService, path: String) -> Bool {
    routes.withLock { routes in
      guard !routes.contains(where: { $0.path.elementsEqual(path.utf8) }) else { return false }
      routes.append(Route(path: Array(path.utf8), service: service))
      return true
    }
  }

  /// Whether others are served after it is gone.
  func remove(_ service: any HTTPService) -> Bool {
    routes.withLock { routes in
      routes.removeAll { $0.service === service }
      return !routes.isEmpty
    }
  }

  /// What a path hears that is not served: soon after the start it may belong to a pipeline that is still opening.
  func missing(now: Int64) -> HTTPResponse {
    !isComplete && now - began < ServerLimits.startMax
      ? HTTPResponse(503, "the path may not be served yet", retryAfter: ServerLimits.retryAfter)
      : HTTPResponse(404, "nothing is served under this path")
  }

  /// Takes memory for a body; one alone always gets it, however long it grows.
  ///
  /// - Parameter held: what it has taken before.
  func reserve(bytes: Int, beside held: Int) -> Bool {
    let before = bodies.add(bytes, ordering: .relaxed).oldValue
    if before <= held || before + bytes <= ServerLimits.bodiesBytesMax { return true }
    release(bytes: bytes)
    return false
  }

  func release(bytes: Int) { bodies.subtract(bytes, ordering: .relaxed) }

  /// False where there are as many as there may be.
  func opened() -> Bool {
    if connections.add(1, ordering: .relaxed).oldValue < ServerLimits.connectionsMax { return true }
    closed()
    return false
  }

  func closed() { connections.subtract(1, ordering: .relaxed) }
}

/// A server on one address, for services under several paths.
final class HTTPServer: Sendable {
  let state: ServerState
  private let loops: [ServerLoop]
  private let threads: [ServerThread]
  private let doorman: ServerThread
  private let door: Doorman

  /// - Parameter state: with what is served from the first connection on.
  init(_ address: ListenAddress, _ state: ServerState, loops count: Int) throws(ConnectorError) {
    self.state = state
    let listener = try address.listen()
    let loops = (0..<count).compactMap { _ in ServerLoop(state) }
    let door = Doorman(listener, state, loops)
    let threads = loops.compactMap { loop in ServerThread { loop.run() } }
    guard let door, !loops.isEmpty, threads.count == loops.count, let doorman = ServerThread({ door.run() }) else {
      loops.forEach { $0.tell(.stop) }
      throw ConnectorError(
        "webhook.cannot_listen", "The system gives no more threads or descriptors for \(address.text).",
        remedy: .retry(after: nil), hint: "Raise the limits of the process (ulimit -n, ulimit -u).")
    }
    (self.loops, self.threads, self.door, self.doorman) = (loops, threads, door, doorman)
  }

  /// What became of tickets of a service, to all who wait.
  func settle(service: Int, end: UInt64, _ answer: HTTPResponse) {
    for loop in loops { loop.tell(.settled(service: service, end: end, answer)) }
  }

  /// Takes no more connections, lets the answers leave, and returns when all are closed.
  func stop() {
    door.stop()
    doorman.join()
    loops.forEach { $0.tell(.stop) }
    threads.forEach { $0.join() }
  }
}

/// Accepts connections and hands them to the loops in turn, on a thread of its own.
///
/// `@unchecked Sendable`: the poller may be rung from anywhere; all else is touched by its own thread.
final class Doorman: @unchecked Sendable {
  /// How long it rests where no connection can be taken, in milliseconds.
  private static let rest: Int32 = 50

  private let listener: Int32
  private let state: ServerState
  private let loops: [ServerLoop]
  private let poller: Poller
  private let isStopped = Atomic<Bool>(false)
  private var turn = 0

  init?(_ listener: Int32, _ state: ServerState, _ loops: [ServerLoop]) {
    guard let poller = Poller() else {
      Glibc.close(listener)
      return nil
    }
    self.listener = listener
    self.state = state
    self.loops = loops
    self.poller = poller
    poller.add(listener, key: 0, .reading)
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    poller.ring()
  }

  func run() {
    while !isStopped.load(ordering: .acquiring) {
      poller.wait(-1) { _ in }
      while !isStopped.load(ordering: .acquiring), accept() {}
    }
    close(listener)
  }

  /// False where nobody waits.
  private func accept() -> Bool {
    guard state.opened() else {
      usleep(UInt32(Self.rest) * 1_000)
      return true
    }
    let socket = epoll_accept(listener)
    guard socket >= 0 else {
      state.closed()
      let isBusy = errno == EMFILE || errno == ENFILE || errno == ENOMEM
      if isBusy { usleep(UInt32(Self.rest) * 1_000) }
      return isBusy || errno == EINTR || errno == ECONNABORTED
    }
    var on: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    loops[turn % loops.count].tell(.connection(socket))
    turn += 1
    return true
  }
}
