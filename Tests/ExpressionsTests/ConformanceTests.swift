import Foundation
import Records
import Testing

@testable import Expressions

/// The public cases of the standard's own suite, read from a file beside the package or from `MILLRACE_CONFORMANCE`.
@Suite struct ConformanceTests {
  private static let path =
    ProcessInfo.processInfo.environment["MILLRACE_CONFORMANCE"]
    ?? FileManager.default.currentDirectoryPath + "/../shared/conformance"

  private static var lines: [Substring]? {
    guard let data = FileManager.default.contents(atPath: path + "/cel.jsonl") else { return nil }
    return String(decoding: data, as: UTF8.self).split(separator: "\n")
  }

  @Test(.enabled(if: lines != nil, "no cel.jsonl; set MILLRACE_CONFORMANCE to its folder"))
  func everyCaseOfTheStandardPasses() throws {
    var failures: [String] = []
    for line in try #require(Self.lines) {
      let request = try Value(json: String(line))
      let answer = EvalLines.answer(request)
      if !Self.fits(answer, try #require(request["expect"]), checkOnly: request["check_only"]?.bool == true) {
        failures.append(
          "\(request["id"]?.string ?? ""): \(request["expr"]?.string ?? "")\n  wanted \(request["expect"]?.json ?? "")\n  got    \(answer.json)"
        )
      }
    }
    #expect(failures.isEmpty, "\(failures.count) cases fail:\n\(failures.joined(separator: "\n"))")
  }

  private static func fits(_ answer: Value, _ expected: Value, checkOnly: Bool) -> Bool {
    if expected["error"] != nil { return answer["error"] != nil }
    if checkOnly { return answer["type"] == expected["deduced_type"] }
    guard let wanted = expected["value"].flatMap(TaggedValue.value),
      let got = answer["value"].flatMap(TaggedValue.value)
    else {
      return false
    }
    return same(wanted, got)
  }

  /// Equal and of the same types; a NaN is the same as itself.
  private static func same(_ a: CELValue, _ b: CELValue) -> Bool {
    if case .double(let x) = a, case .double(let y) = b, x.isNaN, y.isNaN { return true }
    return a.type == b.type && Comparison.equal(a, b)
  }
}
