import ConformanceFiles
import Records
import Testing

@testable import Contracts

/// The public cases of json-schema-org/JSON-Schema-Test-Suite for draft 2020-12; skipped where they are not there.
@Suite struct ConformanceTests {
  private static let cases: [Value] = (try? ConformanceFile.lines("json-schema-2020-12.jsonl")) ?? []
  private static let remotes = try? Value(json: ConformanceFile.text("json-schema-remotes.json"))

  @Test(.enabled(if: !ConformanceTests.cases.isEmpty, "no json-schema-2020-12.jsonl: set MILLRACE_CONFORMANCE"))
  func agreesWithTheSuite() throws {
    let documents = try #require(Self.remotes)
    for item in Self.cases {
      guard case .object(let members) = item else { continue }
      let answer = ContractRequest.answer(.object(members + [Value.Member("documents", documents)]))
      #expect(answer["valid"] == item["valid"], "\(item["id"]?.string ?? ""): \(answer.json)")
    }
  }
}
