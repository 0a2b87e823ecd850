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

  /// The server of an address, started where none runs yet.
  func server(
    _ address: ListenAddress, _ tls: ServerTLS?, folder: String, loops: Int
  ) throws(ConnectorError) -> HTTPServer {
    try entries.withLock { entries throws(ConnectorError) in
      if let entry = entries[address] {
        guard entry.tls == tls else {
          throw ConnectorError(
            "webhook.tls_differs", "Another pipeline listens on \(address.text) with other TLS settings.",
            remedy: .stop,
            hint: "Give both the same tls, or each a port of its own.")
        }
        return entry.server
      }
      let context = try tls.map { tls throws(ConnectorError) in try TLSContext(tls, folder: folder) }
      let server = try HTTPServer(address, context, loops: loops)
      entries[address] = Entry(server: server, tls: tls)
      return server
    }
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

  /// Stops a server on which nothing is served, after a start that failed.
  func removeIdle(_ address: ListenAddress) {
    let idle = entries.withLock { entries -> HTTPServer? in
      guard let server = entries[address]?.server, server.state.isIdle else { return nil }
      entries[address] = nil
      return server
    }
    idle?.stop()
  }
}
