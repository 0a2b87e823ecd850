import Glibc
import Records

/// Writes a request as HTTP/1.1 has it.
struct RequestHead {
  /// ` HTTP/1.1` and what is the same for all requests to a server.
  private let usual: [UInt8]
  private let host: [UInt8]

  init(_ origin: HTTPOrigin) {
    host = Array("Host: \(origin.authority)\r\n".utf8)
    usual = Array(" HTTP/1.1\r\n".utf8) + host + Array("User-Agent: \(ClientSettings.agent)\r\n".utf8)
  }

  /// Appends the request with its body.
  ///
  /// - Parameter target: where in the address its path begins; what lies behind `#` stays here.
  /// - Returns: false where the address cannot be sent.
  func append(_ transfer: Transfer, target: Int, to out: inout ByteBuffer) -> Bool {
    let start = out.count
    out.append(transfer.method)
    out.append(UInt8(ascii: " "))
    guard Self.append(UnsafeRawBufferPointer(rebasing: transfer.url.bytes[target...]), to: &out) else {
      out.truncate(to: start)
      return false
    }
    if Self.hasOwn(transfer.headers) {
      appendOwn(transfer.headers, to: &out)
    } else {
      usual.withUnsafeBytes { out.append($0) }
      out.append(transfer.headers.bytes)
    }
    // A method that has a body by its nature says that there is none.
    if transfer.hasBody || ["POST", "PUT", "PATCH"].contains(transfer.method) {
      out.append("Content-Length: ")
      NodeJSON.appendInteger(Int64(transfer.hasBody ? transfer.body.count : 0), to: &out)
      out.append("\r\n")
    }
    out.append("\r\n")
    if transfer.hasBody { out.append(transfer.body.bytes) }
    return true
  }

  /// The path and the query; what is beyond ASCII is encoded.
  private static func append(_ target: UnsafeRawBufferPointer, to out: inout ByteBuffer) -> Bool {
    if target.first != UInt8(ascii: "/") { out.append(UInt8(ascii: "/")) }
    for byte in target {
      if byte == UInt8(ascii: "#") { break }
      if byte <= 0x20 || byte == 0x7f { return false }
      if byte < 0x80 { out.append(byte) } else { PercentCode.appendEscape(byte, to: &out) }
    }
    return true
  }

  // MARK: - Headers that the settings give and that stand for our own

  private enum Own { case host, agent, length }

  private static func own(_ bytes: UnsafeRawBufferPointer, _ line: Slice<UnsafeRawBufferPointer>) -> Own? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let name = line.startIndex..<colon
    if HTTPRequest.isEqual(bytes, name, "host") { return .host }
    if HTTPRequest.isEqual(bytes, name, "user-agent") { return .agent }
    let isLength =
      HTTPRequest.isEqual(bytes, name, "content-length") || HTTPRequest.isEqual(bytes, name, "transfer-encoding")
    return isLength ? .length : nil
  }

  private static func hasOwn(_ headers: borrowing ByteBuffer) -> Bool {
    let bytes = headers.bytes
    var start = 0
    while start < bytes.count {
      let end =
        memchr(headers.base + start, 0x0a, bytes.count - start)
        .map { $0.assumingMemoryBound(to: UInt8.self) - headers.base + 1 } ?? bytes.count
      if own(bytes, bytes[start..<end]) != nil { return true }
      start = end
    }
    return false
  }

  /// The length is always that of the body.
  private func appendOwn(_ headers: borrowing ByteBuffer, to out: inout ByteBuffer) {
    let bytes = headers.bytes
    let lines = bytes.split(separator: 0x0a).map { line in (line, Self.own(bytes, line)) }
    out.append(" HTTP/1.1\r\n")
    if !lines.contains(where: { $0.1 == .host }) { host.withUnsafeBytes { out.append($0) } }
    if !lines.contains(where: { $0.1 == .agent }) { out.append("User-Agent: \(ClientSettings.agent)\r\n") }
    for (line, own) in lines where own != .length {
      out.append(UnsafeRawBufferPointer(rebasing: line))
      out.append(UInt8(ascii: "\n"))
    }
  }
}
