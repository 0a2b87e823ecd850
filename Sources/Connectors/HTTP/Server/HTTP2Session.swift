import CNghttp2
import Records

/// HTTP/2 on one connection. Belongs to its loop.
final class HTTP2Session {
  /// A request while it comes, in the form that services know.
  private final class Stream {
    var request = HTTPRequest()
    var bytes = ByteBuffer()
    /// The answer that is being sent.
    var body: [UInt8] = []
    var sent = 0
    var service: (any HTTPService)?
    var isAnswered = false
  }

  private unowned let loop: ServerLoop
  private unowned let connection: ServerConnection
  private var session: OpaquePointer?
  private var streams: [Int32: Stream] = [:]

  init(_ loop: ServerLoop, _ connection: ServerConnection) {
    self.loop = loop
    self.connection = connection
    var callbacks: OpaquePointer?
    nghttp2_session_callbacks_new(&callbacks)
    defer { nghttp2_session_callbacks_del(callbacks) }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
      HTTP2Session.of(user)?.began(frame.map { $0.pointee.hd.stream_id } ?? 0)
      return 0
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, frame, name, nameCount, value, valueCount, _, user in
      HTTP2Session.of(user)?.header(
        frame.map { $0.pointee.hd.stream_id } ?? 0, UnsafeRawBufferPointer(start: name, count: nameCount),
        UnsafeRawBufferPointer(start: value, count: valueCount)) ?? 0
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, count, user in
      HTTP2Session.of(user)?.data(stream, UnsafeRawBufferPointer(start: data, count: count))
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
      guard let frame else { return 0 }
      HTTP2Session.of(user)?.received(frame.pointee.hd)
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, _, user in
      HTTP2Session.of(user)?.closed(stream)
      return 0
    }
    nghttp2_session_server_new(&session, callbacks, Unmanaged.passUnretained(self).toOpaque())
    let settings = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue), value: ServerLimits.streamsMax),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: UInt32(HTTPHeadLines.bytesMax)),
    ]
    nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count)
  }

  deinit { nghttp2_session_del(session) }

  /// The session whose callbacks these are; it lives as long as the library's.
  private static func of(_ user: UnsafeMutableRawPointer?) -> HTTP2Session? {
    user.map { Unmanaged<HTTP2Session>.fromOpaque($0).takeUnretainedValue() }
  }

  var isIdle: Bool { streams.isEmpty && nghttp2_session_want_write(session) == 0 }

  /// Takes what came; false where the connection cannot go on.
  func receive(_ input: inout ByteBuffer) -> Bool {
    let count = nghttp2_session_mem_recv(session, input.base, input.count)
    input.removeAll()
    return count >= 0 && nghttp2_session_want_read(session) != 0
  }

  /// Appends what is to be sent.
  func collect(into output: inout ByteBuffer) {
    var data: UnsafePointer<UInt8>?
    while output.count < 1 << 20 {
      let count = nghttp2_session_mem_send(session, &data)
      guard count > 0, let data else { return }
      output.append(UnsafeRawBufferPointer(start: data, count: count))
    }
  }

  /// No new requests.
  func end() { nghttp2_session_terminate_session(session, UInt32(NGHTTP2_NO_ERROR.rawValue)) }

  // MARK: - Requests

  private func began(_ id: Int32) { streams[id] = Stream() }

  /// - Returns: what the library shall do; a list that is too long resets its stream.
  private func header(_ id: Int32, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Int32 {
    guard let stream = streams[id] else { return 0 }
    guard stream.bytes.count + name.count + value.count <= HTTPHeadLines.bytesMax,
      stream.request.headers.count < HTTPHeadLines.headersMax
    else { return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
    let names = stream.bytes.count..<stream.bytes.count + name.count
    stream.bytes.append(name)
    let values = stream.bytes.count..<stream.bytes.count + value.count
    stream.bytes.append(value)
    if name.elementsEqual(":path".utf8) {
      stream.request.path =
        values
        .lowerBound..<(value.firstIndex(of: UInt8(ascii: "?")).map { values.lowerBound + $0 } ?? values.upperBound)
    } else if name.elementsEqual(":method".utf8) {
      stream.request.method = HTTPRequest.Method(value)
    } else if name.first != UInt8(ascii: ":") {
      stream.request.headers.append(HTTPRequest.Header(name: names, value: values))
    }
    return 0
  }

  private func received(_ head: nghttp2_frame_hd) {
    guard let stream = streams[head.stream_id] else { return }
    if head.type == UInt8(NGHTTP2_HEADERS.rawValue) { begin(head.stream_id, stream) }
    let ends = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    guard ends, head.type == UInt8(NGHTTP2_DATA.rawValue) || head.type == UInt8(NGHTTP2_HEADERS.rawValue) else {
      return
    }
    serve(head.stream_id, stream)
  }

  private func begin(_ id: Int32, _ stream: Stream) {
    guard stream.service == nil, !stream.isAnswered else { return }
    stream.request.body = stream.bytes.count..<stream.bytes.count
    guard let service = loop.server.service(stream.bytes.bytes[stream.request.path]) else {
      return answer(id, loop.server.missing(now: loop.now))
    }
    if let refusal = service.refusal(of: stream.request, stream.bytes) { return answer(id, refusal) }
    stream.service = service
  }

  private func data(_ id: Int32, _ data: UnsafeRawBufferPointer) {
    guard let stream = streams[id], !stream.isAnswered, let service = stream.service else { return }
    let count = stream.request.body.count + data.count
    guard count <= service.bodyBytesMax else {
      return answer(id, HTTPResponse(413, "the body is longer than \(service.bodyBytesMax) bytes"))
    }
    guard loop.server.reserve(bytes: data.count, beside: connection.reserved) else {
      return answer(
        id, HTTPResponse(503, "too many long bodies are under way", retryAfter: ServerLimits.retryAfter))
    }
    connection.reserved += data.count
    stream.bytes.append(data)
    stream.request.body = stream.request.body.lowerBound..<stream.bytes.count
  }

  private func serve(_ id: Int32, _ stream: Stream) {
    guard !stream.isAnswered, let service = stream.service else { return }
    switch service.serve(stream.request, stream.bytes, loop.tools) {
    case .answer(let response): answer(id, response)
    case .waits(let ticket): loop.wait(for: ticket, of: service, connection, stream: id)
    }
  }

  private func closed(_ id: Int32) {
    guard let stream = streams.removeValue(forKey: id) else { return }
    let bytes = min(connection.reserved, stream.request.body.count)
    loop.server.release(bytes: bytes)
    connection.reserved -= bytes
  }

  // MARK: - Answers

  /// Answers a request, if it still wants an answer.
  func answer(_ id: Int32, _ response: HTTPResponse) {
    guard let stream = streams[id], !stream.isAnswered else { return }
    stream.isAnswered = true
    stream.body = stream.request.method == .head ? [] : Array(response.body.utf8)
    var names: [(String, String)] = [(":status", "\(response.status)")] + response.headers
    if response.status != 204 { names.append(("content-length", "\(response.body.utf8.count)")) }
    var text = ByteBuffer(capacity: names.reduce(0) { $0 + $1.0.utf8.count + $1.1.utf8.count })
    for (name, value) in names {
      text.append(name)
      text.append(value)
    }
    var place = text.base
    let pairs = names.map { name, value -> nghttp2_nv in
      defer { place += name.utf8.count + value.utf8.count }
      return nghttp2_nv(
        name: place, value: place + name.utf8.count, namelen: name.utf8.count, valuelen: value.utf8.count,
        flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
    }
    var provider = nghttp2_data_provider(source: nghttp2_data_source(fd: 0)) { _, id, room, count, flags, _, user in
      HTTP2Session.of(user)?.fill(id, room, count, flags) ?? 0
    }
    // The library copies the pairs.
    if stream.body.isEmpty {
      nghttp2_submit_response(session, id, pairs, pairs.count, nil)
    } else {
      nghttp2_submit_response(session, id, pairs, pairs.count, &provider)
    }
  }

  private func fill(
    _ id: Int32, _ room: UnsafeMutablePointer<UInt8>?, _ count: Int, _ flags: UnsafeMutablePointer<UInt32>?
  ) -> Int {
    guard let stream = streams[id], let room else { return 0 }
    let part = stream.body[stream.sent..<min(stream.sent + count, stream.body.count)]
    for (index, byte) in part.enumerated() { room[index] = byte }
    stream.sent += part.count
    if stream.sent == stream.body.count { flags?.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
    return part.count
  }
}
