import ConnectorKit
import Records

/// Puts into requests who sends them. Holds the secrets; belongs to one lane.
final class Authorizer {
  private enum Way {
    case none
    /// A header that is always the same.
    case header(name: String, value: String)
    case query(name: String, value: String)
    case oauth(OAuthTokens)
    case aws(SigV4)
  }

  private let way: Way
  private let wallTime: @Sendable () -> Int64

  init(_ settings: HTTPAuth?, wallTime: @escaping @Sendable () -> Int64) {
    self.wallTime = wallTime
    guard let settings else {
      way = .none
      return
    }
    if let token = settings.bearer {
      way = .header(name: "Authorization", value: "Bearer \(token.reveal())")
    } else if let basic = settings.basic {
      way = .header(name: "Authorization", value: Self.basic(basic.user, basic.password.reveal()))
    } else if let key = settings.apiKey, let header = key.header {
      way = .header(name: header, value: key.value.reveal())
    } else if let key = settings.apiKey {
      way = .query(name: key.query ?? "", value: key.value.reveal())
    } else if let own = settings.oauth2 {
      way = .oauth(OAuthTokens(own))
    } else if let aws = settings.aws {
      way = .aws(SigV4(aws))
    } else {
      way = .none
    }
  }

  static func basic(_ user: String, _ password: String) -> String {
    "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
  }

  /// Fetches what requests need before the next of them is sent. The client must have none under way.
  func prepare(_ client: HTTPClient) throws(ConnectorError) {
    guard case .oauth(let tokens) = way else { return }
    try tokens.fetch(client, now: wallTime())
  }

  /// A server answered 401.
  ///
  /// - Returns: whether another token may help, which ``prepare(_:)`` fetches.
  func wasRefused() -> Bool {
    guard case .oauth(let tokens) = way else { return false }
    return tokens.wasRefused(now: wallTime())
  }

  /// Adds to a request that is whole but for this.
  ///
  /// - Parameter headers: those of the request, of which AWS signs content-type and those that begin with x-amz-.
  func authorize(_ transfer: Transfer, signing headers: [(name: String, value: String)]) {
    switch way {
    case .none: return
    case .header(let name, let value): transfer.addHeader(name, value)
    case .query(let name, let value):
      let isFirst = !transfer.url.bytes.contains(UInt8(ascii: "?"))
      transfer.url.append("\(isFirst ? "?" : "&")\(PercentCode.encoded(name))=\(PercentCode.encoded(value))")
    case .oauth(let tokens): if let token = tokens.token { transfer.addHeader("Authorization", "Bearer \(token)") }
    case .aws(let signer):
      guard let parts = URLParts(transfer.url.text) else { return }
      let body = transfer.hasBody ? transfer.body.bytes : UnsafeRawBufferPointer(start: nil, count: 0)
      let signed = headers.map { (name: $0.name.lowercased(), value: $0.value) }
        .filter { $0.name == "content-type" || $0.name.hasPrefix("x-amz-") }
      let added = signer.sign(
        method: transfer.method, host: String(parts.host), path: String(parts.path), query: String(parts.query),
        headers: signed, body: body, time: SigV4.time(milliseconds: wallTime()))
      for header in added { transfer.addHeader(header.name, header.value) }
    }
  }
}

extension SigV4 {
  init(_ settings: AWSSettings) {
    self.init(
      accessKey: settings.accessKey.reveal(), secretKey: settings.secretKey.reveal(),
      sessionToken: settings.sessionToken?.reveal(), region: settings.region, service: settings.service)
  }
}
