import Flows

/// Where pipelines stand, as a page for people that renews itself.
package enum StatusPage {
  /// How often a browser asks again, in seconds.
  private static let renewEvery = 2

  package static func html(_ pipelines: [(name: String, progress: Progress)], at now: Duration) -> String {
    let rows = pipelines.map { row($0.name, $0.progress, now) }.joined(separator: "\n")
    return """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta http-equiv="refresh" content="\(renewEvery)">
      <meta name="viewport" content="width=device-width">
      <title>Millrace</title>
      <style>
      :root { color-scheme: light dark; --line: #8884; --good: #2a8a4a; --bad: #c8372d; --wait: #b07a10; }
      body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
      h1 { font-size: 1.2rem; font-weight: 600; }
      table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
      th { font-weight: 500; opacity: .7; text-align: right; }
      th, td { border-bottom: 1px solid var(--line); padding: .45rem .6rem; text-align: right; white-space: nowrap; }
      th:nth-child(-n + 2), td:nth-child(-n + 2) { text-align: left; white-space: normal; }
      .good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
      footer { margin-top: 1.5rem; opacity: .7; }
      </style>
      <h1>Millrace</h1>
      <table>
      <tr><th>Pipeline<th>State<th>Read<th>Per second<th>Written<th>Filtered<th>Duplicate<th>Stale<th>Dead letters<th>Retries<th>\
      Checkpoint</tr>
      \(rows)
      </table>
      <footer><a href="metrics">metrics</a> · <a href="readyz">readyz</a> · <a href="healthz">healthz</a></footer>
      </html>

      """
  }

  private static func row(_ name: String, _ progress: Progress, _ now: Duration) -> String {
    let counts = progress.counts
    let numbers = [
      Quantity.count(counts.read), Quantity.rate(progress.recordsPerSecond), Quantity.count(counts.written),
      Quantity.count(counts.filtered), Quantity.count(counts.duplicate), Quantity.count(counts.stale),
    ]
    let letters = counts.deadLettered > 0 ? " class=\"bad\"" : ""
    let age = progress.checkpointedAt.map { Quantity.duration(now - $0) + " ago" } ?? "none yet"
    let (state, look) = state(progress)
    return "<tr><td>\(escaped(name))<td class=\"\(look)\">\(escaped(state))"
      + numbers.map { "<td>\($0)" }.joined()
      + "<td\(letters)>\(Quantity.count(counts.deadLettered))<td>\(Quantity.count(progress.retries))<td>\(age)</tr>"
  }

  private static func state(_ progress: Progress) -> (text: String, look: String) {
    if let problem = Readiness.problem(of: progress) {
      return (problem, progress.phase == .starting || progress.phase == .draining ? "wait" : "bad")
    }
    return progress.phase == .ended ? ("ended", "") : ("running", "good")
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
