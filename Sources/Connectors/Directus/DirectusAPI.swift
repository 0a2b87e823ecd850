import ConnectorKit
import Records

/// Which Directus, and as whom.
struct DirectusServer: Sendable {
  /// Without a slash at its end.
  var base: String
  var auth: DirectusAuth
  var client: ClientSettings
  /// The longest answer that is read, in bytes.
  static let answerMax = 256 << 20
}

/// Requests to one Directus, one at a time. Belongs to one lane.
final class DirectusAPI {
  private let server: DirectusServer
  private let client: HTTPClient
  private let session: DirectusSession
  private let wallTime: @Sendable () -> Int64
  /// What the server's clock said with the last items; nil where it does not tell.
  private(set) var date: Timestamp?

  init(_ server: DirectusServer, wallTime: @escaping @Sendable () -> Int64) throws(ConnectorError) {
    self.server = server
    client = try HTTPClient(server.client, requestsMax: 1, answerMax: DirectusServer.answerMax)
    session = DirectusSession(server.base, server.auth)
    self.wallTime = wallTime
  }

  /// Sends a request and gives its answer, whatever its status; it holds until the next call.
  ///
  /// - Parameter path: with its query, encoded.
  func send(_ method: String, _ path: String, body: String? = nil) throws(ConnectorError) -> Transfer {
    var isSecond = false
    while true {
      do throws(ConnectorError) {
        try session.prepare(client, now: wallTime())
        let transfer = client.transfer()
        transfer.method = method
        transfer.url.append(server.base + path)
        transfer.hasBody = body != nil
        if let body {
          transfer.body.append(body)
          transfer.addHeader("Content-Type", "application/json")
        }
        session.authorize(transfer)
        let answer = try client.send(transfer)
        // A session may end early; it is opened anew once.
        if answer.isAnswered, answer.status == 401, !isSecond, session.wasRefused() {
          isSecond = true
          continue
        }
        return answer
      } catch {
        client.abandon()
        throw error
      }
    }
  }

  func error(_ answer: Transfer) -> DirectusError { DirectusError(answer, base: server.base) }

  /// Reads items into a page, and gives their nodes.
  func items(_ query: DirectusQuery, into page: JSONPage) throws(ConnectorError) -> [Int] {
    let answer = try send("GET", query.path)
    guard answer.isAnswered, answer.status == 200 else {
      throw error(answer).connectorError("read \(query.collection)")
    }
    date = answer.date.map { Timestamp(milliseconds: $0) }
    guard !answer.isCut, (try? page.read(answer.answer.bytes)) != nil,
      let data = page.member("data", of: page.root), let items = page.elements(of: data)
    else {
      throw ConnectorError(
        "http.bad_answer", "Directus answered something that holds no items of \(query.collection).", remedy: .stop,
        hint: "Check url: it is Directus' own address, without /items. Ask for fewer items with page_rows.")
    }
    return items
  }
}
