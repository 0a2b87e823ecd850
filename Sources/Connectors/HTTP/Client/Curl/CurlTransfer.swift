import CCurl
import Records

/// A handle of libcurl, which carries one request after the other.
///
/// The unsafe parts: libcurl keeps pointers to the request's buffers and to the header nodes here from ``begin(_:)`` to
/// the end of the request, and nobody touches those in between; the sinks get this object itself, which its transport
/// holds as long as the handle is in use. Belongs to one lane.
final class CurlTransfer {
  let handle: UnsafeMutableRawPointer
  private var transfer: Transfer?
  private var url = ByteBuffer()
  /// Lines of headers, `Name: value`, each followed by a zero.
  private var headers = ByteBuffer()
  private var nodes = RawArray<curl_slist>()
  private var reason = RawArray<CChar>(capacity: Int(CURL_ERROR_SIZE))

  /// nil without memory.
  init?() {
    guard let handle = curl_easy_init() else { return nil }
    self.handle = handle
    reason.reserve(Int(CURL_ERROR_SIZE))
    reason.base.update(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let itself = Unmanaged.passUnretained(self).toOpaque()
    _ = curl_set_pointer(handle, CURLOPT_PRIVATE, itself)
    _ = curl_set_pointer(handle, CURLOPT_WRITEDATA, itself)
    _ = curl_set_pointer(handle, CURLOPT_HEADERDATA, itself)
    _ = curl_set_pointer(handle, CURLOPT_ERRORBUFFER, reason.base)
    _ = curl_set_sink(handle, CURLOPT_WRITEFUNCTION) { data, size, count, user in
      guard let user, let data else { return 0 }
      let own = Unmanaged<CurlTransfer>.fromOpaque(user).takeUnretainedValue()
      own.transfer?.receive(UnsafeRawBufferPointer(start: data, count: size * count))
      return size * count
    }
    _ = curl_set_sink(handle, CURLOPT_HEADERFUNCTION) { data, size, count, user in
      guard let user, let data else { return 0 }
      let own = Unmanaged<CurlTransfer>.fromOpaque(user).takeUnretainedValue()
      own.receive(line: UnsafeRawBufferPointer(start: data, count: size * count))
      return size * count
    }
  }

  deinit { curl_easy_cleanup(handle) }

  /// The transfer that a handle belongs to.
  static func of(_ handle: UnsafeMutableRawPointer) -> CurlTransfer? {
    var pointer: UnsafeMutableRawPointer?
    _ = curl_get_pointer(handle, CURLINFO_PRIVATE, &pointer)
    return pointer.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: - Request

  /// Gives a request to libcurl's handle.
  func begin(_ transfer: Transfer) {
    self.transfer = transfer
    reason.base[0] = 0
    url.removeAll()
    url.append(transfer.url.bytes)
    url.append(0)
    url.withText { _ = curl_set_text(handle, CURLOPT_URL, $0) }
    if transfer.hasBody {
      _ = curl_set_long(handle, CURLOPT_POST, 1)
      _ = curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(transfer.body.count))
      _ = curl_set_pointer(handle, CURLOPT_POSTFIELDS, transfer.body.base)
    } else {
      _ = curl_set_long(handle, CURLOPT_HTTPGET, 1)
      if transfer.method == "HEAD" { _ = curl_set_long(handle, CURLOPT_NOBODY, 1) }
    }
    let isUsual = transfer.method == "GET" || transfer.method == "HEAD"
    _ = curl_set_text(handle, CURLOPT_CUSTOMREQUEST, isUsual ? nil : transfer.method)
    collectHeaders(of: transfer)
    linkHeaders()
  }

  private func collectHeaders(of transfer: Transfer) {
    headers.removeAll()
    // Nobody waits for a word before the body is sent.
    headers.append("Expect:")
    headers.append(0)
    for line in transfer.headers.bytes.split(separator: 0x0a) {
      headers.append(UnsafeRawBufferPointer(rebasing: line.dropLast()))
      // A header without a value must end in a semicolon to be sent at all.
      if line.dropLast(2).last == UInt8(ascii: ":") {
        headers.truncate(to: headers.count - 2)
        headers.append(UInt8(ascii: ";"))
      }
      headers.append(0)
    }
  }

  private func linkHeaders() {
    nodes.removeAll()
    // No node may move once another points to it.
    nodes.reserve(headers.bytes.count { $0 == 0 })
    var start = 0
    for place in headers.bytes.indices where headers.base[place] == 0 {
      let line = UnsafeMutableRawPointer(headers.base + start).assumingMemoryBound(to: CChar.self)
      nodes.append(curl_slist(data: line, next: nil))
      start = place + 1
    }
    for place in nodes.indices.dropLast() { nodes.base[place].next = nodes.base + place + 1 }
    _ = curl_set_pointer(handle, CURLOPT_HTTPHEADER, nodes.isEmpty ? nil : UnsafeRawPointer(nodes.base))
  }

  // MARK: - Answer

  /// A line of the head; each head of several, behind redirections and words in between, begins with its version.
  private func receive(line: UnsafeRawBufferPointer) {
    let isFirst = line.starts(with: "HTTP/".utf8)
    if isFirst { transfer?.receive(head: line) } else { transfer?.receive(line: line) }
  }

  /// Ends the request, and gives it back.
  func end(_ result: CURLcode) -> Transfer? {
    guard let transfer else { return nil }
    self.transfer = nil
    if let failure = failure(result) {
      transfer.failed(failure)
      return transfer
    }
    var (time, status): (curl_off_t, Int) = (0, 0)
    _ = curl_get_size(handle, CURLINFO_TOTAL_TIME_T, &time)
    _ = curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    transfer.ended(status: status, microseconds: Int(time))
    return transfer
  }

  private func failure(_ result: CURLcode) -> TransferFailure? {
    let text = reason.base[0] == 0 ? String(cString: curl_easy_strerror(result)) : String(cString: reason.base)
    switch result {
    case CURLE_OK: return nil
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER,
      CURLE_SSL_ISSUER_ERROR:
      return TransferFailure(.untrusted, text)
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return TransferFailure(.badAddress, text)
    case CURLE_OPERATION_TIMEDOUT: return TransferFailure(.timedOut, text)
    default: return TransferFailure(.unreachable, text)
    }
  }
}

extension ByteBuffer {
  /// The bytes as C has them; the last one is a zero.
  func withText<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
    body(UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self))
  }
}
