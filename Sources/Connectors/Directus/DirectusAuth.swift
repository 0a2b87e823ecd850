import ConnectorKit
import Records

/// How Directus knows who asks: exactly one of these.
struct DirectusAuth: SettingOneOf {
  @Setting("A user's static token.", example: "${DIRECTUS_TOKEN}") var token: Secret?
  @Setting("A user's e-mail address and password; a session is opened, and opened again before it ends.")
  var login: DirectusLogin?

  init() {}
}

struct DirectusLogin: SettingGroup {
  @Setting("The e-mail address.") var email: String
  @Setting("The password.") var password: Secret

  init() {}
}

/// A session, or a token that needs none. Belongs to one lane.
final class DirectusSession {
  /// A session is refreshed so long before it ends, in milliseconds.
  private static let margin: Int64 = 30_000

  private let base: String
  private let auth: DirectusAuth
  private var token: String?
  private var refreshToken: String?
  private var endsAt: Int64 = .max

  init(_ base: String, _ auth: DirectusAuth) {
    self.base = base
    self.auth = auth
    token = auth.token?.reveal()
  }

  func authorize(_ transfer: Transfer) {
    if let token { transfer.addHeader("Authorization", "Bearer \(token)") }
  }

  /// Opens or refreshes the session where that is due. The client must have nothing under way.
  func prepare(_ client: HTTPClient, now: Int64) throws(ConnectorError) {
    guard let login = auth.login, token == nil || now >= endsAt else { return }
    if let refreshToken {
      self.refreshToken = nil
      let body: Value = ["refresh_token": .string(refreshToken), "mode": "json"]
      // A refresh token that is used up or too old: the password opens another session.
      if try open("/auth/refresh", body, client, now: now, mayFail: true) { return }
    }
    let body: Value = ["email": .string(login.email), "password": .string(login.password.reveal()), "mode": "json"]
    _ = try open("/auth/login", body, client, now: now, mayFail: false)
  }

  /// The server does not know the token any more.
  ///
  /// - Returns: whether another one can be had.
  func wasRefused() -> Bool {
    guard auth.login != nil, token != nil else { return false }
    token = nil
    return true
  }

  private func open(
    _ path: String, _ body: Value, _ client: HTTPClient, now: Int64, mayFail: Bool
  ) throws(ConnectorError) -> Bool {
    let transfer = client.transfer()
    transfer.url.append(base + path)
    transfer.addHeader("Content-Type", "application/json")
    transfer.body.append(body.json)
    let answer = try client.send(transfer)
    if answer.isAnswered, answer.status == 200, let data = (try? Value(json: answer.answer.bytes))?["data"],
      let token = data["access_token"]?.string
    {
      self.token = token
      refreshToken = data["refresh_token"]?.string
      let life = data["expires"]?.int ?? 900_000
      endsAt = now + max(life - Self.margin, life / 2)
      return true
    }
    if mayFail, answer.isAnswered, (400..<500).contains(answer.status) { return false }
    throw DirectusError(answer, base: base).connectorError("log in")
  }
}
