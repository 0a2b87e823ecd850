import CCurl
import Records

/// One request of libcurl and its answer; used again for request after request, so that nothing is set up twice.
///
/// The unsafe parts: libcurl keeps pointers to the buffers and header nodes here from ``prepare()`` to the end of the
/// request, and nobody touches those in between; the sink gets the transfer itself, which its client holds as long as the
/// handle is in use. Belongs to one lane.
final class Transfer {
  /// What libcurl calls a request without a body of its own, `GET`, is `.get`; all others send `body`.
  var method = "POST"
  /// Whether the body is sent, also where it is empty.
  var hasBody = true
  var url = ByteBuffer()
  var body = ByteBuffer()
  /// Lines of headers, `Name: value`, each followed by a zero.
  private var headers = ByteBuffer()
  private var nodes = RawArray<curl_slist>()

  /// What came back.
  private(set) var answer = ByteBuffer()
  private(set) var isCut = false
  private(set) var result = CURLE_OK
  /// The most of an answer's body that is kept, in bytes.
  let answerMax: Int
  /// What its owner calls it.
  var tag = 0

  let handle: UnsafeMutableRawPointer
  private var reason = RawArray<CChar>(capacity: Int(CURL_ERROR_SIZE))

  /// nil without memory.
  init?(answerMax: Int) {
    guard let handle = curl_easy_init() else { return nil }
    self.handle = handle
    self.answerMax = answerMax
    reset()
    reason.reserve(Int(CURL_ERROR_SIZE))
    reason.base.update(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let itself = Unmanaged.passUnretained(self).toOpaque()
    _ = curl_set_pointer(handle, CURLOPT_PRIVATE, itself)
    _ = curl_set_pointer(handle, CURLOPT_WRITEDATA, itself)
    _ = curl_set_pointer(handle, CURLOPT_ERRORBUFFER, reason.base)
    _ = curl_set_sink(handle, CURLOPT_WRITEFUNCTION) { data, size, count, user in
      guard let user, let data else { return 0 }
      let transfer = Unmanaged<Transfer>.fromOpaque(user).takeUnretainedValue()
      transfer.receive(UnsafeRawBufferPointer(start: data, count: size * count))
      return size * count
    }
  }

  deinit { curl_easy_cleanup(handle) }

  /// The transfer that a handle belongs to.
  static func of(_ handle: UnsafeMutableRawPointer) -> Transfer? {
    var pointer: UnsafeMutableRawPointer?
    _ = curl_get_pointer(handle, CURLINFO_PRIVATE, &pointer)
    return pointer.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: - Request

  /// Forgets the request before.
  func reset() {
    method = "POST"
    hasBody = true
    url.removeAll()
    headers.removeAll()
    // Nobody waits for a word before the body is sent.
    headers.append("Expect:")
    headers.append(0)
    // What a large request took is given back.
    body.shrink(to: 1 << 20)
    answer.shrink(to: 1 << 20)
  }

  func addHeader(_ name: String, _ value: String) {
    headers.append(name)
    // A header without a value must end in a semicolon to be sent at all.
    headers.append(value.isEmpty ? ";" : ": ")
    headers.append(value)
    headers.append(0)
  }

  /// A whole line, which ends in no zero.
  func addHeader(line: UnsafeRawBufferPointer) {
    headers.append(line)
    headers.append(0)
  }

  /// Gives the request to libcurl's handle.
  func prepare() {
    answer.removeAll()
    isCut = false
    result = CURLE_OK
    reason.base[0] = 0
    url.append(0)
    url.withText { _ = curl_set_text(handle, CURLOPT_URL, $0) }
    if hasBody {
      _ = curl_set_long(handle, CURLOPT_POST, 1)
      _ = curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
      _ = curl_set_pointer(handle, CURLOPT_POSTFIELDS, body.base)
    } else {
      _ = curl_set_long(handle, CURLOPT_HTTPGET, 1)
      if method == "HEAD" { _ = curl_set_long(handle, CURLOPT_NOBODY, 1) }
    }
    _ = curl_set_text(handle, CURLOPT_CUSTOMREQUEST, method == "GET" || method == "HEAD" ? nil : method)
    linkHeaders()
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

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    let room = answerMax - answer.count
    if bytes.count > room { isCut = true }
    answer.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(room)))
  }

  func ended(_ result: CURLcode) { self.result = result }

  /// 0 where no answer came.
  var status: Int {
    var status = 0
    _ = curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return status
  }

  /// How long the server asked to be left alone; libcurl reads both of the header's forms.
  var retryAfter: Duration? {
    var seconds: curl_off_t = 0
    _ = curl_get_size(handle, CURLINFO_RETRY_AFTER, &seconds)
    return seconds > 0 ? .seconds(seconds) : nil
  }

  /// From the first byte sent to the last received, in microseconds.
  var microseconds: Int {
    var time: curl_off_t = 0
    _ = curl_get_size(handle, CURLINFO_TOTAL_TIME_T, &time)
    return Int(time)
  }

  /// The last header of that name; nil where there is none.
  func header(_ name: String) -> String? {
    var header: UnsafeMutablePointer<curl_header>?
    // -1: of the answer that counts, after redirects.
    guard curl_easy_header(handle, name, 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK else { return nil }
    let count = header?.pointee.amount ?? 1
    if count > 1 { _ = curl_easy_header(handle, name, count - 1, UInt32(CURLH_HEADER), -1, &header) }
    return header.map { String(cString: $0.pointee.value) }
  }

  /// What libcurl says about a failure.
  var failure: String {
    let own = reason.base[0] == 0 ? String(cString: curl_easy_strerror(result)) : String(cString: reason.base)
    return own
  }
}

extension ByteBuffer {
  /// The bytes as C has them; the last one is a zero.
  func withText<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
    body(UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self))
  }
}
