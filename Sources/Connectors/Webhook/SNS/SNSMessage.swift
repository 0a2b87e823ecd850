import Records

/// What Amazon SNS posts, as far as its signature covers it.
///
/// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
struct SNSMessage {
  enum Kind: String {
    case notification = "Notification"
    case subscription = "SubscriptionConfirmation"
    case unsubscription = "UnsubscribeConfirmation"

    /// The members that are signed, in their order; those that are not there are left out.
    fileprivate var signed: [String] {
      switch self {
      case .notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
      case .subscription, .unsubscription:
        ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
      }
    }
  }

  let kind: Kind
  let topic: String
  let signature: [UInt8]
  /// Whether SHA-256 was signed, and not SHA-1 (`SignatureVersion` 2).
  let isSHA256: Bool
  let certificateURL: String
  /// Opening it confirms the subscription; only a subscription has one.
  let subscribeURL: String?
  /// What was signed.
  let text: String

  /// - Returns: nil where the body is none of SNS's messages, as with raw delivery.
  init?(_ body: UnsafeRawBufferPointer) {
    guard let root = try? Value(json: body), let kind = root["Type"]?.string.flatMap(Kind.init),
      let topic = root["TopicArn"]?.string, let url = root["SigningCertURL"]?.string,
      let signature = root["Signature"]?.string.flatMap({ Base64.decode($0.utf8) })
    else { return nil }
    switch root["SignatureVersion"]?.string {
    case "1": isSHA256 = false
    case "2": isSHA256 = true
    default: return nil
    }
    self.kind = kind
    self.topic = topic
    self.signature = signature
    certificateURL = url
    subscribeURL = kind == .subscription ? root["SubscribeURL"]?.string : nil
    var text = ""
    for name in kind.signed {
      guard let value = root[name]?.string else { continue }
      text += "\(name)\n\(value)\n"
    }
    self.text = text
  }
}

/// Which hosts SNS's certificates and confirmations are at: whoever could name another one could sign for SNS.
struct SNSHosts: Sendable {
  /// A stand-in for SNS; nil: Amazon's own hosts.
  let only: String?

  func admits(_ url: String) -> Bool {
    guard let parts = URLParts(url), parts.scheme == "https", !url.contains("@") else { return false }
    let host = parts.host.lowercased()
    if let only { return host == only.lowercased() }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count == 4 || labels.count == 5 && labels[4] == "cn" else { return false }
    let isRegion =
      !labels[1].isEmpty && labels[1].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    return labels[0] == "sns" && isRegion && labels[2] == "amazonaws" && labels[3] == "com"
  }
}
