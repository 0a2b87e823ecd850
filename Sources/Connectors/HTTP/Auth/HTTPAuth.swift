import ConnectorKit

/// How requests say who sends them: exactly one of these.
struct HTTPAuth: SettingOneOf {
  @Setting("A token: Authorization: Bearer.", example: "${SHOP_TOKEN}") var bearer: Secret?
  @Setting("A name and a password: Authorization: Basic.") var basic: BasicSettings?
  @Setting("A key in a header or in the query.") var apiKey: APIKeySettings?
  @Setting("OAuth 2, client credentials: a token is fetched, and again before it expires or when it is refused.")
  var oauth2: OAuth2Settings?
  @Setting("AWS: each request is signed, Signature Version 4.") var aws: AWSSettings?

  init() {}
}

struct APIKeySettings: SettingGroup {
  @Setting("The header that holds the key.", example: "X-API-Key") var header: String?
  @Setting("The name in the query that holds the key, where no header does; it stands in the server's logs then.")
  var query: String?
  @Setting("The key.") var value: Secret

  init() {}

  func problems() -> [Problem] {
    if (header == nil) == (query == nil) {
      return [Problem("header", "stands beside or without `query`", hint: "give one of the two")]
    }
    if let header, !header.utf8.allSatisfy(HTTPToken.isToken) { return [Problem("header", "is no name of a header")] }
    return []
  }
}

struct OAuth2Settings: SettingGroup {
  /// How the client shows itself to the authorization server.
  enum Style: String, SettingChoice { case header, body }

  @Setting("Where tokens are fetched.", example: "https://login.example/oauth/token") var tokenUrl: String
  @Setting("The client's id.") var clientId: String
  @Setting("The client's secret.") var clientSecret: Secret
  @Setting("What the token shall allow, separated by spaces.") var scope: String?
  @Setting("For whom the token shall be, where the authorization server asks for it.") var audience: String?
  @Setting("Where id and secret are sent: in a header (Basic), or in the body.") var style: Style = .header

  init() {}
}

struct AWSSettings: SettingGroup {
  @Setting("The region.", example: "eu-central-1") var region: String
  @Setting("The service as its endpoint's name begins: execute-api, events, sqs, s3.", example: "execute-api")
  var service: String
  @Setting("The access key's id.", example: "${AWS_ACCESS_KEY_ID}") var accessKey: Secret
  @Setting("The secret access key.", example: "${AWS_SECRET_ACCESS_KEY}") var secretKey: Secret
  @Setting("The token of temporary credentials.") var sessionToken: Secret?

  init() {}
}
