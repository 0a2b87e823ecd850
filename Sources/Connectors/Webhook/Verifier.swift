import ConnectorKit
import Records

/// Decides whether a request comes from who may post. Holds the secrets; says nothing of them.
struct Verifier: Sendable {
  private enum Way: Sendable {
    case standardWebhooks(tolerance: Int64)
    case stripe(tolerance: Int64)
    case header(name: String, prefix: String, SignatureEncoding)
    /// The whole value of Authorization, without its scheme.
    case authorization(scheme: String, challenge: String)
  }

  private let way: Way
  /// Any of them will do.
  private let keys: [[UInt8]]

  /// - Throws: where a secret has not the form that it must have.
  init(_ settings: WebhookVerify) throws(ConnectorError) {
    if let own = settings.standardWebhooks {
      way = .standardWebhooks(tolerance: own.tolerance.milliseconds)
      keys = try own.secrets.map { secret throws(ConnectorError) in try Self.standardKey(secret) }
    } else if let own = settings.stripe {
      way = .stripe(tolerance: own.tolerance.milliseconds)
      keys = own.secrets.map { Array($0.utf8) }
    } else if let own = settings.github {
      way = .header(name: "x-hub-signature-256", prefix: "sha256=", .hex)
      keys = own.secrets.map { Array($0.utf8) }
    } else if let own = settings.shopify {
      way = .header(name: "x-shopify-hmac-sha256", prefix: "", .base64)
      keys = own.secrets.map { Array($0.utf8) }
    } else if let own = settings.hmac {
      way = .header(name: own.header.lowercased(), prefix: own.prefix, own.format)
      keys = [own.secret.reveal(), own.previous?.reveal()].compactMap(\.self).map { Array($0.utf8) }
    } else if let basic = settings.basic {
      way = .authorization(scheme: "basic", challenge: "Basic realm=\"millrace\"")
      keys = [Array(Base64.encode(Array("\(basic.user):\(basic.password.reveal())".utf8)).utf8)]
    } else {
      way = .authorization(scheme: "bearer", challenge: "Bearer")
      keys = [Array((settings.bearer?.reveal() ?? "").utf8)]
    }
  }

  /// Base64 behind `whsec_`.
  private static func standardKey(_ secret: String) throws(ConnectorError) -> [UInt8] {
    let text = secret.hasPrefix("whsec_") ? secret.dropFirst(6) : secret[...]
    if let key = Base64.decode(text.utf8), key.count >= 16 { return key }
    throw ConnectorError(
      "webhook.secret_form", "The secret of Standard Webhooks is not whsec_ and base64 of at least 16 bytes.",
      remedy: .stop, hint: "Take the secret as the sender shows it, with its whsec_.")
  }

  /// What can be said of the head alone; nil to look at the body.
  func refusal(of head: HTTPRequest, _ bytes: borrowing ByteBuffer) -> HTTPResponse? {
    guard case .authorization(let scheme, let challenge) = way else { return nil }
    let value = Self.text("authorization", head, bytes) ?? ""
    let parts = value.split(separator: " ", maxSplits: 1)
    if parts.count == 2, parts[0].lowercased() == scheme,
      Signature.isEqual(Array(parts[1].drop { $0 == " " }.utf8), keys[0])
    {
      return nil
    }
    var answer = HTTPResponse(401, "who posts here must say who it is")
    answer.headers.append(("www-authenticate", challenge))
    return answer
  }

  /// Why the request is refused; nil where it may pass.
  ///
  /// - Parameter now: milliseconds since 1970.
  func problem(_ request: HTTPRequest, _ bytes: borrowing ByteBuffer, now: Int64) -> String? {
    let body = UnsafeRawBufferPointer(rebasing: bytes.bytes[request.body])
    switch way {
    case .authorization: return nil
    case .header(let name, let prefix, let encoding):
      guard let value = Self.text(name, request, bytes), value.hasPrefix(prefix) else {
        return "the signature in \(name) is missing"
      }
      let given = Self.decode(value.dropFirst(prefix.count), encoding)
      return matches([given].compactMap(\.self), [body]) ? nil : "the signature in \(name) is wrong"
    case .stripe(let tolerance): return stripe(request, bytes, body, now, tolerance)
    case .standardWebhooks(let tolerance): return standard(request, bytes, body, now, tolerance)
    }
  }

  private static func decode(_ text: some StringProtocol, _ encoding: SignatureEncoding) -> [UInt8]? {
    encoding == .hex ? Signature.hex(text) : Base64.decode(text.utf8)
  }

  private func matches(_ given: [[UInt8]], _ parts: [UnsafeRawBufferPointer]) -> Bool {
    var isRight = false
    for key in keys {
      guard let wanted = Signature.hmac(key, parts) else { continue }
      for signature in given where Signature.isEqual(signature, wanted) { isRight = true }
    }
    return isRight
  }

  /// https://docs.stripe.com/webhooks/signature: `t=SECONDS,v1=HEX`, of the time, a point and the body.
  private func stripe(
    _ request: HTTPRequest, _ bytes: borrowing ByteBuffer, _ body: UnsafeRawBufferPointer, _ now: Int64,
    _ tolerance: Int64
  ) -> String? {
    guard let value = Self.text("stripe-signature", request, bytes) else { return "Stripe-Signature is missing" }
    let items = value.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }.filter { $0.count == 2 }
    guard let time = items.first(where: { $0[0] == "t" })?[1] else { return "Stripe-Signature has no time" }
    if let problem = Self.age(String(time), now, tolerance) { return problem }
    let given = items.filter { $0[0] == "v1" }.compactMap { Signature.hex($0[1]) }
    let isRight = Array("\(time).".utf8).withUnsafeBytes { matches(given, [$0, body]) }
    return isRight ? nil : "the signature in Stripe-Signature is wrong"
  }

  /// https://www.standardwebhooks.com: `v1,BASE64` once or more, of the id, the time and the body with points between.
  private func standard(
    _ request: HTTPRequest, _ bytes: borrowing ByteBuffer, _ body: UnsafeRawBufferPointer, _ now: Int64,
    _ tolerance: Int64
  ) -> String? {
    let header = { (name: String, bytes: borrowing ByteBuffer) in
      Self.text("webhook-" + name, request, bytes) ?? Self.text("svix-" + name, request, bytes)
    }
    guard let id = header("id", bytes), let time = header("timestamp", bytes), let value = header("signature", bytes)
    else {
      return "webhook-id, webhook-timestamp or webhook-signature is missing"
    }
    if let problem = Self.age(time, now, tolerance) { return problem }
    let given = value.split(separator: " ").filter { $0.hasPrefix("v1,") }.compactMap {
      Base64.decode($0.dropFirst(3).utf8)
    }
    let isRight = Array("\(id).\(time).".utf8).withUnsafeBytes { matches(given, [$0, body]) }
    return isRight ? nil : "the signature in webhook-signature is wrong"
  }

  /// Why a time in seconds is too far from now.
  private static func age(_ text: String, _ now: Int64, _ tolerance: Int64) -> String? {
    guard let seconds = Int64(text), abs(seconds) < 1 << 40 else { return "the time of the signature is no number" }
    return abs(now - seconds * 1_000) <= tolerance ? nil : "the time of the signature is too far from now"
  }

  static func text(_ name: String, _ request: HTTPRequest, _ bytes: borrowing ByteBuffer) -> String? {
    let wanted = Array(name.utf8)
    for header in request.headers where header.name.count == wanted.count {
      let isSame = zip(bytes.bytes[header.name], wanted).allSatisfy { HTTPRequest.lower($0) == $1 }
      if isSame { return String(decoding: bytes.bytes[header.value], as: UTF8.self) }
    }
    return nil
  }
}

extension SignatureSettings {
  fileprivate var secrets: [String] { [secret.reveal(), previous?.reveal()].compactMap(\.self) }
}

extension Duration {
  var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
