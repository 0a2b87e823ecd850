import COpenSSL
import Glibc

/// One end of a connection that was accepted, plain or under TLS; never blocks. Belongs to one loop.
final class ServerSocket {
  enum Result: Equatable {
    case bytes(Int)
    /// Not now.
    case later
    case ended
  }

  let descriptor: Int32
  private let session: OpaquePointer?
  /// Whether TLS has to send something before it can read on.
  private(set) var wantsToWrite = false

  init(_ descriptor: Int32, _ tls: TLSContext?) {
    self.descriptor = descriptor
    session = tls.flatMap { $0.session(descriptor) }
  }

  deinit {
    if let session { SSL_free(session) }
    close(descriptor)
  }

  var isTLS: Bool { session != nil }
  /// Whether the two sides have agreed on how they speak.
  var isReady: Bool { session.map { SSL_is_init_finished($0) == 1 } ?? true }
  var isHTTP2: Bool { session.map { openssl_is_http2($0) == 1 } ?? false }

  func read(into room: UnsafeMutableRawBufferPointer) -> Result {
    if let session {
      ERR_clear_error()
      let count = SSL_read(session, room.baseAddress, Int32(clamping: room.count))
      return count > 0 ? .bytes(Int(count)) : result(session, count)
    }
    return result(recv(descriptor, room.baseAddress, room.count, 0))
  }

  func write(_ bytes: UnsafeRawBufferPointer) -> Result {
    if let session {
      ERR_clear_error()
      let count = SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count))
      return count > 0 ? .bytes(Int(count)) : result(session, count)
    }
    return result(send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
  }

  private func result(_ count: Int) -> Result {
    if count > 0 { return .bytes(count) }
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? .later : .ended
  }

  private func result(_ session: OpaquePointer, _ count: Int32) -> Result {
    let reason = SSL_get_error(session, count)
    wantsToWrite = reason == SSL_ERROR_WANT_WRITE
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? .later : .ended
  }

  /// Says that nothing more is sent; what still comes may be read over.
  func endWriting() {
    if let session, isReady { SSL_shutdown(session) }
    shutdown(descriptor, Int32(SHUT_WR))
  }
}
