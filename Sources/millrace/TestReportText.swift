import ConnectorKit
import Examples
import Pipelines
import Status

/// The results of `millrace test` for people.
struct TestReportText {
  let report: TestReport
  let width: Int
  let style: Style

  func text(quiet: Bool) -> String {
    var parts = report.byPlan.map { part($0.plan, $0.results, quiet: quiet) }
    if !quiet { parts += report.untested.map { "\(style.warning("none"))  \($0.file): no tests\n" } }
    if !quiet || report.failed > 0 { parts.append(total) }
    return parts.filter { !$0.isEmpty }.joined()
  }

  private func part(_ plan: Plan, _ results: [TestResult], quiet: Bool) -> String {
    let failed = results.filter { !$0.passed }
    if failed.isEmpty {
      return quiet ? "" : "\(style.good("ok"))    \(plan.file): \(Quantity.count(UInt64(results.count), "test"))\n"
    }
    let head =
      "\(style.error("FAIL"))  \(plan.file): \(failed.count) of \(Quantity.count(UInt64(results.count), "test"))\n"
    return head + failed.map { text($0) }.joined()
  }

  private func text(_ result: TestResult) -> String {
    "\n      \(style.bold(result.test.name.oneLine))\n      \(style.dim("\(result.node.place)"))\n\n"
      + result.differences.map { text($0) }.joined(separator: "\n") + "\n"
  }

  private func text(_ difference: Difference) -> String {
    let head = "\(difference.subject): \(difference.message.oneLine)".wrapped(to: width, indent: "      ")
    let place = "      " + style.dim("\(difference.place)")
    return ([head, place] + table(difference)).joined(separator: "\n") + "\n"
  }

  /// A line a field where all fit; otherwise three. With its line in the file, where that is another than the row's.
  private func table(_ difference: Difference) -> [String] {
    let lines = difference.lines
    guard !lines.isEmpty else { return [] }
    let rows = [("field", "expected", "got")] + lines.map { ($0.name, $0.expected ?? "–", $0.got ?? "–") }
    let places = [""] + lines.map { place($0, in: difference) }
    let names = rows.map(\.0.count).max() ?? 0
    let expected = rows.map(\.1.count).max() ?? 0
    let got = rows.map(\.2.count).max() ?? 0
    let lineNumbers = places.map(\.count).max() ?? 0
    guard 8 + names + 2 + expected + 2 + got + 2 + lineNumbers <= width else { return lines.flatMap { stacked($0) } }
    return zip(rows, places).enumerated().map { index, line in
      let (row, place) = line
      let begin = "        \(row.0.padded(to: names))  \(row.1.padded(to: expected))  "
      if index == 0 { return style.dim(begin + row.2) }
      return begin + style.error(row.2) + (place.isEmpty ? "" : row.2.padding(to: got + 2) + style.dim(place))
    }
  }

  private func place(_ line: Difference.Line, in difference: Difference) -> String {
    guard let place = line.place, place.line != difference.place.line else { return "" }
    return "line \(place.line)"
  }

  private func stacked(_ line: Difference.Line) -> [String] {
    [
      "        \(line.name)" + (line.place.map { "  " + style.dim("\($0)") } ?? ""),
      "          expected  \((line.expected ?? "–").oneLine)",
      "          got       \(style.error((line.got ?? "–").oneLine))",
    ]
  }

  private var total: String {
    let failed = report.failed
    let tests = Quantity.count(UInt64(report.results.count), "test")
    return failed == 0 ? "\(tests) passed\n" : "\(tests): \(report.passed) passed, \(style.error("\(failed) failed"))\n"
  }
}
