import Records

/// Which headers of a request are stored with it: those that say what it is, and none that could hold a secret.
struct KeptHeaders: Sendable {
  private static let usual = [
    "content-type", "traceparent", "tracestate", "idempotency-key", "webhook-id", "webhook-timestamp", "svix-id",
    "x-github-event", "x-github-delivery", "x-shopify-topic", "x-shopify-webhook-id", "x-shopify-event-id",
    "x-shopify-triggered-at", "x-shopify-shop-domain", "x-amz-sns-message-type", "x-amz-sns-message-id",
    "x-amz-sns-topic-arn",
  ]
  /// CloudEvents' attributes.
  private static let prefix = Array("ce-".utf8)

  private let names: [[UInt8]]

  init(and more: [String]) { names = (Self.usual + more.map { $0.lowercased() }).map { Array($0.utf8) } }

  /// Appends them as a JSON object, names in lower case; nothing where there are none. Several of one name are one, with
  /// commas between, as RFC 9110 has it.
  func append(_ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, to out: inout ByteBuffer) {
    var isFirst = true
    for (index, header) in request.headers.enumerated() where keeps(bytes[header.name]) {
      let isSame = { (other: HTTPRequest.Header) in Self.isEqual(bytes[other.name], bytes[header.name]) }
      if request.headers[..<index].contains(where: isSame) { continue }
      out.append(isFirst ? "{\"" : ",\"")
      isFirst = false
      for byte in bytes[header.name] { out.append(HTTPRequest.lower(byte)) }
      out.append("\":\"")
      append(UnsafeRawBufferPointer(rebasing: bytes[header.value]), to: &out)
      for further in request.headers[(index + 1)...] where isSame(further) {
        out.append(", ")
        append(UnsafeRawBufferPointer(rebasing: bytes[further.value]), to: &out)
      }
      out.append("\"")
    }
    if !isFirst { out.append("}") }
  }

  private static func isEqual(_ name: Slice<UnsafeRawBufferPointer>, _ other: Slice<UnsafeRawBufferPointer>) -> Bool {
    name.count == other.count && zip(name, other).allSatisfy { HTTPRequest.lower($0) == HTTPRequest.lower($1) }
  }

  private func keeps(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
    if name.count > 3, HTTPRequest.lower(name[name.startIndex]) == Self.prefix[0],
      zip(name, Self.prefix).allSatisfy({ HTTPRequest.lower($0) == $1 })
    {
      return true
    }
    return names.contains { kept in
      guard kept.count == name.count else { return false }
      for index in 0..<kept.count where HTTPRequest.lower(name[name.startIndex + index]) != kept[index] { return false }
      return true
    }
  }

  /// What is not UTF-8 is taken for ISO 8859-1, as headers once were.
  private func append(_ value: UnsafeRawBufferPointer, to out: inout ByteBuffer) {
    if value.allSatisfy({ $0 < 0x80 }) || String(validating: value, as: UTF8.self) != nil {
      return JSONText.escape(value, into: &out)
    }
    var text = String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
    text.withUTF8 { JSONText.escape(UnsafeRawBufferPointer($0), into: &out) }
  }
}
