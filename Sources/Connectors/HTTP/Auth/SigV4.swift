import COpenSSL
import Records

/// AWS Signature Version 4 of one request.
struct SigV4: Sendable {
  var accessKey: String
  var secretKey: String
  var sessionToken: String?
  var region: String
  var service: String

  private static let algorithm = "AWS4-HMAC-SHA256"

  /// The headers that must be sent beside those of the request.
  ///
  /// - Parameters:
  ///   - path: encoded, as it is sent.
  ///   - query: without its question mark, as it is sent.
  ///   - headers: those that are signed beside the ones added here; names in lower case.
  ///   - time: `20150830T123600Z`.
  func sign(
    method: String, host: String, path: String, query: String, headers: [(name: String, value: String)],
    body: UnsafeRawBufferPointer, time: String
  ) -> [(name: String, value: String)] {
    var added = [(name: "x-amz-date", value: time)]
    let hash = Digest.sha256Hex(body)
    // S3 wants it said; the others count it among the headers only where it is sent.
    if service == "s3" { added.append(("x-amz-content-sha256", hash)) }
    if let sessionToken { added.append(("x-amz-security-token", sessionToken)) }
    let signed = ([(name: "host", value: host)] + headers + added).sorted { $0.name < $1.name }
    let names = signed.map(\.name).joined(separator: ";")
    let canonical = [
      method, canonicalPath(path), Self.canonicalQuery(query),
      signed.map { "\($0.name):\(Self.trimmed($0.value))\n" }.joined(), names, hash,
    ].joined(separator: "\n")
    let scope = "\(time.prefix(8))/\(region)/\(service)/aws4_request"
    let text = [Self.algorithm, time, scope, Digest.sha256Hex(canonical)].joined(separator: "\n")
    let signature = Digest.hex(hmac(key(of: String(time.prefix(8))), text))
    added.append(
      (
        "authorization",
        "\(Self.algorithm) Credential=\(accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
      ))
    return added
  }

  private func key(of date: String) -> [UInt8] {
    let ofDate = hmac(Array("AWS4\(secretKey)".utf8), date)
    return hmac(hmac(hmac(ofDate, region), service), "aws4_request")
  }

  private func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
    Array(text.utf8).withUnsafeBytes { Signature.hmac(key, [$0]) } ?? []
  }

  /// S3 takes a path as it is sent; all others encode it once more, without `.` and `..`.
  private func canonicalPath(_ path: String) -> String {
    let path = path.isEmpty ? "/" : path
    if service == "s3" { return path }
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    let normal = "/" + parts.joined(separator: "/") + (path.hasSuffix("/") && !parts.isEmpty ? "/" : "")
    return PercentCode.encoded(normal, keeps: "/")
  }

  /// In the order of names, and of values where names are equal; all encoded the same way.
  private static func canonicalQuery(_ query: String) -> String {
    var pairs: [(name: String, value: String)] = []
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let encoded = parts.map { PercentCode.encoded(PercentCode.decoded(String($0))) }
      pairs.append((encoded[0], encoded.count > 1 ? encoded[1] : ""))
    }
    pairs.sort { a, b in a.name == b.name ? a.value < b.value : a.name < b.name }
    return pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
  }

  /// Without spaces at the ends, and one in place of several.
  private static func trimmed(_ value: String) -> String { value.split(separator: " ").joined(separator: " ") }

  /// `20150830T123600Z`.
  static func time(milliseconds: Int64) -> String {
    Timestamp(milliseconds: milliseconds - milliseconds % 1_000).description.filter { $0 != "-" && $0 != ":" }
  }
}
