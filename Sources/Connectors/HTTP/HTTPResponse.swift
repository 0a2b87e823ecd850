import Records

/// What a caller hears.
struct HTTPResponse: Equatable, Sendable {
  var status: Int
  var headers: [(String, String)] = []
  var body = ""

  /// Taken, and durable.
  static let accepted = HTTPResponse(status: 204)

  init(status: Int, headers: [(String, String)] = [], body: String = "") {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// An error, with its reason as JSON (RFC 9457).
  init(_ status: Int, _ message: String, retryAfter: Int? = nil, allow: String? = nil) {
    self.status = status
    headers = [("content-type", "application/problem+json")]
    if let retryAfter { headers.append(("retry-after", "\(retryAfter)")) }
    if let allow { headers.append(("allow", allow)) }
    let problem: Value = [
      "status": .int(Int64(status)), "title": .string(Self.reason(status)), "detail": .string(message),
    ]
    body = problem.json + "\n"
  }

  static func == (a: HTTPResponse, b: HTTPResponse) -> Bool {
    a.status == b.status && a.body == b.body && a.headers.elementsEqual(b.headers) { $0 == $1 }
  }

  static func reason(_ status: Int) -> String {
    switch status {
    case 100: "Continue"
    case 200: "OK"
    case 204: "No Content"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 431: "Request Header Fields Too Large"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: "Status"
    }
  }

  /// Appends it as HTTP/1.1 has it.
  ///
  /// - Parameters:
  ///   - closes: whether the connection ends behind it.
  ///   - hasBody: whether its body is sent; its length is told either way.
  func append(to out: inout ByteBuffer, closes: Bool, hasBody: Bool = true) {
    out.append("HTTP/1.1 ")
    NodeJSON.appendInteger(Int64(status), to: &out)
    out.append(" ")
    out.append(Self.reason(status))
    out.append("\r\n")
    for (name, value) in headers {
      out.append(name)
      out.append(": ")
      out.append(value)
      out.append("\r\n")
    }
    if status != 204, status >= 200 {
      out.append("content-length: ")
      NodeJSON.appendInteger(Int64(body.utf8.count), to: &out)
      out.append("\r\n")
    }
    if closes { out.append("connection: close\r\n") }
    out.append("\r\n")
    if hasBody { out.append(body) }
  }
}
