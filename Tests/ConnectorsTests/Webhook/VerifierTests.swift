import ConnectorKit
import Records
import Testing

@testable import Connectors

struct VerifierTests {
  /// A request with these headers and body, and the bytes that it stands in.
  private func problem(
    _ settings: Value, _ headers: [(String, String)], _ body: String, now: Int64 = 1_614_265_330_000
  ) throws -> String? {
    var loader = SettingLoader()
    guard let verify = WebhookVerify.read(ConfigNode(settings), &loader) else { throw loader.diagnostics }
    let verifier = try Verifier(verify)
    var bytes = ByteBuffer()
    bytes.append("POST / HTTP/1.1\r\nHost: a\r\n")
    for (name, value) in headers { bytes.append("\(name): \(value)\r\n") }
    bytes.append("Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    var reader = HTTPReader()
    #expect(reader.step(&bytes) == .head)
    if let refusal = verifier.refusal(of: reader.request, bytes) { return "\(refusal.status)" }
    try reader.begin(bodyMax: 10_000)
    #expect(reader.step(&bytes) == (body.isEmpty ? .request : .request))
    return verifier.problem(reader.request, bytes, now: now)
  }

  /// The vector that the reference implementations of Standard Webhooks share.
  private static let standard: [(String, String)] = [
    ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook-timestamp", "1614265330"),
    ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
  ]
  private static let standardBody = "{\"test\": 2432232314}"
  private static let standardSecret: Value = ["standard_webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]

  @Test func standardWebhooks() throws {
    #expect(try problem(Self.standardSecret, Self.standard, Self.standardBody) == nil)
    let svix = Self.standard.map { ($0.replacing("webhook", with: "svix"), $1) }
    #expect(try problem(Self.standardSecret, svix, Self.standardBody) == nil)
    var several = Self.standard
    several[2].1 = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x " + several[2].1
    #expect(try problem(Self.standardSecret, several, Self.standardBody) == nil)
    #expect(try problem(Self.standardSecret, Self.standard, Self.standardBody + " ") != nil)
    for place in 0..<3 {
      var other = Self.standard
      other[place].1 = place == 1 ? "1614265331" : "v1,x" + other[place].1
      #expect(try problem(Self.standardSecret, other, Self.standardBody) != nil)
      other.remove(at: place)
      #expect(try problem(Self.standardSecret, other, Self.standardBody) != nil)
    }
  }

  @Test func timesThatAreFarAreReplays() throws {
    for (offset, isTaken) in [(299_000, true), (-299_000, true), (301_000, false), (-301_000, false)] as [(Int64, Bool)]
    {
      let found = try problem(
        Self.standardSecret, Self.standard, Self.standardBody, now: 1_614_265_330_000 + offset)
      #expect((found == nil) == isTaken, "\(offset)")
    }
    let patient: Value = [
      "standard_webhooks": ["secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "tolerance": "1h"]
    ]
    #expect(try problem(patient, Self.standard, Self.standardBody, now: 1_614_265_330_000 + 3_000_000) == nil)
  }

  /// The vector in GitHub's documentation.
  @Test func github() throws {
    let right = ("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
    let secret: Value = ["github": "It's a Secret to Everybody"]
    #expect(try problem(secret, [right], "Hello, World!") == nil)
    #expect(try problem(secret, [right], "Hello, World?") != nil)
    #expect(try problem(secret, [(right.0, "sha256=" + right.1.dropFirst(9))], "Hello, World!") != nil)
    #expect(try problem(secret, [], "Hello, World!") != nil)
    let changed: Value = ["github": ["secret": "new", "previous": "It's a Secret to Everybody"]]
    #expect(try problem(changed, [right], "Hello, World!") == nil)
  }

  private func signature(_ secret: String, _ text: String) -> [UInt8] {
    Array(text.utf8).withUnsafeBytes { Signature.hmac(Array(secret.utf8), [$0]) ?? [] }
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test func shopifyStripeAndOthers() throws {
    let body = "{\"a\":1}"
    let shopify = Base64.encode(signature("s", body))
    #expect(try problem(["shopify": "s"], [("X-Shopify-Hmac-SHA256", shopify)], body) == nil)
    #expect(try problem(["shopify": "t"], [("X-Shopify-Hmac-SHA256", shopify)], body) != nil)
    let stripe = "t=1614265330,v1=\(hex(signature("s", "1614265330.\(body)"))),v0=00"
    #expect(try problem(["stripe": "s"], [("Stripe-Signature", stripe)], body) == nil)
    #expect(try problem(["stripe": "s"], [("Stripe-Signature", stripe)], body, now: 1) != nil)
    #expect(try problem(["stripe": "s"], [("Stripe-Signature", stripe.replacing("330", with: "331"))], body) != nil)
    let own: Value = ["hmac": ["secret": "s", "header": "X-Sig", "prefix": "v=", "format": "hex"]]
    #expect(try problem(own, [("x-sig", "v=" + hex(signature("s", body)))], body) == nil)
    #expect(try problem(own, [("x-sig", hex(signature("s", body)))], body) != nil)
  }

  /// RFC 4231, cases 1, 2 and 6.
  @Test func authenticationCodes() {
    let cases: [([UInt8], String, String)] = [
      (
        [UInt8](repeating: 0x0b, count: 20), "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
    ]
    for (key, text, wanted) in cases {
      let found = Array(text.utf8).withUnsafeBytes { Signature.hmac(key, [$0]) }
      #expect(found.map(hex) == wanted)
    }
  }

  @Test func tokensAndPasswords() throws {
    #expect(try problem(["bearer": "abc"], [("Authorization", "Bearer abc")], "") == nil)
    #expect(try problem(["bearer": "abc"], [("Authorization", "bearer  abc")], "") == nil)
    for value in ["Bearer abd", "Bearer ab", "Basic abc", "abc", ""] {
      #expect(try problem(["bearer": "abc"], [("Authorization", value)], "") == "401")
    }
    let basic: Value = ["basic": ["user": "Aladdin", "password": "open sesame"]]
    #expect(try problem(basic, [("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")], "") == nil)
    #expect(try problem(basic, [("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ")], "") == "401")
    #expect(try problem(basic, [], "") == "401")
  }

  @Test func aSecretOfAnotherFormIsRefused() {
    #expect(throws: ConnectorError.self) { try problem(["standard_webhooks": "whsec_short"], [], "") }
  }

  // MARK: - What is kept beside the body

  @Test func headersThatComeTwiceAreKeptAsOne() throws {
    var bytes = ByteBuffer()
    bytes.append("POST / HTTP/1.1\r\nHost: a\r\nX-Tag: a\r\nContent-Type: b\r\nx-tag: \"c\"\r\n\r\n")
    var reader = HTTPReader()
    #expect(reader.step(&bytes) == .head)
    var kept = ByteBuffer()
    KeptHeaders(and: ["X-Tag"]).append(reader.request, bytes.bytes, to: &kept)
    #expect(kept.text == #"{"x-tag":"a, \"c\"","content-type":"b"}"#)
  }
}
