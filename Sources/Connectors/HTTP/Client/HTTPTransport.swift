import Records

/// What carries requests to servers and answers back, many at once. Belongs to one lane.
protocol HTTPTransport: AnyObject {
  func start(_ transfer: Transfer)
  /// Lets requests go on until some end or the time is over, and gives those that ended.
  func advance(milliseconds: Int32, _ ended: (Transfer) -> Void)
  /// Lets go of requests under way, whose answers nobody will hear.
  func abandon()
}

/// Who carries the requests.
enum HTTPCarrier: Equatable {
  /// Sockets of our own, with HTTP/1.1.
  case direct
  /// libcurl, which speaks HTTP/2 and knows proxies.
  case curl

  /// The plain case goes directly, where a request costs a fraction of what it costs in libcurl: HTTP/1.1 without a
  /// proxy. `http_version: auto` means HTTP/1.1 without TLS, and HTTP/2 where the server has it under TLS.
  ///
  /// - Parameters:
  ///   - urls: where requests go, as far as the settings say.
  ///   - isProxied: whether the environment names a proxy.
  static func choose(_ urls: [String], _ settings: ClientSettings, isProxied: Bool) -> HTTPCarrier {
    if isProxied || settings.proxy != nil || settings.redirectionsMax > 0 || settings.version == .http2 { return .curl }
    let isDirect = urls.allSatisfy { url in
      guard let parts = URLParts(url), HTTPOrigin(parts) != nil else { return false }
      return settings.version == .http1 || parts.scheme.lowercased() == "http"
    }
    return isDirect ? .direct : .curl
  }
}
