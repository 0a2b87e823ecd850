import Flows

/// The line that says how far runs have come.
package enum ProgressLine {
  /// A part of the line; the least important go first where there is not room for all.
  private struct Part {
    var text: String
    /// 0 is never left out.
    var rank: Int
  }

  /// - Parameters:
  ///   - name: the pipeline's, or how many there are.
  ///   - width: the most characters; nil for no bound.
  package static func text(_ name: String, _ progress: Progress, at now: Duration, width: Int? = nil) -> String {
    var parts = [Part(text: name, rank: 5)] + amounts(progress) + ending(progress)
    if progress.counts.deadLettered > 0 {
      parts.append(Part(text: Quantity.count(progress.counts.deadLettered, "dead letter"), rank: 2))
    }
    if let trouble = trouble(progress, at: now) { parts.append(Part(text: trouble, rank: 1)) }
    return fit(parts, width)
  }

  private static func amounts(_ progress: Progress) -> [Part] {
    [
      Part(text: Quantity.count(progress.counts.read, "record"), rank: 0),
      Part(text: Quantity.rate(progress.recordsPerSecond) + "/s", rank: 3),
      Part(text: Quantity.bytes(progress.bytes), rank: 7),
      Part(text: Quantity.bytes(progress.bytesPerSecond), rank: 6),
    ]
  }

  private static func ending(_ progress: Progress) -> [Part] {
    guard let share = progress.share else { return [] }
    var parts = [Part(text: "\(Int(share * 100)) %", rank: 1)]
    if let left = progress.timeLeft, progress.phase == .running {
      parts.append(Part(text: Quantity.about(left) + " left", rank: 4))
    }
    return parts
  }

  private static func trouble(_ progress: Progress, at now: Duration) -> String? {
    if progress.phase == .draining { return "stopping" }
    if progress.phase == .starting { return "starting" }
    if let outage = progress.outage {
      let who = outage.party == .source ? "source" : "target"
      return outage.until > now
        ? "\(who) down, next try in \(Quantity.about(outage.until - now))" : "\(who) down, trying"
    }
    return progress.stalledFor.map { "nothing moved for \(Quantity.duration($0))" }
  }

  private static func fit(_ parts: [Part], _ width: Int?) -> String {
    var parts = parts
    while true {
      let line = parts.map(\.text).joined(separator: "  ")
      guard let width, line.count > width else { return line }
      guard let least = parts.indices.max(by: { parts[$0].rank < parts[$1].rank }), parts[least].rank > 0 else {
        return String(line.prefix(width))
      }
      parts.remove(at: least)
    }
  }
}
