import COpenSSL
import ConnectorKit
import Glibc

/// OpenSSL's context of a client: whom it trusts, and what it shows.
final class ClientTLSContext {
  private let context: OpaquePointer
  private let verifies: Bool

  init(_ settings: ClientTLS, folder: String) throws(TransferFailure) {
    guard let context = openssl_client_context(settings.verify ? 1 : 0) else {
      throw Self.failure("TLS cannot be set up")
    }
    self.context = context
    verifies = settings.verify
    if let ca = settings.ca.map({ Files.join(folder, $0) }) {
      guard SSL_CTX_load_verify_locations(context, ca, nil) == 1 else {
        throw Self.failure("the authorities \(ca) cannot be read")
      }
    } else if SSL_CTX_set_default_verify_paths(context) != 1 {
      throw Self.failure("the system's authorities cannot be read")
    }
    guard let certificate = settings.certificate, let key = settings.key else { return }
    guard SSL_CTX_use_certificate_chain_file(context, Files.join(folder, certificate)) == 1,
      SSL_CTX_use_PrivateKey_file(context, Files.join(folder, key), SSL_FILETYPE_PEM) == 1
    else { throw Self.failure("the certificate \(certificate) or its key cannot be read, or they belong to others") }
  }

  deinit { SSL_CTX_free(context) }

  /// A session on a socket that connects to `host`, whose name its certificate must have.
  func session(_ socket: Int32, host: String) throws(TransferFailure) -> OpaquePointer {
    var address = in6_addr()
    let isAddress = inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    guard let session = openssl_client_session(context, socket, host, isAddress ? 1 : 0, verifies ? 1 : 0) else {
      throw Self.failure("TLS cannot be set up")
    }
    return session
  }

  private static func failure(_ what: String) -> TransferFailure {
    let reason = String(cString: openssl_reason())
    ERR_clear_error()
    return TransferFailure(.untrusted, what + (reason.isEmpty ? "" : ": \(reason)"))
  }
}
