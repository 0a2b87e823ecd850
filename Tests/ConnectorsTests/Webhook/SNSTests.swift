import ConnectorKit
import Records
import Testing

@testable import Connectors

/// What SNS posts, signed with a key made for these tests.
struct SNSTests {
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIDLzCCAhegAwIBAgIUDaMpZbElNJsUvC6dnwYMnIKPtQ4wDQYJKoZIhvcNAQEL
    BQAwJjEkMCIGA1UEAwwbc25zLmV1LXdlc3QtMS5hbWF6b25hd3MuY29tMCAXDTI2
    MTEyODIzMjExN1oYDzIxMjYxMTA0MjMyMTE3WjAmMSQwIgYDVQQDDBtzbnMuZXUt
    d2VzdC0xLmFtYXpvbmF3cy5jb20wggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK
    AoIBAQCzia+GQCnszpAy7qj41rzpltjuZ2Ak+IfaWKsENFfPkKGCrCwFb5gjsyYY
    znHFPnCeGyo+TJyPwGT8TiPfXJflPV7SrJ3buGMi/C/qyE8zhvXiNqxe4hzSGo8q
    1s8MVUeHtLDf/jKLh+wdyzaQggoL8ceZ+ai/nnJLeQ7dc5guiKbWbnLtv2uT4LiF
    py+R2RftfSnn0vWkpqr2Z4BB35gYYN744O0GO3RYwzJUtgnEB8N/Q1jUm+UHRUrF
    HXjdfapu1Ntn+GiXWHvIWGunwK0qV7LtdERGeSlaJBpZ+C6nW1pMmRHYK+PvzuGT
    xHjTYkuxRGMmG+iJRyBoyOn3zOU1AgMBAAGjUzBRMB0GA1UdDgQWBBSwtLOzg+tu
    s5e02JccxGbk5Bi7VzAfBgNVHSMEGDAWgBSwtLOzg+tus5e02JccxGbk5Bi7VzAP
    BgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQA791U17wtX1kXMCu3H
    QBu3u8mja5Sy/xqQGf+8wDaniZmTm0TXoYzk9AlmBaFyBT3HlM3yVAuCI51HoAAW
    gy2FkL4q74yx3OYK8mGl6OfY1ozDKfSs8tHwhjtsfJGxrxS8ldp4NNfc+OPshRzQ
    gfdwzBSaG7PFrNQcs8fPgsG9V1ZVNZCOU9618p+SMwuMjOAIxKFrN1usAwxmBmDK
    qVogEpXXXa/17WbzsMbWAPzMoSOU6jiqT0r+o+HMXCYJ8puWbDl6EJAyiBT/ynXQ
    ViWyHkBZc3WjUK1TvfBctSPHOQ3h6dteB3e/g2zUdVPvDBeebXwp+GHqL2R4jzqF
    UXfa
    -----END CERTIFICATE-----
    """
  private static let sha1 =
    "Siv5kQHZqCI1Z8Y/G1hmNqoQa1gkk08IHvoenTTtdsl5ZOF9zzLCYzDgf+YD45UhJybuhpk0GohQo+ahCLTVmClJqeJ+HOPNxAAe"
    + "fRk1CipDn3eXmmOnWmm4zFnwSGPsPZpHfBnUFpop5x2hD2oyAn+g1lcLVP+f418WLfGFcqOAZ9TQ+y+Wut83MHPSq49g96pZosN8"
    + "8aajTDjrh3uYvFwQ3OfFtaj05we9J0d6pATVvXt2Vcgqg4viYI/3bw0v4Fg//sZPp4kHrpSojMf+DpUqoJNucMXEwJfkC6zxLg6o"
    + "PCcH8zlcfzbfPWPbH6u9FEa9lBUPVjg3SE8iB3ZY4Q=="
  private static let sha256 =
    "gYoSsImFskdJTW9vyPrJkF7ich27UR/58OvCgm4F/L1omljZaG4NhOrpKgyieFh9n7wGDTRc666H49n0ykW+wu34Ayexnxs94OwY"
    + "rzmdJNWuDEg+u4HOa4MoQmEe64hdMf1rs/op0RDTvFUWEO5Xmm/URpNuYv0ckn52IkrXGQfmiVOakYcoXikeFbIDRpcnd3k3F1+H"
    + "lpdhLTznFRYs2DFGKkEUTqb4LTyHYVMYYQmS8KKctazo8E+iUPjoLEJ99fH12/iErU2W8lwZ/DyeE+WJE9ZoNu/beu3IKWhlFRc2"
    + "Wp7+4e5kqVDfLDGzP0aiNjEVM7GukzpZnWjL9S+K7A=="
  private static let subscription =
    "cw9BVtUa/T6s2ZPxmWcxMB9YiUQesvIfhwV5FZgWGVxMsLJ+h2541eXKLmVsreBkWJ6V/0Ex01mI9bjDKfUAQjSXXoJ6mdrv+tJW"
    + "qxdfMbuQ8/6L+QZFUcpxRdXkQ8NXpwYeRqfYSG0njny8gpm8GyM1AhVXXOi6+0DaeETgy68SYoLjYoBQIMl6eCTSwh5b365BtNRD"
    + "w544L30c0snZP6ycdHsLp6dwsjbcSV/vx1Xaa7cdMM4Ek+GmqXkoee2D1GmgExedrA9FIzQvW75YWl2ljORufVA+fVyVYz0FFlKS"
    + "j4EFJNZfknofkuzE2dk7XGkAhONSslmR8egBwUZYUw=="
  private static let topic = "arn:aws:sns:eu-west-1:123456789012:orders"
  private static let certificateURL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"

  private func notification(_ changes: [String: Value] = [:]) -> Value {
    var members: [String: Value] = [
      "Type": "Notification", "MessageId": "m-1", "TopicArn": .string(Self.topic), "Subject": "news",
      "Message": "{\"sku\":\"a-1\"}", "Timestamp": "2026-05-01T10:00:00.000Z", "SignatureVersion": "2",
      "Signature": .string(Self.sha256), "SigningCertURL": .string(Self.certificateURL),
      "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
    ]
    for (name, value) in changes { members[name] = value }
    return .object(members.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
  }

  private func message(_ value: Value) -> SNSMessage? {
    Array(value.json.utf8).withUnsafeBytes { SNSMessage($0) }
  }

  private func isSigned(_ value: Value) throws -> Bool {
    SNSVerifier.isSigned(try #require(message(value)), by: Array(Self.certificate.utf8))
  }

  @Test func bothVersionsOfTheSignature() throws {
    #expect(try isSigned(notification()))
    #expect(try isSigned(notification(["SignatureVersion": "1", "Signature": .string(Self.sha1)])))
    #expect(try !isSigned(notification(["SignatureVersion": "1"])))
    #expect(try !isSigned(notification(["Signature": .string(Self.sha1)])))
  }

  @Test(arguments: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn"])
  func everySignedMemberCounts(_ name: String) throws {
    #expect(try !isSigned(notification([name: "x"])))
  }

  @Test func aSubscriptionIsSignedWithItsAddress() throws {
    let url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    let changes: [String: Value] = [
      "Type": "SubscriptionConfirmation", "MessageId": "m-2", "Message": "confirm?", "Token": "t",
      "SubscribeURL": .string(url), "Signature": .string(Self.subscription),
    ]
    #expect(try isSigned(notification(changes)))
    #expect(message(notification(changes))?.subscribeURL == url)
    var other = changes
    other["SubscribeURL"] = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=u"
    #expect(try !isSigned(notification(other)))
    #expect(message(notification())?.subscribeURL == nil)
  }

  @Test func whatIsNoMessageOfSNS() {
    #expect(message(["sku": "a-1"]) == nil)
    #expect(message(notification(["SignatureVersion": "3"])) == nil)
    #expect(message(notification(["Signature": "*"])) == nil)
    #expect(message(notification(["Type": "Other"])) == nil)
  }

  @Test func aCertificateThatIsNoneSignsNothing() throws {
    let signed = try #require(message(notification()))
    #expect(!SNSVerifier.isSigned(signed, by: Array("-----BEGIN CERTIFICATE-----".utf8)))
    #expect(!SNSVerifier.isSigned(signed, by: []))
  }

  @Test(arguments: [
    ("https://sns.eu-west-1.amazonaws.com/a.pem", true), ("https://sns.cn-north-1.amazonaws.com.cn/a.pem", true),
    ("https://SNS.us-gov-west-1.amazonaws.com/?Action=ConfirmSubscription", true),
    ("http://sns.eu-west-1.amazonaws.com/a.pem", false),
    ("https://sns.eu-west-1.amazonaws.com.evil.example/a.pem", false),
    ("https://evil.example/sns.eu-west-1.amazonaws.com/a.pem", false),
    ("https://sns.eu-west-1.amazonaws.com@evil.example/a.pem", false),
    ("https://sns.eu-west-1.amazonaws.com:444/a.pem", false), ("https://sns..amazonaws.com/a.pem", false),
    ("https://s3.eu-west-1.amazonaws.com/a.pem", false), ("https://sns.a.b.amazonaws.com/a.pem", false),
    ("https://sns.eu-west-1.amazonaws.com.cn.evil/a.pem", false), ("https://localhost:4566/a.pem", false),
  ])
  func onlyAmazonsHostsSignForSNS(_ url: String, _ isAdmitted: Bool) {
    #expect(SNSHosts(only: nil).admits(url) == isAdmitted)
  }

  @Test func aStandInIsTheOnlyOne() {
    let hosts = SNSHosts(only: "localhost:4566")
    #expect(hosts.admits("https://localhost:4566/a.pem"))
    #expect(!hosts.admits("http://localhost:4566/a.pem"))
    #expect(!hosts.admits("https://sns.eu-west-1.amazonaws.com/a.pem"))
  }
}
