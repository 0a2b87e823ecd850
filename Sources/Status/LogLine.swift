import Flows
import Records

/// How much a log line matters.
package enum LogLevel: String, Sendable, CaseIterable, Comparable {
  case debug, info, warning, error

  package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .debug: 0
    case .info: 1
    case .warning: 2
    case .error: 3
    }
  }
}

/// Something that a log says.
package struct LogLine: Sendable, Equatable {
  package enum Format: String, Sendable, CaseIterable { case text, json }

  package var level: LogLevel
  /// The name of a pipeline; empty where it is about all.
  package var pipeline: String
  /// What happened, as a stable word for machines: `started`, `retrying`.
  package var event: String
  /// The same as a sentence.
  package var message: String
  package var fields: [Value.Member]

  package init(
    _ level: LogLevel, _ pipeline: String, _ event: String, _ message: String,
    _ fields: KeyValuePairs<String, Value?> = [:]
  ) {
    self.level = level
    self.pipeline = pipeline
    self.event = event
    self.message = message
    self.fields = fields.compactMap { name, value in value.map { .init(name, $0) } }
  }

  /// - Parameter time: milliseconds since 1970, UTC.
  package func text(_ format: Format, at time: Int64, _ style: Style = .plain) -> String {
    switch format {
    case .text: sentence(at: time, style)
    case .json: json(at: time)
    }
  }

  private func sentence(at time: Int64, _ style: Style) -> String {
    let word =
      switch level {
      case .error: style.error(level.rawValue)
      case .warning: style.warning(level.rawValue)
      case .info, .debug: level.rawValue
      }
    let start = "\(style.dim(Self.clock(time))) \(word) "
    return start + (pipeline.isEmpty ? "" : pipeline + ": ") + message.oneLine
  }

  private func json(at time: Int64) -> String {
    let members: [Value.Member] = [
      .init("time", .string(WallTime.text(time))), .init("level", .string(level.rawValue)),
      .init("pipeline", pipeline.isEmpty ? .null : .string(pipeline)), .init("event", .string(event)),
      .init("message", .string(message)),
    ]
    return Value.object(members + fields).json
  }

  /// To the second.
  private static func clock(_ time: Int64) -> String { String(WallTime.text(time).prefix(19)) + "Z" }
}
