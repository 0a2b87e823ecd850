import CCurl
import ConnectorKit

/// How a client shows itself to servers, and what it asks of them.
struct ClientTLS: SettingGroup {
  @Setting("Certificates of the authorities that are trusted, as PEM, in place of the system's.") var ca: String?
  @Setting("The client's own certificate, as PEM, where the server asks for one.") var certificate: String?
  @Setting("The certificate's key, as PEM.") var key: String?
  @Setting("Whether the server's certificate is checked; without that anybody may be in between.") var verify: Bool =
    true

  init() {}

  func problems() -> [Problem] {
    (certificate == nil) == (key == nil)
      ? []
      : [Problem(key == nil ? "certificate" : "key", "needs its other half", hint: "give both certificate and key")]
  }
}

/// Which versions of HTTP are spoken.
enum HTTPVersion: String, SettingChoice {
  /// HTTP/2 under TLS where the server has it, otherwise HTTP/1.1.
  case auto
  case http1 = "1.1"
  /// HTTP/2 without asking, also without TLS.
  case http2 = "2"
}

/// What is the same for all requests of a client.
struct ClientSettings: Sendable {
  var tls = ClientTLS()
  /// Where relative paths of certificates start from.
  var folder = ""
  var timeout: Duration = .seconds(30)
  var connectTimeout: Duration = .seconds(10)
  var version = HTTPVersion.auto
  var proxy: Secret?
  /// How many redirections are followed, all on the same host; 0: none, the answer is what it is.
  var redirectionsMax = 0

  static let agent = "millrace"

  func apply(to handle: UnsafeMutableRawPointer) {
    _ = curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
    _ = curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
    _ = curl_set_text(handle, CURLOPT_USERAGENT, Self.agent)
    // Any packing that libcurl can undo.
    _ = curl_set_text(handle, CURLOPT_ACCEPT_ENCODING, "")
    // `..` in a value is part of the value.
    _ = curl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
    _ = curl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
    _ = curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(timeout.milliseconds))
    _ = curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(connectTimeout.milliseconds))
    // libcurl would take headers along to other hosts; ``HTTPClient`` follows, and stays.
    _ = curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
    if let proxy { _ = curl_set_text(handle, CURLOPT_PROXY, proxy.reveal()) }
    applyVersion(to: handle)
    applyTLS(to: handle)
  }

  private func applyVersion(to handle: UnsafeMutableRawPointer) {
    let number =
      switch version {
      case .auto: CURL_HTTP_VERSION_2TLS
      case .http1: CURL_HTTP_VERSION_1_1
      case .http2: CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
      }
    _ = curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(number))
    // Waits for a connection that could carry the request with others, rather than open one more.
    _ = curl_set_long(handle, CURLOPT_PIPEWAIT, version == .http1 ? 0 : 1)
  }

  private func applyTLS(to handle: UnsafeMutableRawPointer) {
    _ = curl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    _ = curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1 : 0)
    _ = curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2 : 0)
    if let ca = tls.ca { _ = curl_set_text(handle, CURLOPT_CAINFO, Files.join(folder, ca)) }
    if let own = tls.certificate { _ = curl_set_text(handle, CURLOPT_SSLCERT, Files.join(folder, own)) }
    if let key = tls.key { _ = curl_set_text(handle, CURLOPT_SSLKEY, Files.join(folder, key)) }
  }
}
