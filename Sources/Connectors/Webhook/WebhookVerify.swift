import ConnectorKit
import Records

/// Who may post: exactly one of these.
struct WebhookVerify: SettingOneOf {
  @Setting("Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature); Svix sends these too.")
  var standardWebhooks: SignatureSettings?
  @Setting("GitHub: X-Hub-Signature-256.") var github: SignatureSettings?
  @Setting("Shopify: X-Shopify-Hmac-Sha256.") var shopify: SignatureSettings?
  @Setting("Stripe: Stripe-Signature, with a time that must be near.") var stripe: SignatureSettings?
  @Setting("Amazon SNS: the signature of its certificate, for these topics.") var sns: SNSSettings?
  @Setting("HMAC-SHA-256 of the body in a header of any name.") var hmac: HMACSettings?
  @Setting("A token: Authorization: Bearer.") var bearer: Secret?
  @Setting("A name and a password: Authorization: Basic.") var basic: BasicSettings?

  init() {}
}

/// A secret that both sides know.
struct SignatureSettings: SettingGroup {
  static let short: String? = "secret"

  @Setting("What both sides know.") var secret: Secret
  @Setting("The secret before the last change, as long as some still use it.") var previous: Secret?
  @Setting(
    "How far the time of a signature may be from now, where it has one; older ones may be replays.",
    range: 1_000...86_400_000)
  var tolerance: Duration = .seconds(300)

  init() {}
}

struct HMACSettings: SettingGroup {
  @Setting("What both sides know.") var secret: Secret
  @Setting("The secret before the last change, as long as some still use it.") var previous: Secret?
  @Setting("The header that holds the signature.", example: "X-Signature") var header: String
  @Setting("What stands before it in the header.", example: "sha256=", allowsEmpty: true) var prefix: String = ""
  @Setting("How it is written.") var format: SignatureEncoding = .hex

  init() {}

  func problems() -> [Problem] {
    header.utf8.allSatisfy(HTTPToken.isToken) ? [] : [Problem("header", "is no name of a header")]
  }
}

enum SignatureEncoding: String, SettingChoice {
  case hex, base64
}
