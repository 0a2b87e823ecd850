import CEpoll
import Glibc

/// Sends what waits in many sockets in one call to the system. Belongs to one loop.
///
/// With a call for each, the other side wakes at each and takes the core from who sends, where they share it: two changes of
/// task a send, which cost as much as the send. Where the system has no such call, each is made by itself.
final class SendBatch {
  /// So many sends go one by one first: to let go of what many go through takes the system some 35 ms, which a short run
  /// would spend for nothing.
  private static let aloneMax = 10_000

  /// nil: not asked for yet.
  private var context: aio_context_t?
  private var sends: [socket_send] = []
  /// How many more go one by one.
  private var alone: Int

  init(alone: Int = SendBatch.aloneMax) { self.alone = alone }

  deinit { if let context { socket_sends_close(context) } }

  /// - Parameter body: gets a socket's place, and whether its connection is still there.
  func send(_ sockets: [StreamSocket], _ body: (Int, _ isOpen: Bool) -> Void) {
    for start in stride(from: 0, to: sockets.count, by: Int(SOCKET_SENDS_MAX)) {
      sendSome(sockets[start...].prefix(Int(SOCKET_SENDS_MAX)), body)
    }
  }

  private func sendSome(_ sockets: ArraySlice<StreamSocket>, _ body: (Int, _ isOpen: Bool) -> Void) {
    sends.removeAll(keepingCapacity: true)
    // What TLS sends is not what waits.
    for socket in sockets where !socket.isTLS {
      let unsent = socket.unsent
      sends.append(
        socket_send(descriptor: socket.descriptor, bytes: unsent.baseAddress, count: unsent.count, result: 0))
    }
    alone -= sends.count
    if context == nil, alone < 0 { context = socket_sends_open() }
    sends.withUnsafeMutableBufferPointer { socket_sends(context ?? 0, $0.baseAddress, Int32($0.count)) }
    var results = sends.makeIterator()
    for (place, socket) in zip(sockets.indices, sockets) {
      guard !socket.isTLS, let result = results.next()?.result else {
        body(place, socket.flush())
        continue
      }
      body(place, socket.sent(StreamSocket.result(result, error: Int32(clamping: -result))))
    }
  }
}
