import Testing

@testable import Connectors

/// The vectors that AWS publishes for Signature Version 4, and the examples of Amazon S3's documentation.
struct SigV4Tests {
  struct Vector: Sendable, CustomTestStringConvertible {
    var name: String
    var method = "GET"
    var path = "/"
    var query = ""
    var headers: [[String]] = []
    var body = ""
    var signature: String
    var testDescription: String { name }
  }

  private static let alphabet = "abcdefghijklmnopqrstuvwxyz"

  static let suite = [
    Vector(name: "get-vanilla", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Vector(
      name: "post-vanilla", method: "POST",
      signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    Vector(
      name: "get-vanilla-empty-query-key", query: "Param1=value1",
      signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    Vector(
      name: "get-vanilla-query-order-key-case", query: "Param2=value2&Param1=value1",
      signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    Vector(
      name: "get-utf8", path: "/ሴ", signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    Vector(
      name: "get-space", path: "/example space/",
      signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    Vector(
      name: "get-relative", path: "/example/..",
      signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Vector(
      name: "get-slash", path: "//", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Vector(
      name: "get-slashes", path: "//example//",
      signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    Vector(
      name: "get-unreserved", path: "/-._~0123456789\(alphabet.uppercased())\(alphabet)",
      signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    Vector(
      name: "get-header-key-duplicate", headers: [["my-header1", "value2,value2,value1"]],
      signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    Vector(
      name: "get-header-value-order", headers: [["my-header1", "value4,value1,value3,value2"]],
      signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
    Vector(
      name: "get-header-value-trim", headers: [["my-header1", " value1"], ["my-header2", " \"a   b   c\""]],
      signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    Vector(
      name: "post-x-www-form-urlencoded", method: "POST",
      headers: [["content-type", "application/x-www-form-urlencoded"]], body: "Param1=value1",
      signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
  ]

  @Test(arguments: suite) func signsAsTheSuiteDoes(_ vector: Vector) throws {
    let signer = SigV4(
      accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", region: "us-east-1",
      service: "service")
    let added = sign(signer, vector, host: "example.amazonaws.com", time: "20150830T123600Z")
    let names = (["host", "x-amz-date"] + vector.headers.map { $0[0] }).sorted().joined(separator: ";")
    #expect(
      added["authorization"]
        == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        + "SignedHeaders=\(names), Signature=\(vector.signature)")
    #expect(added["x-amz-date"] == "20150830T123600Z")
  }

  @Test func signsAsS3Does() {
    let signer = SigV4(
      accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1",
      service: "s3")
    let get = Vector(name: "get", path: "/test.txt", headers: [["range", "bytes=0-9"]], signature: "")
    let added = sign(signer, get, host: "examplebucket.s3.amazonaws.com", time: "20130524T000000Z")
    #expect(
      added["authorization"]?.hasSuffix("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") == true)
    #expect(
      added["x-amz-content-sha256"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  private func sign(_ signer: SigV4, _ vector: Vector, host: String, time: String) -> [String: String] {
    let body = Array(vector.body.utf8)
    let headers = vector.headers.map { (name: $0[0], value: $0[1]) }
    let added = body.withUnsafeBytes {
      signer.sign(
        method: vector.method, host: host, path: vector.path, query: vector.query, headers: headers, body: $0,
        time: time)
    }
    return Dictionary(uniqueKeysWithValues: added.map { ($0.name, $0.value) })
  }

  @Test func timesAreWrittenAsAmazonHasThem() {
    #expect(SigV4.time(milliseconds: 1_440_938_160_500) == "20150830T123600Z")
  }
}
