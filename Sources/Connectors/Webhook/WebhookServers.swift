import ConnectorKit
import Synchronization

/// The servers of this process: pipelines that listen on one address share one.
final class WebhookServers: Sendable {
  static let shared = WebhookServers()

  private struct Entry {
    var server: HTTPServer
    var tls: ServerTLS?
  }

  private let entries = Mutex<[ListenAddress: Entry]>([:])

  /// Serves a path of an address. A server that has to be started knows the path before it listens, so that nobody hears
  /// that it is not there.
  func serve(
    _ service: any HTTPService, path: String, on address: ListenAddress, _ tls: ServerTLS?, folder: String, loops: Int
  ) throws(ConnectorError) -> HTTPServer {
    try entries.withLock { entries throws(ConnectorError) in
      if let entry = entries[address] {
        guard entry.tls == tls else { throw Self.differs(address) }
        guard entry.server.state.add(service, path: path) else { throw Self.taken(path, address) }
        return entry.server
      }
      let state = ServerState(try tls.map { tls throws(ConnectorError) in try TLSContext(tls, folder: folder) })
      _ = state.add(service, path: path)
      let server = try HTTPServer(address, state, loops: loops)
      entries[address] = Entry(server: server, tls: tls)
      return server
    }
  }

  private static func differs(_ address: ListenAddress) -> ConnectorError {
    ConnectorError(
      "webhook.tls_differs", "Another pipeline listens on \(address.text) with other TLS settings.", remedy: .stop,
      hint: "Give both the same tls, or each a port of its own.")
  }

  private static func taken(_ path: String, _ address: ListenAddress) -> ConnectorError {
    ConnectorError(
      "webhook.path_taken", "Another pipeline serves \(path) on \(address.text).", remedy: .stop,
      hint: "Give each webhook a path of its own; a second pipeline reads the same events with `type: log`.")
  }

  /// Takes the service away; the server stops with its last one.
  func remove(_ service: any HTTPService, from address: ListenAddress) {
    let idle = entries.withLock { entries -> HTTPServer? in
      guard let server = entries[address]?.server, !server.state.remove(service) else { return nil }
      entries[address] = nil
      return server
    }
    idle?.stop()
  }
}
