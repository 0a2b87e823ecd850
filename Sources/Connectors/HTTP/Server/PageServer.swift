import ConnectorKit
import Records

/// Where a ``PageServer`` listens: `127.0.0.1:9464`.
package struct PageAddress: Sendable {
  fileprivate let place: ListenAddress

  /// nil where it is no address.
  package init?(_ text: String) {
    guard let place = ListenAddress(text) else { return nil }
    self.place = place
  }

  package var text: String { place.text }
}

/// A small server of texts that are made when they are asked for.
package final class PageServer: Sendable {
  /// A text and what it is.
  package struct Page: Sendable {
    package var status: Int
    package var type: String
    package var text: String

    package init(_ text: String, type: String, status: Int = 200) {
      self.text = text
      self.type = type
      self.status = status
    }
  }

  private let server: HTTPServer

  /// - Parameter pages: by path; called from the server's thread.
  /// - Throws: `webhook.cannot_listen` where somebody listens there.
  package init(
    _ address: PageAddress, _ pages: [String: @Sendable () -> Page]
  ) throws(ConnectorError) {
    let state = ServerState(nil, isComplete: true)
    for (path, make) in pages { _ = state.add(PageService(make), path: path) }
    server = try HTTPServer(address.place, state, loops: 1)
  }

  package func stop() { server.stop() }
}

/// Serves one page.
private final class PageService: HTTPService {
  let number = ServiceNumber.next()
  private let make: @Sendable () -> PageServer.Page

  init(_ make: @escaping @Sendable () -> PageServer.Page) { self.make = make }

  var bodyBytesMax: Int { 0 }

  func refusal(of head: HTTPRequest, _ bytes: borrowing ByteBuffer) -> HTTPResponse? {
    head.method == .get || head.method == .head ? nil : HTTPResponse(405, "this is only read", allow: "GET, HEAD")
  }

  func serve(_ request: HTTPRequest, _ bytes: borrowing ByteBuffer, _ tools: ServiceTools) -> Served {
    let page = make()
    return .answer(
      HTTPResponse(
        status: page.status, headers: [("content-type", page.type), ("cache-control", "no-store")], body: page.text))
  }
}
