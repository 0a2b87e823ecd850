import ConnectorKit
import Records

/// How far the rows of one table have been read: what the checkpoint keeps of it, for people to read.
struct SnapshotProgress: Sendable, Equatable {
  /// The texts of a key's columns, in its order.
  typealias Key = [String]

  /// Rows behind `after`, up to and including `to`.
  struct Range: Sendable, Equatable {
    var after: Key?
    /// nil: to the end.
    var to: Key?
  }

  var table: String
  var rows: Int64 = 0
  var rangesDone: Int64 = 0
  /// Ranges that were begun.
  var open: [Range] = []
  /// Everything up to here was read, but for the open ranges; nil at the begin.
  var frontier: Key?
  /// Whether nothing lies behind the frontier.
  var isAtEnd = false

  init(table: String) { self.table = table }

  var isDone: Bool { isAtEnd && open.isEmpty }
}

extension SnapshotProgress {
  private static let format = 1

  var position: Position { Position(format: Self.format, value: ["tables": .array([value])]) }

  private var value: Value {
    [
      "table": .string(table), "rows": .int(rows), "ranges_done": .int(rangesDone),
      "ranges_open": .array(open.map { ["after": Self.value($0.after), "to": Self.value($0.to)] }),
      "read_to": Self.value(frontier), "at_end": .bool(isAtEnd),
    ]
  }

  private static func value(_ key: Key?) -> Value { key.map { .array($0.map { .string($0) }) } ?? .null }

  private static func key(_ value: Value?) -> Key? { value?.array.map { $0.compactMap(\.string) } }

  /// The progress of that table in a position.
  init(_ position: Position, table: String) throws(ConnectorError) {
    let found = position.value["tables"]?.array?.first { $0["table"]?.string == table }
    guard position.format == Self.format, let found, let rows = found["rows"]?.int,
      let done = found["ranges_done"]?.int, let open = found["ranges_open"]?.array, let end = found["at_end"]?.bool
    else {
      throw ConnectorError(
        "checkpoint.position_unreadable", "The checkpoint's position is none of the table \(table) in this version.",
        remedy: .stop,
        hint: "Start from the beginning with `millrace checkpoint reset`, or use the version that wrote it.")
    }
    self.init(table: table)
    self.rows = rows
    rangesDone = done
    self.open = open.map { Range(after: Self.key($0["after"]), to: Self.key($0["to"])) }
    frontier = Self.key(found["read_to"])
    isAtEnd = end
  }
}
