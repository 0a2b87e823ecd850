import COpenSSL
import ConnectorKit
import Glibc

/// What a server shows to those who connect, and asks of them.
struct ServerTLS: SettingGroup, Equatable {
  @Setting("The server's certificate and those that signed it, as PEM.", example: "server.pem") var certificate: String
  @Setting("The certificate's key, as PEM.", example: "server.key") var key: String
  @Setting("Certificates of authorities, as PEM; with it whoever connects must show one that they signed.")
  var ca: String?

  init() {}

  static func == (a: ServerTLS, b: ServerTLS) -> Bool {
    a.certificate == b.certificate && a.key == b.key && a.ca == b.ca
  }
}

/// OpenSSL's context of a server.
///
/// `@unchecked Sendable`: not changed after `init`, and OpenSSL counts its references itself.
final class TLSContext: @unchecked Sendable {
  private let context: OpaquePointer

  init(_ settings: ServerTLS, folder: String) throws(ConnectorError) {
    guard let context = openssl_server_context() else { throw Self.failure("TLS cannot be set up") }
    self.context = context
    openssl_offer_protocols(context)
    let certificate = Files.join(folder, settings.certificate)
    let key = Files.join(folder, settings.key)
    guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
      throw Self.failure("The certificate \(certificate) cannot be read")
    }
    guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
      throw Self.failure("The key \(key) cannot be read, or is not that of the certificate")
    }
    if let ca = settings.ca.map({ Files.join(folder, $0) }), openssl_require_clients(context, ca) != 1 {
      throw Self.failure("The authorities \(ca) cannot be read")
    }
  }

  deinit { SSL_CTX_free(context) }

  private static func failure(_ what: String) -> ConnectorError {
    let reason = String(cString: openssl_reason())
    ERR_clear_error()
    return ConnectorError(
      "webhook.tls", what + (reason.isEmpty ? "." : ": \(reason)."), remedy: .stop,
      hint: "Check the files under tls: PEM, readable for the user that runs millrace.")
  }

  /// A session on a socket that was accepted; nil without memory.
  func session(_ socket: Int32) -> OpaquePointer? {
    guard let session = SSL_new(context) else { return nil }
    SSL_set_fd(session, socket)
    SSL_set_accept_state(session)
    return session
  }
}
