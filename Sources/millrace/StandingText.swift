import ConnectorKit
import Flows
import Pipelines
import Records
import Status

extension Standing {
  /// For people.
  func text(_ style: Style) -> String {
    var rows: [(String, String)] = []
    if let trouble = runner.trouble { rows.append(("trouble", trouble)) }
    if let checkpoint {
      rows.append(("position", position(checkpoint)))
      rows.append(("saved", saved(checkpoint)))
      rows.append(("so far", totals(checkpoint.totals)))
    }
    if let extent, extent.total > 0 { rows.append(("lag", lagText(extent))) }
    if let lag { rows.append(("lag", lagText(lag))) }
    rows.append(("next run", nextRun))
    rows.append(("checkpoint", plan.checkpoint.path + (checkpoint == nil ? " (none yet)" : "")))
    if letters.open + letters.done + letters.expired > 0 {
      let done = letters.done > 0 ? ", \(Quantity.count(UInt64(letters.done))) done" : ""
      let expired = letters.expired > 0 ? ", \(Quantity.count(UInt64(letters.expired))) expired" : ""
      rows.append(
        ("dead letters", "\(Quantity.count(UInt64(letters.open))) open\(done)\(expired), in \(plan.deadLetters.path)"))
    }
    let lines = rows.map { "  " + $0.padded(to: 14) + $1 }
    return (["\(style.bold(plan.name)): \(headline)"] + lines).joined(separator: "\n")
  }

  private var headline: String {
    if runner.isRunning { return "running" + (runner.process.map { " (process \($0))" } ?? "") }
    guard let checkpoint else { return "has not run yet" }
    return checkpoint.stage == .finished ? "finished" : "stopped"
  }

  func position(_ checkpoint: Checkpoint) -> String {
    checkpoint.position.map { plan.source.describe($0) } ?? "before the first record"
  }

  private func saved(_ checkpoint: Checkpoint) -> String {
    let age = Duration.milliseconds(max(0, SystemTime.wallTime() - checkpoint.savedAt))
    return "\(WallTime.text(checkpoint.savedAt).prefix(19))Z, \(Quantity.duration(age)) ago, in run \(checkpoint.runs)"
  }

  private func totals(_ counts: Counts) -> String {
    let buckets = [
      (counts.written, "written"), (counts.filtered, "filtered"), (counts.duplicate, "duplicate"),
      (counts.stale, "stale"), (counts.deadLettered, "dead-lettered"),
    ]
    let parts = buckets.filter { $0.0 > 0 }.map { "\(Quantity.count($0.0)) \($0.1)" }
    return "\(Quantity.count(counts.read)) read" + (parts.isEmpty ? "" : " = " + parts.joined(separator: " + "))
  }

  private func lagText(_ lag: Lag) -> String {
    let seconds = lag.seconds.map { ", \(Quantity.duration(.milliseconds(Int64($0 * 1_000))))" } ?? ""
    let events = lag.events.map { ", \(Quantity.count($0, "change"))" } ?? ""
    return "\(Quantity.bytes(lag.bytes)) of the log behind\(seconds)\(events)"
  }

  private func lagText(_ extent: Extent) -> String {
    let percent = Int(Double(min(extent.done, extent.total)) / Double(extent.total) * 100)
    let left = left ?? 0
    let amount = extent.unit == .bytes ? Quantity.bytes(left) : Quantity.count(left, "row")
    return "\(amount) behind (\(percent) % read)"
  }
}
