import ConnectorKit
import Flows
import Records

/// Turns what happens in a flow into log lines.
///
/// A dead letter is told once for each kind (code, stage and field); the others are counted, and stand in their file.
package struct EventLog: Sendable {
  /// The most kinds of dead letters that are told apart.
  private static let kindsMax = 100

  private struct Kind: Hashable, Sendable {
    var code: String
    var stage: String
    var field: String?
  }

  private let pipeline: String
  private var told: Set<Kind> = []

  package init(pipeline: String) { self.pipeline = pipeline }

  /// nil for what happens with every batch and is no news.
  package mutating func line(_ event: Flow.Event) -> LogLine? {
    switch event {
    case .read, .settled, .finished: nil
    case .started(let position, let run, let extent): started(position, run, extent)
    case .retrying(let party, let attempt, let after, let error): retrying(party, attempt, after, error)
    case .circuitOpened(let party, let pause, let error): opened(party, pause, error)
    case .parked(let party, let attempt, let after, let rows, let error): parked(party, attempt, after, rows, error)
    case .probing(let party): line(.info, "probing", "\(party) is tried again.", ["party": .string("\(party)")])
    case .recovered(let party): line(.info, "recovered", "\(party) works again.", ["party": .string("\(party)")])
    case .deadLettered(let letter): deadLettered(letter)
    case .checkpointed(let checkpoint):
      line(.debug, "checkpointed", "The checkpoint is saved.", ["position": checkpoint.position?.value])
    case .acknowledged(let positions):
      line(.debug, "acknowledged", "The source was told.", ["positions": .int(Int64(positions))])
    case .lag(let lag):
      line(
        .debug, "lag", "The target is \(Quantity.bytes(lag.bytes)) of the log behind.",
        [
          "bytes": .int(Int64(clamping: lag.bytes)), "seconds": lag.secondsValue,
          "events": lag.events.map { .int(Int64(clamping: $0)) },
        ])
    case .stalled(let duration, let bytes):
      line(
        .warning, "stalled", "Nothing has moved for \(Quantity.duration(duration)), and records are in flight.",
        ["seconds": .int(duration.components.seconds), "in_flight_bytes": .int(Int64(bytes))])
    case .draining:
      line(.info, "draining", "Stopping: what is in flight is stored first. A second signal ends the run at once.")
    case .note(let text): line(.info, "note", text)
    case .warning(let text): line(.warning, "warning", text)
    }
  }

  private func line(
    _ level: LogLevel, _ event: String, _ message: String, _ fields: KeyValuePairs<String, Value?> = [:]
  ) -> LogLine {
    LogLine(level, pipeline, event, message, fields)
  }

  private func started(_ position: Position?, _ run: UInt64, _ extent: Extent?) -> LogLine {
    let place = position == nil ? "Starts at the beginning" : "Goes on from the checkpoint"
    return line(
      .info, "started", place + (extent.map { "; \(Self.left($0)) to read." } ?? "."),
      ["run": .int(Int64(clamping: run)), "position": position?.value])
  }

  private static func left(_ extent: Extent) -> String {
    let left = extent.total - min(extent.total, extent.done)
    return extent.unit == .bytes ? Quantity.bytes(left) : Quantity.count(left, "row")
  }

  private func retrying(_ party: Flow.Party, _ attempt: Int, _ after: Duration, _ error: ConnectorError) -> LogLine {
    line(
      .warning, "retrying", "\(party): \(error.message) Trying again in \(Quantity.duration(after)).",
      ["party": .string("\(party)"), "code": .string(error.code), "attempt": .int(Int64(attempt))])
  }

  private func opened(_ party: Flow.Party, _ pause: Duration, _ error: ConnectorError) -> LogLine {
    line(
      .error, "circuit_opened",
      "\(party) is down: \(error.message) It is left alone for \(Quantity.duration(pause)), then tried again; nothing is "
        + "lost meanwhile.",
      ["party": .string("\(party)"), "code": .string(error.code), "hint": error.hint.map { .string($0) }])
  }

  private func parked(
    _ party: Flow.Party, _ attempt: Int, _ after: Duration, _ rows: Int, _ error: ConnectorError
  ) -> LogLine {
    line(
      .warning, "parked",
      "\(party) fails for one record: \(error.message) Its key waits alone (\(Quantity.count(UInt64(rows), "row"))); trying"
        + " again in \(Quantity.duration(after)).",
      [
        "party": .string("\(party)"), "code": .string(error.code), "attempt": .int(Int64(attempt)),
        "rows": .int(Int64(rows)),
      ])
  }

  private mutating func deadLettered(_ letter: DeadLetter) -> LogLine {
    let kind = Kind(code: letter.code, stage: letter.stage, field: letter.field)
    let isNews = told.count < Self.kindsMax && told.insert(kind).inserted
    let place = letter.line.map { "\(letter.origin):\($0)" } ?? letter.origin
    let field = letter.field.map { " field `\($0)`:" } ?? ""
    return line(
      isNews ? .warning : .debug, "dead_lettered", "Dead letter [\(letter.code)] \(place):\(field) \(letter.message)",
      [
        "code": .string(letter.code), "stage": .string(letter.stage), "field": letter.field.map { .string($0) },
        "id": .string(letter.id),
      ])
  }
}
