import CCurl
import ConnectorKit
import Records

/// Sends requests over libcurl, several at once, all from the lane of whoever waits for them: connections are used again,
/// and HTTP/2 carries many requests over one.
///
/// Belongs to one lane.
final class HTTPClient {
  /// How long one look at the sockets lasts, so that a cancelled task is seen soon, in milliseconds.
  private static let glance: Int32 = 200
  /// libcurl's own global state, made once for the process.
  private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  private let settings: ClientSettings
  private let multi: UnsafeMutableRawPointer
  private var idle: [Transfer] = []
  private var active: [Transfer] = []
  /// The most requests at once.
  let requestsMax: Int
  private let answerMax: Int

  /// - Parameters:
  ///   - requestsMax: the most requests at once.
  ///   - answerMax: the most of an answer that is kept, in bytes.
  init(_ settings: ClientSettings, requestsMax: Int, answerMax: Int) throws(ConnectorError) {
    guard Self.isReady, let multi = curl_multi_init() else {
      throw ConnectorError("http.no_memory", "libcurl cannot be set up.", remedy: .retry(after: nil))
    }
    self.settings = settings
    self.multi = multi
    self.requestsMax = requestsMax
    self.answerMax = answerMax
    _ = curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, requestsMax)
    _ = curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(requestsMax, 8))
    _ = curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
  }

  deinit {
    for transfer in active { curl_multi_remove_handle(multi, transfer.handle) }
    active.removeAll()
    idle.removeAll()
    curl_multi_cleanup(multi)
  }

  var underWay: Int { active.count }

  /// A transfer to fill and ``start(_:)``.
  func transfer() throws(ConnectorError) -> Transfer {
    if let transfer = idle.popLast() {
      transfer.reset()
      return transfer
    }
    guard let transfer = Transfer(answerMax: answerMax) else {
      throw ConnectorError("http.no_memory", "libcurl cannot be set up.", remedy: .retry(after: nil))
    }
    settings.apply(to: transfer.handle)
    return transfer
  }

  func start(_ transfer: Transfer) {
    transfer.prepare()
    active.append(transfer)
    curl_multi_add_handle(multi, transfer.handle)
  }

  /// Waits until requests end, and gives each to `body`, after which it is used again. Throws where the run ends first.
  func wait(_ body: (Transfer) -> Void) throws(ConnectorError) {
    var running: Int32 = 0
    while !active.isEmpty {
      curl_multi_perform(multi, &running)
      if takeEnded(body) { return }
      if Task.isCancelled { throw Self.interrupted }
      curl_multi_poll(multi, nil, 0, Self.glance, nil)
    }
  }

  private func takeEnded(_ body: (Transfer) -> Void) -> Bool {
    var found = false
    var result = CURLE_OK
    while let handle = curl_multi_ended(multi, &result) {
      guard let transfer = Transfer.of(handle) else { continue }
      found = true
      transfer.ended(result)
      curl_multi_remove_handle(multi, handle)
      if let place = active.firstIndex(where: { $0 === transfer }) { active.swapAt(place, active.count - 1) }
      active.removeLast()
      body(transfer)
      idle.append(transfer)
    }
    return found
  }

  /// Sends one request alone and returns its answer, which holds until the next call.
  func send(_ transfer: Transfer) throws(ConnectorError) -> Transfer {
    start(transfer)
    while underWay > 0 { try wait { _ in } }
    return transfer
  }

  /// Lets go of requests under way, whose answers nobody will hear.
  func abandon() {
    for transfer in active { curl_multi_remove_handle(multi, transfer.handle) }
    idle += active
    active.removeAll()
  }

  private static let interrupted = ConnectorError("http.interrupted", "The run ends.", remedy: .retry(after: nil))
}
