import Dispatch
import Flows
import Records
import Synchronization

/// Shows people and logs what happens in the flows of one process.
///
/// Events come from any lane; each costs one short lock. What is shown is written by a timer of its own.
package final class Reporter: Sendable {
  /// How often the line on a terminal is rewritten.
  private static let glance: DispatchTimeInterval = .milliseconds(200)
  /// How often a line is logged where there is no terminal.
  private static let logEvery: DispatchTimeInterval = .seconds(10)

  private struct State: Sendable {
    var names: [String] = []
    var progress: [String: Progress] = [:]
    var logs: [String: EventLog] = [:]
  }

  private let state = Mutex(State())
  private let console: Console
  private let level: LogLevel
  private let format: LogLine.Format
  private let showsProgress: Bool
  private let queue = DispatchQueue(label: "millrace.progress")
  private let isOver = Atomic(false)

  package init(
    _ console: Console, level: LogLevel, format: LogLine.Format, showsProgress: Bool
  ) {
    self.console = console
    self.level = level
    self.format = format
    self.showsProgress = showsProgress
  }

  /// Begins to show progress.
  package func start() {
    queue.asyncAfter(deadline: .now() + (showsLine ? Self.glance : Self.logEvery)) { [self] in
      guard !isOver.load(ordering: .relaxed) else { return }
      tick()
      start()
    }
  }

  /// Ends it, and removes the line.
  package func stop() {
    isOver.store(true, ordering: .relaxed)
    queue.sync { console.show("") }
  }

  private func now() -> Duration { SystemTime.now() }

  private var showsLine: Bool { showsProgress && console.isTerminal && format == .text }

  package func observer(of pipeline: String) -> @Sendable (Flow.Event) -> Void {
    state.withLock { state in
      state.names.append(pipeline)
      state.progress[pipeline] = Progress(at: now())
      state.logs[pipeline] = EventLog(pipeline: pipeline)
    }
    return { [self] event in note(event, of: pipeline) }
  }

  private func note(_ event: Flow.Event, of pipeline: String) {
    let line = state.withLock { state -> LogLine? in
      state.progress[pipeline]?.note(event, at: now())
      return state.logs[pipeline]?.line(event)
    }
    if let line { log(line) }
  }

  package func log(_ line: LogLine) {
    guard line.level >= level else { return }
    console.say(line.text(format, at: SystemTime.wallTime(), console.style))
  }

  /// What a flow has done so far; for one that failed and gives no summary.
  package func counts(of pipeline: String) -> Counts { state.withLock { $0.progress[pipeline]?.counts ?? Counts() } }

  /// Nothing more is to be shown of it.
  package func ended(_ pipeline: String, failed: Bool) {
    state.withLock { state in
      state.names.removeAll { $0 == pipeline }
      state.progress[pipeline]?.end(failed: failed)
    }
  }

  /// Where all pipelines stand, also those that have ended, by name.
  package var standing: (pipelines: [(name: String, progress: Progress)], now: Duration) {
    let pipelines = state.withLock { state in state.progress.sorted { $0.key < $1.key } }
    return (pipelines.map { ($0.key, $0.value) }, now())
  }

  private func tick() {
    let now = now()
    let running = state.withLock { state in
      for name in state.names { state.progress[name]?.tick(at: now) }
      return state.names.compactMap { name in state.progress[name].map { (name, $0) } }
    }
    if showsLine {
      console.show(bottomLine(running, at: now))
    } else if showsProgress {
      for (name, progress) in running { log(Self.line(name, progress, at: now)) }
    }
  }

  /// Of several pipelines the one that has most to do, and how many others there are.
  private func bottomLine(_ running: [(String, Progress)], at now: Duration) -> String {
    guard let busiest = running.max(by: { $0.1.recordsPerSecond < $1.1.recordsPerSecond }) else { return "" }
    let name = running.count == 1 ? busiest.0 : "\(busiest.0) (+\(running.count - 1))"
    return ProgressLine.text(name, busiest.1, at: now, width: console.width)
  }

  private static func line(_ name: String, _ progress: Progress, at now: Duration) -> LogLine {
    let text = ProgressLine.text("", progress, at: now).drop { $0 == " " }
    return LogLine(
      .info, name, "progress", String(text),
      [
        "counts": progress.counts.value, "bytes": .int(Int64(clamping: progress.bytes)),
        "records_per_second": .number(Quantity.decimal(progress.recordsPerSecond)),
        "share": progress.share.map { .number(Quantity.decimal($0, digits: 4)) },
      ])
  }
}
