import Glibc
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

/// Files of the standards' own suites.
enum ConformanceFile {
  static func lines(_ name: String) throws -> [Value] {
    let folder = getenv("MILLRACE_CONFORMANCE").map { String(cString: $0) } ?? besideCheckout
    guard let file = fopen("\(folder)/\(name)", "r") else { return [] }
    defer { fclose(file) }
    var bytes = ByteBuffer()
    while true {
      bytes.reserve(1 << 16)
      let read = fread(bytes.end, 1, 1 << 16, file)
      if read == 0 { break }
      bytes.advance(by: read)
    }
    return try bytes.text.split(separator: "\n").map { try Value(json: String($0)) }
  }

  private static var besideCheckout: String {
    let here = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(here)/../shared/conformance"
  }
}
