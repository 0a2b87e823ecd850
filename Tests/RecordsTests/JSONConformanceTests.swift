import ConformanceFiles
import Testing

@testable import Records

/// The public cases of nst/JSONTestSuite, read from `MILLRACE_CONFORMANCE` or from `shared/conformance` beside the
/// checkout; skipped where there is neither.
@Suite struct JSONConformanceTests {
  private static let cases: [Value] = (try? ConformanceFile.lines("json-parsing.jsonl")) ?? []

  @Test(.enabled(if: !JSONConformanceTests.cases.isEmpty, "no json-parsing.jsonl: set MILLRACE_CONFORMANCE"))
  func readsWhatItMustAndRefusesWhatItMust() throws {
    for item in Self.cases {
      let bytes = try #require(item["b64"]?.string.flatMap { Base64.decode($0.utf8) })
      let accepted = bytes.withUnsafeBytes { (try? Value(json: $0)) != nil }
      switch item["expect"]?.string {
      case "accept": #expect(accepted, "\(item["file"]?.string ?? "")")
      case "reject": #expect(!accepted, "\(item["file"]?.string ?? "")")
      default: break
      }
    }
  }
}
