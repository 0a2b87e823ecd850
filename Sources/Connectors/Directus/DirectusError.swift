import ConnectorKit
import Records

/// What Directus says when it does not do what it was asked: `{"errors": [{"message", "extensions": {"code"}}]}`.
struct DirectusError: Equatable {
  /// 0 where no answer came.
  var status: Int
  /// `FORBIDDEN`, `RECORD_NOT_UNIQUE`; nil where it says none.
  var code: String?
  var message: String
  /// The field that it names.
  var field: String?
  private var outage: ConnectorError?
  private var retryAfter: Duration?
  private let place: String

  init(_ answer: Transfer, base: String) {
    place = URLParts(base).map { String($0.host) } ?? "Directus"
    status = answer.status
    message = AnswerReader.shortened(String(decoding: answer.answer.bytes.prefix(1_024), as: UTF8.self))
    retryAfter = answer.retryAfter
    if (300..<400).contains(status), let location = answer.header("location") {
      message = "it points to \(URLParts(location)?.shown ?? location)"
    }
    if let failure = answer.failure {
      switch AnswerReader.verdict(of: failure, at: place) {
      case .later(let error), .stop(let error): outage = error
      case .stored, .refused: break
      }
    }
    if let first = (try? Value(json: answer.answer.bytes))?["errors"]?.array?.first {
      message = first["message"]?.string ?? message
      code = first["extensions"]?["code"]?.string
      field = first["extensions"]?["field"]?.string
    }
  }

  /// Whether the same may succeed later.
  var isOutage: Bool {
    if let outage { return outage.remedy != .stop }
    return status == 408 || status == 425 || status == 429 || status >= 500
  }

  /// Whether the server broke over what it was asked, which may be the fault of one row.
  var isFault: Bool { outage == nil && status == 500 }

  /// - Parameter what: what could not be done, `read products`.
  func connectorError(_ what: String) -> ConnectorError {
    if let outage { return outage }
    let said =
      "\(place) answered \(status) when asked to \(what)"
      + (message.isEmpty ? "." : ": \(message)" + (message.hasSuffix(".") ? "" : "."))
    if isOutage {
      let isBusy = status == 429 || status == 503
      return ConnectorError(isBusy ? "http.busy" : "http.server_error", said, remedy: .retry(after: retryAfter))
    }
    switch status {
    case 401:
      return ConnectorError(
        "directus.unauthorized", said, remedy: .stop, hint: "Check the token or the login under auth.")
    case 403:
      return ConnectorError(
        "directus.forbidden", said, remedy: .stop,
        hint: "Give the role the right to it; Directus says the same of collections and fields that do not exist.")
    default:
      return ConnectorError(
        "directus.refused", said, remedy: .stop, hint: "Check url, collection, fields and filter.")
    }
  }
}
