import ConnectorKit
import Records

/// Sends requests, several at once, all from the lane of whoever waits for them.
///
/// Belongs to one lane.
final class HTTPClient {
  /// How long one look at the sockets lasts, so that a cancelled task is seen soon, in milliseconds.
  private static let glance: Int32 = 200

  private let transport: any HTTPTransport
  private var idle: [Transfer] = []
  private let answerMax: Int
  private let redirectionsMax: Int
  private(set) var underWay = 0

  /// - Parameters:
  ///   - requestsMax: the most requests at once.
  ///   - answerMax: the most of an answer that is kept, in bytes.
  init(
    _ settings: ClientSettings, requestsMax: Int, answerMax: Int, by carrier: HTTPCarrier = .curl
  ) throws(ConnectorError) {
    self.answerMax = answerMax
    redirectionsMax = settings.redirectionsMax
    switch carrier {
    case .direct: transport = try DirectTransport(settings, requestsMax: requestsMax)
    case .curl: transport = try CurlTransport(settings, requestsMax: requestsMax)
    }
  }

  /// A transfer to fill and ``start(_:)``.
  func transfer() -> Transfer {
    guard let transfer = idle.popLast() else { return Transfer(answerMax: answerMax) }
    transfer.reset()
    return transfer
  }

  func start(_ transfer: Transfer) {
    transfer.began()
    underWay += 1
    transport.start(transfer)
  }

  /// Waits until requests end, and gives each to `body`, after which it is used again. Throws where the run ends first.
  func wait(_ body: (Transfer) -> Void) throws(ConnectorError) {
    var found = false
    while underWay > 0, !found {
      if Task.isCancelled { throw Self.interrupted }
      transport.advance(milliseconds: Self.glance) { transfer in
        found = true
        underWay -= 1
        body(transfer)
        idle.append(transfer)
      }
    }
  }

  /// Sends one request alone and returns its answer, which holds until the next call. Redirections are followed, as many as
  /// the settings say, as long as they stay with the host: a request carries what proves who asks.
  func send(_ transfer: Transfer) throws(ConnectorError) -> Transfer {
    var rest = redirectionsMax
    while true {
      start(transfer)
      while underWay > 0 { try wait { _ in } }
      guard rest > 0, let next = transfer.redirection else { return transfer }
      rest -= 1
      idle.removeAll { $0 === transfer }
      transfer.url.removeAll()
      transfer.url.append(next)
    }
  }

  /// Lets go of requests under way, whose answers nobody will hear.
  func abandon() {
    transport.abandon()
    underWay = 0
  }

  private static let interrupted = ConnectorError("http.interrupted", "The run ends.", remedy: .retry(after: nil))
}
