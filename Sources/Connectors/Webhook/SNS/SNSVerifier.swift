import COpenSSL
import ConnectorKit
import Records

/// Decides whether Amazon SNS posts for a topic that may, and confirms the topic's subscription.
///
/// Nothing that it says has to be fetched on the caller's time: who comes before the certificate is here is asked to come
/// again, as SNS does. A message has no age that is too high, because SNS repeats for days; `dedupe` by `meta.event_id`
/// tells repetitions apart.
final class SNSVerifier: Sendable {
  private let topics: Set<String>
  private let confirms: Bool
  private let hosts: SNSHosts
  private let errands: SNSErrands

  init(_ settings: SNSSettings, folder: String) {
    topics = Set(settings.topics)
    confirms = settings.confirm
    hosts = SNSHosts(only: settings.host)
    var client = ClientSettings()
    client.folder = folder
    if let tls = settings.tls { client.tls = tls }
    errands = SNSErrands(client)
  }

  /// Lets go of what is under way.
  func stop() { errands.stop() }

  /// What the caller hears instead of having its message taken; nil where it may pass.
  func answer(_ body: UnsafeRawBufferPointer) -> HTTPResponse? {
    guard let message = SNSMessage(body) else {
      return HTTPResponse(401, "the message bears no signature of SNS; raw delivery has none")
    }
    guard topics.contains(message.topic) else { return HTTPResponse(401, "the topic may not post here") }
    guard hosts.admits(message.certificateURL) else {
      return HTTPResponse(401, "the certificate is not at a host of SNS")
    }
    guard let certificate = errands.certificate(at: message.certificateURL) else { return Self.later }
    guard Self.isSigned(message, by: certificate) else { return HTTPResponse(401, "the signature is wrong") }
    guard confirms, let url = message.subscribeURL else { return nil }
    guard hosts.admits(url) else { return HTTPResponse(401, "the confirmation is not at a host of SNS") }
    return errands.isConfirmed(url) ? HTTPResponse(status: 200) : Self.later
  }

  private static let later = HTTPResponse(
    503, "the certificate or the confirmation is on its way; come again", retryAfter: ServerLimits.retryAfter)

  static func isSigned(_ message: SNSMessage, by certificate: [UInt8]) -> Bool {
    Array(message.text.utf8).withUnsafeBytes { text in
      openssl_verify_signature(
        certificate, certificate.count, message.isSHA256 ? 1 : 0, text.baseAddress, text.count, message.signature,
        message.signature.count) == 1
    }
  }
}

/// Amazon SNS signs what it posts with a certificate of its own.
struct SNSSettings: SettingGroup {
  @Setting("The topics that may post.", example: "[\"arn:aws:sns:eu-west-1:123456789012:orders\"]") var topics: [String]
  @Setting("Whether a subscription of these topics is confirmed when SNS asks.") var confirm: Bool = true
  @Setting(
    "A stand-in for SNS whose certificates and confirmations are trusted, in place of Amazon's hosts.", tuning: true)
  var host: String?
  @Setting("How TLS is spoken where it fetches.", tuning: true) var tls: ClientTLS?

  init() {}

  func problems() -> [Problem] {
    topics.filter { !$0.hasPrefix("arn:") }.map {
      Problem("topics", "`\($0)` is no ARN", hint: "write it as SNS shows it: arn:aws:sns:REGION:ACCOUNT:NAME")
    }
  }
}
