import ConnectorKit
import Records

/// Fetches tokens with a client's credentials (RFC 6749, section 4.4). Belongs to one lane.
final class OAuthTokens {
  /// A token is fetched anew so long before it expires, in milliseconds.
  private static let margin: Int64 = 30_000
  /// How long a token counts as good whose answer does not say, in milliseconds.
  private static let usualLife: Int64 = 300_000
  /// A token that is refused when it is younger than this is not the reason, in milliseconds.
  private static let freshFor: Int64 = 5_000

  private let settings: OAuth2Settings
  private(set) var token: String?
  private var fetchedAt: Int64 = 0
  private var expiresAt: Int64 = 0

  init(_ settings: OAuth2Settings) { self.settings = settings }

  private var place: String { URLParts(settings.tokenUrl).map { String($0.host) } ?? "token_url" }

  func wasRefused(now: Int64) -> Bool {
    guard token != nil, now - fetchedAt >= Self.freshFor else { return false }
    token = nil
    return true
  }

  func fetch(_ client: HTTPClient, now: Int64) throws(ConnectorError) {
    if token != nil, now < expiresAt { return }
    let transfer = client.transfer()
    fill(transfer)
    let answer = try client.send(transfer)
    if let failure = answer.failure { throw self.failure(AnswerReader.verdict(of: failure, at: place)) }
    guard answer.status == 200, let body = try? Value(json: answer.answer.bytes),
      let token = body["access_token"]?.string
    else { throw refused(answer) }
    let life = body["expires_in"].flatMap(Self.seconds).map { $0 * 1_000 } ?? Self.usualLife
    self.token = token
    fetchedAt = now
    expiresAt = now + max(life - Self.margin, life / 2)
  }

  /// Some servers write the number as a text.
  private static func seconds(_ value: Value) -> Int64? {
    let seconds = value.int ?? value.string.flatMap { Int64($0) }
    return seconds.flatMap { (1...1 << 32).contains($0) ? $0 : nil }
  }

  private func fill(_ transfer: Transfer) {
    var form = [("grant_type", "client_credentials")]
    if let scope = settings.scope { form.append(("scope", scope)) }
    if let audience = settings.audience { form.append(("audience", audience)) }
    switch settings.style {
    case .header:
      // Both are encoded before they are put together, as the standard asks.
      let user = PercentCode.encoded(settings.clientId)
      let password = PercentCode.encoded(settings.clientSecret.reveal())
      transfer.addHeader("Authorization", Authorizer.basic(user, password))
    case .body:
      form += [("client_id", settings.clientId), ("client_secret", settings.clientSecret.reveal())]
    }
    transfer.url.append(settings.tokenUrl)
    transfer.addHeader("Content-Type", "application/x-www-form-urlencoded")
    transfer.addHeader("Accept", "application/json")
    transfer.body.append(form.map { "\($0.0)=\(PercentCode.encoded($0.1))" }.joined(separator: "&"))
  }

  private func failure(_ verdict: Verdict) -> ConnectorError {
    switch verdict {
    case .later(var error), .stop(var error):
      error.message = "No token from token_url: \(error.message)"
      return error
    case .stored, .refused:
      return ConnectorError("http.no_token", "\(place) gave no token.", remedy: .retry(after: nil))
    }
  }

  /// What the server says is not repeated, because it may hold a token, but for the members that the standard has for
  /// errors.
  private func refused(_ answer: Transfer) -> ConnectorError {
    let status = answer.status
    let isAway = status == 408 || status == 429 || status >= 500
    let body = try? Value(json: answer.answer.bytes)
    let words = [body?["error"]?.string, body?["error_description"]?.string].compactMap(\.self)
    let said = words.isEmpty ? "" : ": " + AnswerReader.shortened(words.joined(separator: ", "))
    return ConnectorError(
      "http.no_token", "\(place) answered \(status) in place of a token\(said).",
      remedy: isAway ? .retry(after: answer.retryAfter) : .stop,
      hint: "Check token_url, client_id, client_secret and scope under auth.oauth2.")
  }
}
