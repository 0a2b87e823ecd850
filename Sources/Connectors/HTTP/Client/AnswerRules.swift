import ConnectorKit
import Records

/// What an answer means for the rows of its request.
enum Verdict: Sendable, Equatable {
  case stored
  /// The other side is away or busy: the same once more, not before it said so.
  case later(ConnectorError)
  /// These rows will never be taken as they are.
  case refused(code: String, message: String)
  /// No request will be taken as things are.
  case stop(ConnectorError)
}

/// Which answers mean what; the first that names a status decides.
struct AnswerRules: SettingGroup {
  @Setting("Statuses that mean that the row is stored.", example: "[2xx, 409]") var stored: Statuses = Statuses(
    200...299)
  @Setting("Statuses after which the same request is sent again.") var retry: Statuses = Statuses(
    408...408, 425...425, 429...429, 500...500, 502...504, 507...507, 509...509, 520...529)
  @Setting("Statuses that end the run, because no request would be taken.") var stop: Statuses = Statuses(
    300...399, 401...401, 403...403, 405...405, 407...407, 501...501, 505...505)
  @Setting("Statuses of a delete that mean that the row was not there, which is what a delete wants.") var gone:
    Statuses = Statuses(404...404, 410...410)
  @Setting(
    "A JSON pointer into an answer of a status that means stored; where something stands there, the row is refused, as "
      + "GraphQL does with 200.", example: "/errors")
  var refusedAt: String?

  init() {}

  func problems() -> [Problem] {
    guard let refusedAt, !refusedAt.hasPrefix("/") else { return [] }
    return [Problem("refused_at", "is no JSON pointer", hint: "write it with a slash in front: /errors")]
  }
}

/// ``AnswerRules`` as they are asked for each answer.
struct AnswerReader: Sendable {
  private let stored, retry, stop, gone: Statuses
  private let refusedAt: [String]?
  /// Who answers, for people: `shop.example`.
  private let place: String

  init(_ rules: AnswerRules, place: String) {
    (stored, retry, stop, gone) = (rules.stored, rules.retry, rules.stop, rules.gone)
    refusedAt = rules.refusedAt.map { Self.tokens($0) }
    self.place = place
  }

  static func tokens(_ pointer: String) -> [String] {
    pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { token -> String in
      String(token).replacing("~1", with: "/").replacing("~0", with: "~")
    }
  }

  /// - Parameter isDelete: whether all that was asked for is that rows be gone.
  func verdict(_ transfer: Transfer, isDelete: Bool) -> Verdict {
    if let failure = transfer.failure { return Self.verdict(of: failure, at: place) }
    return verdict(
      status: transfer.status, answer: transfer.answer.bytes, retryAfter: transfer.retryAfter, isDelete: isDelete)
  }

  func verdict(
    status: Int, answer: UnsafeRawBufferPointer, retryAfter: @autoclosure () -> Duration?, isDelete: Bool
  ) -> Verdict {
    if isDelete && gone.contains(status) { return .stored }
    if stored.contains(status) { return refusal(in: answer) ?? .stored }
    let said = "\(place) answered \(status)\(Self.excerpt(answer))"
    if retry.contains(status) {
      let code = status == 429 || status == 503 ? "http.busy" : "http.server_error"
      return .later(ConnectorError(code, said + ".", remedy: .retry(after: retryAfter())))
    }
    if stop.contains(status) { return .stop(Self.stopped(status, said)) }
    return .refused(code: "http.refused", message: said)
  }

  private static func stopped(_ status: Int, _ said: String) -> ConnectorError {
    switch status {
    case 401, 403, 407:
      ConnectorError(
        "http.unauthorized", said + ".", remedy: .stop,
        hint:
          "Check auth, and what its account may do; if only some rows are forbidden, set answers.stop without \(status)."
      )
    case 300...399:
      ConnectorError("http.redirected", said + ".", remedy: .stop, hint: "Set url to where the server points.")
    default:
      ConnectorError(
        "http.not_served", said + ".", remedy: .stop, hint: "Check url and method; `answers` says what a status means.")
    }
  }

  /// A request that the rules count as stored, and whose answer says that it is not. An answer that cannot be read says
  /// nothing of the row: it may be a proxy's.
  private func refusal(in answer: UnsafeRawBufferPointer) -> Verdict? {
    guard let refusedAt, !answer.isEmpty else { return nil }
    guard let root = try? Value(json: answer) else { return .later(unreadable(answer)) }
    guard let found = root.at(refusedAt) else { return nil }
    switch found {
    case .null, .bool(false), .array([]), .object([]): return nil
    default: return .refused(code: "http.refused", message: "\(place) answered: \(Self.shortened(found.json))")
    }
  }

  private func unreadable(_ answer: UnsafeRawBufferPointer) -> ConnectorError {
    ConnectorError(
      "http.bad_answer",
      "\(place) answered something that is no whole JSON, so nothing says whether the row was refused\(Self.excerpt(answer)).",
      remedy: .retry(after: nil), hint: "Check url: answers.refused_at looks into each answer for what was refused.")
  }

  // MARK: - No answer

  /// What a request means that got no answer.
  static func verdict(of failure: TransferFailure, at place: String) -> Verdict {
    let said = "\(place): \(failure.text)."
    return switch failure.kind {
    case .untrusted:
      .stop(
        ConnectorError(
          "http.tls", said, remedy: .stop,
          hint: "Name the authority that signed the server's certificate under tls.ca, or check tls."))
    case .badAddress:
      .stop(
        ConnectorError("http.bad_url", said, remedy: .stop, hint: "Write http:// or https://, host and path."))
    case .timedOut: .later(ConnectorError("http.timed_out", said, remedy: .retry(after: nil)))
    case .unreachable: .later(ConnectorError("http.unreachable", said, remedy: .retry(after: nil)))
    }
  }

  // MARK: - For people

  /// The begin of what a server says, on one line.
  static func excerpt(_ answer: UnsafeRawBufferPointer) -> String {
    let text = shortened(String(decoding: answer.prefix(4 * excerptMax), as: UTF8.self))
    return text.isEmpty ? "" : ": \(text)"
  }

  /// In characters.
  private static let excerptMax = 300

  static func shortened(_ text: String) -> String {
    let words = text.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
    return words.count > excerptMax ? words.prefix(excerptMax) + "…" : words
  }
}

extension Value {
  /// What the tokens of a JSON pointer lead to.
  func at(_ tokens: [String]) -> Value? {
    var value = self
    for token in tokens {
      switch value {
      case .array(let items):
        guard let index = Int(token), items.indices.contains(index) else { return Value?.none }
        value = items[index]
      default:
        guard let next = value[token] else { return Value?.none }
        value = next
      }
    }
    return value
  }
}
