import COpenSSL
import Glibc
import Records

/// One end of a connection, plain or under TLS; never blocks. Belongs to one loop.
final class StreamSocket {
  enum Result: Equatable {
    case bytes(Int)
    /// Not now.
    case later
    /// The other side has said that nothing more comes.
    case ended
    /// The connection is gone.
    case broken
  }

  /// How much memory is kept for what waits to be sent while nothing does, in bytes.
  private static let keptBytes = 16 << 10

  let descriptor: Int32
  private let session: OpaquePointer?
  /// What waits to be sent.
  var output = ByteBuffer()
  /// How much of it has left.
  private var sentBytes = 0
  /// Whether TLS has to send something before it can read on.
  private(set) var wantsToWrite = false

  /// - Parameter session: OpenSSL's, on the same descriptor; freed with the socket.
  init(_ descriptor: Int32, _ session: OpaquePointer?) {
    self.descriptor = descriptor
    self.session = session
  }

  deinit {
    if let session { SSL_free(session) }
    close(descriptor)
  }

  var isTLS: Bool { session != nil }
  /// Whether the two sides have agreed on how they speak.
  var isReady: Bool { session.map { SSL_is_init_finished($0) == 1 } ?? true }
  var isHTTP2: Bool { session.map { openssl_is_http2($0) == 1 } ?? false }
  /// Why the other side's certificate is not trusted; nil where it is, or none has come.
  var distrust: String? {
    guard let session else { return nil }
    let verdict = SSL_get_verify_result(session)
    return verdict == X509_V_OK ? nil : String(cString: X509_verify_cert_error_string(verdict))
  }

  func read(into room: UnsafeMutableRawBufferPointer) -> Result {
    if let session {
      ERR_clear_error()
      return result(session, SSL_read(session, room.baseAddress, Int32(clamping: room.count)))
    }
    return Self.result(recv(descriptor, room.baseAddress, room.count, 0), error: errno)
  }

  func write(_ bytes: UnsafeRawBufferPointer) -> Result {
    if let session {
      ERR_clear_error()
      return result(session, SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count)))
    }
    return Self.result(send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)), error: errno)
  }

  // MARK: - What waits to be sent

  /// Whether nothing does.
  var isSent: Bool { sentBytes == output.count }

  /// It stays where it is until the socket is told what came of it, ``sent(_:)``.
  var unsent: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: output.bytes[sentBytes...]) }

  /// Sends it as far as the system takes it now; false where the connection is gone.
  func flush() -> Bool {
    while !isSent {
      switch write(unsent) {
      case .bytes(let count): sentBytes += count
      case .later: return true
      case .ended, .broken: return false
      }
    }
    output.shrink(to: Self.keptBytes)
    sentBytes = 0
    return true
  }

  /// Some of ``unsent`` was sent by somebody else; false where the connection is gone.
  func sent(_ result: Result) -> Bool {
    switch result {
    case .bytes(let count):
      sentBytes += count
      return flush()
    case .later: return true
    case .ended, .broken: return false
    }
  }

  /// - Parameter error: the system's, where the count is below 0.
  static func result(_ count: Int, error: Int32) -> Result {
    if count > 0 { return .bytes(count) }
    if count == 0 { return .ended }
    return error == EAGAIN || error == EINTR ? .later : .broken
  }

  private func result(_ session: OpaquePointer, _ count: Int32) -> Result {
    let reason = count > 0 ? SSL_ERROR_NONE : SSL_get_error(session, count)
    wantsToWrite = reason == SSL_ERROR_WANT_WRITE
    switch reason {
    case SSL_ERROR_NONE: return .bytes(Int(count))
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .later
    case SSL_ERROR_ZERO_RETURN: return .ended
    default: return .broken
    }
  }

  /// Says that nothing more is sent; what still comes may be read over.
  func endWriting() {
    if let session, isReady { SSL_shutdown(session) }
    shutdown(descriptor, Int32(SHUT_WR))
  }
}
