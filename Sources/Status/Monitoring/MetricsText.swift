import ConnectorKit
import Flows
import Records

/// Where pipelines stand, in Prometheus' text form.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/: for each metric its help, its type, and a line for each
/// pipeline. Counters count this run.
package enum MetricsText {
  private struct Metric {
    var name: String
    var help: String
    var isCounter = false
    /// Labels besides the pipeline's, and values.
    var samples: @Sendable (Progress, Duration) -> [(labels: String, value: String)]

    init(
      _ name: String, _ help: String, counter: Bool = false,
      _ samples: @escaping @Sendable (Progress, Duration) -> [(String, String)]
    ) {
      self.name = name
      self.help = help
      isCounter = counter
      self.samples = samples
    }
  }

  private static let metrics: [Metric] = [
    Metric("millrace_up", "Whether the pipeline runs, as against starting, or ended.") { progress, _ in
      [("", progress.phase == .running || progress.phase == .draining ? "1" : "0")]
    },
    Metric("millrace_ready", "Whether it runs, its systems answer and it moves.") { progress, _ in
      [("", Readiness.problem(of: progress) == nil ? "1" : "0")]
    },
    Metric("millrace_records_total", "Records by what became of them.", counter: true) { progress, _ in
      let counts = progress.counts
      return [
        ("outcome=\"written\"", "\(counts.written)"), ("outcome=\"filtered\"", "\(counts.filtered)"),
        ("outcome=\"duplicate\"", "\(counts.duplicate)"), ("outcome=\"stale\"", "\(counts.stale)"),
        ("outcome=\"dead_lettered\"", "\(counts.deadLettered)"),
      ]
    },
    Metric("millrace_read_bytes_total", "What was read, in bytes.", counter: true) { progress, _ in
      [("", "\(progress.bytes)")]
    },
    Metric("millrace_retries_total", "What was tried again.", counter: true) { progress, _ in
      [("", "\(progress.retries)")]
    },
    Metric("millrace_in_flight_bytes", "The memory that records between source and target take.") { progress, _ in
      [("", "\(progress.inFlightBytes)")]
    },
    Metric("millrace_circuit_open", "Whether a side does not answer and is left alone for a while.") { progress, _ in
      ["source", "target"].map { side in
        let isOpen = progress.outage.map { ($0.party == .source) == (side == "source") && $0.isOpen } ?? false
        return ("side=\"\(side)\"", isOpen ? "1" : "0")
      }
    },
    Metric("millrace_stalled_seconds", "For how long nothing has moved although records are in flight.") {
      progress, _ in
      [("", Quantity.decimal(progress.stalledFor?.seconds ?? 0))]
    },
    Metric("millrace_checkpoint_age_seconds", "How long ago the last checkpoint was saved.") { progress, now in
      progress.checkpointedAt.map { [("", Quantity.decimal((now - $0).seconds, digits: 3))] } ?? []
    },
    Metric("millrace_lag_bytes", "How much of the source's log lies behind what is stored.") { progress, _ in
      progress.lag.map { [("", "\($0.bytes)")] } ?? []
    },
    Metric("millrace_lag_seconds", "How old the oldest change is that waits to be stored.") { progress, _ in
      progress.lag?.seconds.map { [("", Quantity.decimal($0, digits: 3))] } ?? []
    },
    Metric("millrace_lag_events", "How many changes were read and wait to be stored.") { progress, _ in
      progress.lag?.events.map { [("", "\($0)")] } ?? []
    },
  ]

  /// - Parameter pipelines: by name, in the order in which they are shown.
  package static func text(_ pipelines: [(name: String, progress: Progress)], at now: Duration) -> String {
    var text = ""
    for metric in metrics {
      text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.isCounter ? "counter" : "gauge")\n"
      for (name, progress) in pipelines {
        for sample in metric.samples(progress, now) {
          let more = sample.labels.isEmpty ? "" : ",\(sample.labels)"
          text += "\(metric.name){pipeline=\"\(escaped(name))\"\(more)} \(sample.value)\n"
        }
      }
    }
    return text
  }

  private static func escaped(_ label: String) -> String {
    label.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
