import ConnectorKit
import Examples
import Pipelines
import Records
import Status

/// How the examples of some pipelines came out, for people and for machines.
struct TestReport {
  enum Format: String, CaseIterable, Sendable { case text, json, junit, tap }

  let results: [TestResult]
  /// Pipelines without an example.
  let untested: [Plan]

  var failed: Int { results.count { !$0.passed } }
  var passed: Int { results.count - failed }

  /// - Parameter quiet: whether people hear of problems alone.
  func render(_ format: Format, quiet: Bool, width: Int, style: Style) -> String {
    switch format {
    case .text: TestReportText(report: self, width: width, style: style).text(quiet: quiet)
    case .json: json.json + "\n"
    case .junit: junit
    case .tap: tap
    }
  }

  /// The results of each pipeline, in order.
  var byPlan: [(plan: Plan, results: [TestResult])] {
    var groups: [(plan: Plan, results: [TestResult])] = []
    for result in results {
      if groups.last?.plan.file == result.plan.file {
        groups[groups.count - 1].results.append(result)
      } else {
        groups.append((result.plan, [result]))
      }
    }
    return groups
  }
}

extension Difference {
  /// `row 1: 2 fields differ`, and each line beneath.
  var plain: String {
    let lines = lines.map { "  \($0.name): expected \($0.expected ?? "nothing"), got \($0.got ?? "nothing")" }
    return (["\(place): \(subject): \(message)"] + lines).joined(separator: "\n")
  }
}

extension TestReport {
  private var json: Value {
    [
      "files": .int(Int64(Set(results.map(\.plan.file)).count + untested.count)), "tests": .int(Int64(results.count)),
      "passed": .int(Int64(passed)), "failed": .int(Int64(failed)), "results": .array(results.map(\.json)),
    ]
  }

  // MARK: - https://testanything.org/tap-version-14-specification.html

  private var tap: String {
    var lines = ["TAP version 14", "1..\(results.count)"]
    for (index, result) in results.enumerated() {
      let name = "\(result.plan.name): \(result.test.name)".oneLine.replacing("#", with: "\\#")
      lines.append("\(result.passed ? "ok" : "not ok") \(index + 1) - \(name)")
      if result.passed { continue }
      lines.append("  ---")
      lines.append("  at: \(Value.string("\(result.node.place)").json)")
      lines.append("  differences:")
      for difference in result.differences { lines.append("    - \(difference.json.json)") }
      lines.append("  ...")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: - JUnit's XML, as CI systems read it

  private var junit: String {
    let seconds = results.reduce(0) { $0 + $1.seconds }
    let head = Self.attributes(tests: results, seconds: seconds)
    let suites = byPlan.map { plan, results in
      let own = Self.attributes(tests: results, seconds: results.reduce(0) { $0 + $1.seconds })
      let cases = results.map { $0.junit }.joined()
      return "  <testsuite name=\"\(plan.name.xml)\" file=\"\(plan.file.xml)\"\(own)>\n\(cases)  </testsuite>\n"
    }
    return
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"millrace\"\(head)>\n\(suites.joined())</testsuites>\n"
  }

  private static func attributes(tests: [TestResult], seconds: Double) -> String {
    " tests=\"\(tests.count)\" failures=\"\(tests.count { !$0.passed })\" time=\"\(seconds.thousandths)\""
  }
}

extension TestResult {
  fileprivate var json: Value {
    [
      "pipeline": .string(plan.name), "file": .string(plan.file), "line": .int(Int64(node.place.line)),
      "name": .string(test.name), "passed": .bool(passed), "seconds": .number(seconds.thousandths),
      "differences": .array(differences.map(\.json)),
    ]
  }

  fileprivate var junit: String {
    let head =
      "    <testcase name=\"\(test.name.xml)\" classname=\"\(plan.name.xml)\" file=\"\(plan.file.xml)\""
      + " line=\"\(node.place.line)\" time=\"\(seconds.thousandths)\""
    guard let first = differences.first else { return head + "/>\n" }
    let text = differences.map(\.plain).joined(separator: "\n")
    let message = "\(first.subject): \(first.message)"
    return head
      + ">\n      <failure message=\"\(message.xml)\" type=\"difference\">\(text.xml)</failure>\n    </testcase>\n"
  }
}

extension Difference {
  fileprivate var json: Value {
    [
      "file": .string(place.file), "line": .int(Int64(place.line)), "column": .int(Int64(place.column)),
      "subject": .string(subject), "message": .string(message),
      "fields": .array(
        lines.map { line in
          [
            "name": .string(line.name), "expected": line.expected.map { .string($0) } ?? .null,
            "got": line.got.map { .string($0) } ?? .null, "line": line.place.map { .int(Int64($0.line)) } ?? .null,
          ]
        }),
    ]
  }
}

extension Double {
  /// With three digits behind the point.
  fileprivate var thousandths: String {
    let number = Int((self * 1_000).rounded())
    let digits = "\(number % 1_000)"
    return "\(number / 1_000)." + String(repeating: "0", count: 3 - digits.count) + digits
  }
}

extension String {
  /// For a text or an attribute of XML; what XML cannot hold becomes U+FFFD.
  fileprivate var xml: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "\n": text += "&#10;"
      case "\t": text += "&#9;"
      case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: text += "\u{fffd}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
