import ConnectorKit
import Flows
import Status
import Testing

struct MonitoringTests {
  private static let away = ConnectorError("t.away", "Away.", remedy: .retry(after: nil))

  private func running(_ events: [Flow.Event] = []) -> Progress {
    var progress = Progress(at: .zero)
    progress.note(.started(position: nil, run: 1, extent: nil), at: .zero)
    for event in events { progress.note(event, at: .seconds(1)) }
    return progress
  }

  private func problem(_ progress: Progress) -> String? { Readiness([("p", progress)]).problems.first?.reason }

  @Test func readinessFollowsWhatIsDoneNotThatTheProcessLives() {
    #expect(problem(Progress(at: .zero)) == "starting")
    #expect(problem(running()) == nil)
    #expect(
      problem(running([.retrying(.source, attempt: 1, after: .seconds(1), Self.away)])) == "the source does not answer")
    let down = Flow.Event.circuitOpened(.target(lane: 1), for: .seconds(30), Self.away)
    #expect(problem(running([down])) == "the target does not answer")
    #expect(problem(running([down, .recovered(.target(lane: 1))])) == nil)
    #expect(problem(running([.stalled(for: .seconds(60), inFlightBytes: 7)])) == "nothing has moved for 1 m 00 s")
    #expect(problem(running([.stalled(for: .seconds(60), inFlightBytes: 7), .settled(Counts())])) == nil)
    #expect(problem(running([.draining])) == "stopping")
    var failed = running()
    failed.end(failed: true)
    #expect(problem(failed) == "failed")
  }

  @Test func whatHasEndedIsReadyOnlyBesideOthers() {
    var ended = running()
    ended.end(failed: false)
    #expect(Readiness([("a", ended), ("b", running())]).isReady)
    #expect(!Readiness([("a", ended)]).isReady)
    #expect(Readiness([("a", ended)]).json == "{\"ready\":false,\"problems\":{\"a\":\"ended\"}}\n")
  }

  @Test func metricsInPrometheusForm() {
    var counts = Counts()
    (counts.read, counts.written, counts.deadLettered) = (10, 8, 2)
    let progress = running([
      .read(bytes: 4_096, inFlightBytes: 1_024), .settled(counts),
      .circuitOpened(.target(lane: 0), for: .seconds(30), Self.away),
      .checkpointed(Checkpoint(pipeline: "p", fingerprint: "f", lanes: 1)),
      .lag(Lag(bytes: 4_711, seconds: 0.25, events: 3)),
    ])
    let text = MetricsText.text([("a\"b", progress)], at: .milliseconds(3_500))
    let lines = text.split(separator: "\n").map(String.init)
    for line in [
      "# TYPE millrace_records_total counter", "millrace_records_total{pipeline=\"a\\\"b\",outcome=\"written\"} 8",
      "millrace_records_total{pipeline=\"a\\\"b\",outcome=\"dead_lettered\"} 2",
      "millrace_read_bytes_total{pipeline=\"a\\\"b\"} 4096", "millrace_in_flight_bytes{pipeline=\"a\\\"b\"} 1024",
      "millrace_circuit_open{pipeline=\"a\\\"b\",side=\"source\"} 0",
      "millrace_circuit_open{pipeline=\"a\\\"b\",side=\"target\"} 1",
      "millrace_ready{pipeline=\"a\\\"b\"} 0", "millrace_up{pipeline=\"a\\\"b\"} 1",
      "millrace_retries_total{pipeline=\"a\\\"b\"} 1",
      "millrace_checkpoint_age_seconds{pipeline=\"a\\\"b\"} 2.500",
      "millrace_lag_bytes{pipeline=\"a\\\"b\"} 4711", "millrace_lag_seconds{pipeline=\"a\\\"b\"} 0.250",
      "millrace_lag_events{pipeline=\"a\\\"b\"} 3",
    ] {
      #expect(lines.contains(line), "\(line)\n\(text)")
    }
    // Help and type once a metric, before its samples.
    #expect(lines.count { $0.hasPrefix("# TYPE millrace_records_total") } == 1)
  }

  @Test func thePageNamesWhatIsWrong() {
    let page = StatusPage.html(
      [("<shop>", running([.circuitOpened(.source, for: .seconds(1), Self.away)])), ("b", running())], at: .seconds(2))
    #expect(page.contains("&lt;shop&gt;") && !page.contains("<shop>"))
    #expect(page.contains("the source does not answer") && page.contains(">running<"))
  }
}
