import Flows
import Records

/// The end of a run, for people: the balance, and where things are.
package enum SummaryText {
  /// - Parameter file: the pipeline's file, and which part of it is meant, for the commands that it names.
  package static func text(
    _ summary: Flow.Summary, pipeline: String, file: String, _ files: StateFiles, _ style: Style = .plain
  ) -> String {
    let how = summary.ended ? style.good("done") : style.warning("stopped")
    let rate = summary.seconds > 0 ? Double(summary.counts.read) / summary.seconds : 0
    let headline =
      "\(style.bold(pipeline)): \(how) in \(Quantity.duration(.seconds(summary.seconds))), "
      + "\(Quantity.rate(rate)) records/s"
    return ([headline] + balance(summary.counts) + steps(summary.counts.steps) + places(summary, file, files)).joined(
      separator: "\n")
  }

  /// read = written + filtered + duplicate + stale + dead-lettered, in a column; the buckets that a pipeline of this
  /// kind leaves empty stand there too, so that the sum can be checked by eye.
  package static func balance(_ counts: Counts) -> [String] {
    let rows: [(String, UInt64, String)] = [
      (" ", counts.read, "read"), ("=", counts.written, "written"), ("+", counts.filtered, "filtered"),
      ("+", counts.duplicate, "duplicate"), ("+", counts.stale, "stale"),
      ("+", counts.deadLettered, "dead-lettered"),
    ]
    let width = Quantity.count(counts.read).count
    return rows.map { sign, count, name in
      let digits = Quantity.count(count)
      return "  \(sign) \(String(repeating: " ", count: max(0, width - digits.count)))\(digits) \(name)"
    }
  }

  /// A line for each transform that events ended in, or that made rows.
  static func steps(_ counts: StepCounts) -> [String] {
    counts.steps.map { step in
      let words = [(step.filtered, "filtered"), (step.deadLettered, "dead-lettered"), (step.made, "made")]
      let said = words.filter { $0.0 > 0 }.map { "\(Quantity.count($0.0)) \($0.1)" }
      return "      \(step.name): \(said.joined(separator: ", "))"
    }
  }

  private static func places(_ summary: Flow.Summary, _ file: String, _ files: StateFiles) -> [String] {
    var lines: [String] = []
    if summary.retries > 0 { lines.append("  retries       \(Quantity.count(summary.retries))") }
    lines.append("  checkpoint    \(files.checkpoint)")
    guard summary.counts.deadLettered > 0 else { return lines }
    return lines + ["  dead letters  \(files.deadLetters)", "                millrace dead-letters list \(file)"]
  }
}
