import CEpoll
import ConnectorKit
import Glibc
import Records

/// Where a server listens: `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:8080`.
struct ListenAddress: Equatable, Hashable, Sendable {
  var host: String
  var port: Int

  var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether nobody but this machine can reach it.
  var isLocal: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (1...65_535).contains(port)
    else { return nil }
    var host = text[..<colon]
    if host.first == "[", host.last == "]" {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty else { return nil }
    self.host = String(host)
    self.port = port
  }

  /// A socket that listens.
  func listen() throws(ConnectorError) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let info = found else {
      throw failure("the host is not known", .stop)
    }
    defer { freeaddrinfo(found) }
    let socket = epoll_socket(info.pointee.ai_family)
    guard socket >= 0 else { throw failure(String(cString: strerror(errno)), .stop) }
    var on: Int32 = 1
    // A port whose last connections still linger is free; one that somebody listens on is not.
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, 4)
    guard bind(socket, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
      Glibc.listen(socket, ServerLimits.backlog) == 0
    else {
      let reason = errno
      close(socket)
      throw failure(String(cString: strerror(reason)), reason == EADDRINUSE ? .retry(after: nil) : .stop)
    }
    return socket
  }

  private func failure(_ reason: String, _ remedy: ConnectorError.Remedy) -> ConnectorError {
    ConnectorError(
      "webhook.cannot_listen", "Cannot listen on \(text): \(reason).", remedy: remedy,
      hint: "Choose another port, or stop the program that has this one; ports below 1024 need a right of their own.")
  }
}

extension ListenAddress: SettingValue {
  static let noun = "an address such as 127.0.0.1:8080"
  static var shape: SettingShape { .text(noun, pattern: "^.+:[0-9]+$") }

  static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> ListenAddress? {
    guard let text = node.scalar?.text, node.core != .null else { return loader.mismatch(node, expected: noun) }
    if let address = ListenAddress(text) { return address }
    loader.error(
      "config.invalid", node, "`\(text)` is no address to listen on", hint: "write host:port, such as 127.0.0.1:8080")
    return nil
  }

  var written: Value { .string(text) }
}
