import CEpoll
import Glibc
import Records

/// The connections to one server, and where it is.
final class HostPool {
  /// How long an address that was resolved is believed, in milliseconds.
  private static let believedMax: Int64 = 60_000

  let origin: HTTPOrigin
  let head: RequestHead
  /// What addresses of the server begin with.
  private let prefix: [UInt8]
  /// Those that wait for a request, the one used last at the end.
  var idle: [DirectConnection] = []
  private var addresses: [SocketAddress] = []
  private var resolvedAt: Int64 = 0

  init(_ origin: HTTPOrigin, prefix: String) {
    self.origin = origin
    self.prefix = Array(prefix.utf8)
    head = RequestHead(origin)
  }

  /// Where the path begins in an address of this server; nil where it is one of another.
  func target(in url: borrowing ByteBuffer) -> Int? {
    let count = prefix.count
    guard url.count >= count, memcmp(url.base, prefix, count) == 0 else { return nil }
    guard url.count > count else { return count }
    return [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains(url.base[count]) ? count : nil
  }

  func resolved(now: Int64) throws(TransferFailure) -> [SocketAddress] {
    if addresses.isEmpty || now - resolvedAt > Self.believedMax {
      addresses = try SocketAddress.resolve(origin.host, origin.port)
      resolvedAt = now
    }
    return addresses
  }

  /// The server was not where it was believed to be.
  func forgetAddresses() { addresses = [] }
}

/// One connection to a server, which carries one request after the other. Belongs to its transport.
final class DirectConnection {
  /// How much is read from a socket at once, and held on to between requests, in bytes.
  private static let readBytes = 16 << 10

  let key: UInt64
  let pool: HostPool
  let socket: StreamSocket
  /// Addresses that are tried where this one does not answer.
  let otherwise: ArraySlice<SocketAddress>
  private(set) var isConnected = false
  /// When the two sides must have agreed on how they speak, in milliseconds.
  let readyDeadline: Int64

  /// The request that it carries; nil while it waits for one.
  private(set) var transfer: Transfer?
  /// When the request was begun, in microseconds, and when it ends at the latest, in milliseconds.
  private(set) var began: Int64 = 0
  private(set) var deadline = Int64.max
  /// Whether a request was answered before this one.
  private(set) var isReused = false
  /// Whether anything of the answer has come.
  private(set) var hasHeard = false
  private(set) var idleSince: Int64 = 0
  private var input = ByteBuffer()
  private var reader = ResponseReader()
  var interest: Poller.Interest = [.reading, .writing, .once]
  var isClosed = false

  init(_ key: UInt64, _ pool: HostPool, _ socket: StreamSocket, otherwise: ArraySlice<SocketAddress>, readyBy: Int64) {
    (self.key, self.pool, self.socket) = (key, pool, socket)
    self.otherwise = otherwise
    readyDeadline = readyBy
  }

  var isReady: Bool { isConnected && socket.isReady }

  /// What happens on the socket is waited for.
  var wanted: Poller.Interest {
    // TLS may have to read before it can write.
    let writes = !isConnected || (socket.isTLS ? socket.wantsToWrite : !socket.isSent)
    return writes ? [.reading, .writing, .once] : [.reading, .once]
  }

  /// Takes a request; false where its address cannot be sent.
  func begin(_ transfer: Transfer, target: Int, began: Int64, deadline: Int64) -> Bool {
    self.transfer = transfer
    (self.began, self.deadline) = (began, deadline)
    hasHeard = false
    reader = ResponseReader(isHead: transfer.method == "HEAD")
    return pool.head.append(transfer, target: target, to: &socket.output)
  }

  /// The connection was made, or was not.
  ///
  /// - Returns: the reason why not; nil where it was.
  func connected() -> String? {
    var (error, length) = (Int32(0), socklen_t(4))
    getsockopt(socket.descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
    isConnected = error == 0
    return error == 0 ? nil : String(cString: strerror(error))
  }

  /// Sends what waits, as far as the socket takes it; false where the connection is gone.
  func flush() -> Bool { isConnected ? socket.flush() : true }

  enum Heard: Equatable {
    case more, answered
    /// The connection is gone, and the answer is not whole.
    case lost
    /// What came is no answer.
    case refused(String)
  }

  /// Takes what the socket has of the answer.
  ///
  /// - Parameter isEnding: whether the other side is known to send nothing behind it.
  func read(isEnding: Bool) -> Heard {
    while true {
      input.reserve(Self.readBytes)
      let room = UnsafeMutableRawBufferPointer(start: input.end, count: Self.readBytes)
      switch socket.read(into: room) {
      case .later: return .more
      case .ended: return reader.ended(isOrderly: true) ? .answered : .lost
      case .broken: return reader.ended(isOrderly: false) ? .answered : .lost
      case .bytes(let count):
        hasHeard = true
        input.advance(by: count)
        do throws(HTTPRefusal) {
          if try take() { return .answered }
        } catch {
          return .refused(error.message)
        }
        // A short read has emptied the socket; what TLS holds back, and the end, show in a further read alone.
        if count < room.count, !socket.isTLS, !isEnding { return .more }
      }
    }
  }

  /// Whether the answer is whole.
  private func take() throws(HTTPRefusal) -> Bool {
    while true {
      switch try reader.step(input) {
      case .head(let head): transfer?.receive(head: UnsafeRawBufferPointer(rebasing: input.bytes[head]))
      case .data(let data): transfer?.receive(UnsafeRawBufferPointer(rebasing: input.bytes[data]))
      case .done: return true
      case .more:
        input.removeFirst(reader.consumed)
        reader.forget()
        return false
      }
    }
  }

  /// Ends the request that was answered.
  ///
  /// - Returns: whether the connection may carry another: all of the request was sent, and nothing came behind the answer.
  func finish(now: Int64) -> Bool {
    transfer?.ended(status: reader.status, microseconds: Int(now - began))
    let isReusable = reader.isReusable && socket.isSent && input.count == reader.consumed
    transfer = nil
    isReused = true
    idleSince = now / 1_000
    input.shrink(to: Self.readBytes)
    return isReusable
  }
}
