import ConnectorKit
import Records

/// A place between two records of a log.
struct LogPlace: Equatable, Sendable {
  /// Which log it is in.
  var log: UInt64
  /// The address of the next record, in bytes.
  var offset: UInt64
  /// The number of the next record; nil where only the address is known.
  var sequence: UInt64?
}

extension LogPlace {
  var position: Position {
    Position(
      format: 1,
      value: [
        "log": .string(String(log, radix: 16)), "offset": .int(Int64(clamping: offset)),
        "next": sequence.map { .int(Int64(clamping: $0)) } ?? .null,
      ])
  }

  init(_ position: Position) throws(ConnectorError) {
    guard position.format == 1, let log = position.value["log"]?.string.flatMap({ UInt64($0, radix: 16) }),
      let offset = position.value["offset"]?.int.flatMap(UInt64.init(exactly:))
    else {
      throw ConnectorError(
        "checkpoint.position_unreadable", "The checkpoint's position is none of a log: \(position.value.json).",
        remedy: .stop, hint: "Start over with `millrace checkpoint reset`, or use the version that wrote it.")
    }
    self.log = log
    self.offset = offset
    sequence = position.value["next"]?.int.flatMap(UInt64.init(exactly:))
  }

  /// For people.
  var text: String { "offset \(offset)" + (sequence.map { ", event \($0)" } ?? "") }
}

/// Where a log is read from when there is no checkpoint.
enum LogStart: Equatable, Sendable {
  case beginning, end
  /// The address of a record.
  case offset(UInt64)
  /// The first record that came then or later.
  case time(Timestamp)
}

extension LogStart: SettingValue {
  static let noun = "beginning, end, an offset such as 4096, or a time such as 2026-11-23T08:00:00Z"

  static var shape: SettingShape {
    .custom(
      noun,
      schema: [
        "oneOf": [
          ["type": "string", "enum": ["beginning", "end"]], ["type": "integer", "minimum": 0],
          ["type": "string", "format": "date-time"],
        ]
      ])
  }

  static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> LogStart? {
    if case .int(let number) = node.core, number >= 0 { return .offset(UInt64(number)) }
    guard let text = node.scalar?.text, node.core != .null else { return loader.mismatch(node, expected: noun) }
    switch text {
    case "beginning": return .beginning
    case "end": return .end
    default:
      if let time = Timestamp(text) { return .time(time) }
      loader.error("config.unknown_value", node, "unknown value `\(text)`", hint: "write \(noun)")
      return nil
    }
  }

  var written: Value {
    switch self {
    case .beginning: "beginning"
    case .end: "end"
    case .offset(let offset): .int(Int64(clamping: offset))
    case .time(let time): .string(time.description)
    }
  }
}
