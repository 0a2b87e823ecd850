import CCurl
import ConnectorKit
import Records

/// Carries requests over libcurl: connections are used again, and HTTP/2 carries many requests over one.
final class CurlTransport: HTTPTransport {
  /// libcurl's own global state, made once for the process.
  private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  private let settings: ClientSettings
  private let multi: UnsafeMutableRawPointer
  private var idle: [CurlTransfer] = []
  private var active: [CurlTransfer] = []
  /// Those that could not even be begun.
  private var failed: [Transfer] = []

  init(_ settings: ClientSettings, requestsMax: Int) throws(ConnectorError) {
    guard Self.isReady, let multi = curl_multi_init() else {
      throw ConnectorError("http.no_memory", "libcurl cannot be set up.", remedy: .retry(after: nil))
    }
    self.settings = settings
    self.multi = multi
    _ = curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, requestsMax)
    _ = curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(requestsMax, 8))
    _ = curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
  }

  deinit {
    for own in active { curl_multi_remove_handle(multi, own.handle) }
    active.removeAll()
    idle.removeAll()
    curl_multi_cleanup(multi)
  }

  func start(_ transfer: Transfer) {
    guard let own = idle.popLast() ?? make() else {
      transfer.failed(TransferFailure(.unreachable, "libcurl has no memory"))
      return failed.append(transfer)
    }
    own.begin(transfer)
    active.append(own)
    curl_multi_add_handle(multi, own.handle)
  }

  private func make() -> CurlTransfer? {
    guard let own = CurlTransfer() else { return nil }
    settings.apply(to: own.handle)
    return own
  }

  func advance(milliseconds: Int32, _ ended: (Transfer) -> Void) {
    for transfer in failed { ended(transfer) }
    failed.removeAll()
    if takeEnded(ended) { return }
    curl_multi_poll(multi, nil, 0, milliseconds, nil)
    _ = takeEnded(ended)
  }

  private func takeEnded(_ ended: (Transfer) -> Void) -> Bool {
    var running: Int32 = 0
    curl_multi_perform(multi, &running)
    var found = false
    var result = CURLE_OK
    while let handle = curl_multi_ended(multi, &result) {
      guard let own = CurlTransfer.of(handle) else { continue }
      found = true
      curl_multi_remove_handle(multi, handle)
      if let place = active.firstIndex(where: { $0 === own }) { active.swapAt(place, active.count - 1) }
      active.removeLast()
      if let transfer = own.end(result) { ended(transfer) }
      idle.append(own)
    }
    return found
  }

  func abandon() {
    for own in active { curl_multi_remove_handle(multi, own.handle) }
    idle += active
    active.removeAll()
    failed.removeAll()
  }
}
