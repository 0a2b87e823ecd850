import ConnectorKit
import Records

/// How far the rows of one table have been read: what the checkpoint keeps of it, for people to read.
struct TableProgress: Sendable, Equatable {
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

/// How far all tables have been read, in the order in which they were begun.
struct SnapshotProgress: Sendable, Equatable {
  var tables: [TableProgress] = []

  /// Only the last one moves, as a rule.
  mutating func update(_ progress: TableProgress) {
    guard let index = tables.lastIndex(where: { $0.table == progress.table }) else { return tables.append(progress) }
    tables[index] = progress
  }
}

extension TableProgress {
  var value: Value {
    [
      "table": .string(table), "rows": .int(rows), "ranges_done": .int(rangesDone),
      "ranges_open": .array(open.map { ["after": Self.value($0.after), "to": Self.value($0.to)] }),
      "read_to": Self.value(frontier), "at_end": .bool(isAtEnd),
    ]
  }

  private static func value(_ key: Key?) -> Value { key.map { .array($0.map { .string($0) }) } ?? .null }

  private static func key(_ value: Value?) -> Key? { value?.array.map { $0.compactMap(\.string) } }

  /// nil where the value is none.
  init?(_ value: Value) {
    guard let table = value["table"]?.string, let rows = value["rows"]?.int, let done = value["ranges_done"]?.int,
      let open = value["ranges_open"]?.array, let end = value["at_end"]?.bool
    else { return nil }
    self.init(table: table)
    self.rows = rows
    rangesDone = done
    self.open = open.map { Range(after: Self.key($0["after"]), to: Self.key($0["to"])) }
    frontier = Self.key(value["read_to"])
    isAtEnd = end
  }
}

extension TableProgress {
  /// For people.
  var text: String {
    if isDone { return "\(table): all \(rows) rows" }
    var parts = ["\(rows) rows", "\(rangesDone) ranges done"]
    if !open.isEmpty { parts.append("open: " + open.map(Self.text).joined(separator: ", ")) }
    if let frontier { parts.append("read to \(Self.text(frontier))") }
    return "\(table): " + parts.joined(separator: ", ")
  }

  private static func text(_ range: Range) -> String {
    (range.after.map { "behind \(text($0))" } ?? "from the begin")
      + (range.to.map { " to \(text($0))" } ?? " to the end")
  }

  private static func text(_ key: Key) -> String { key.count == 1 ? key[0] : "(\(key.joined(separator: ", ")))" }
}

extension SnapshotProgress {
  private static let format = 1

  var position: Position { Position(format: Self.format, value: ["tables": .array(tables.map(\.value))]) }

  init(_ position: Position) throws(ConnectorError) {
    let values = position.format == Self.format ? position.value["tables"]?.array : nil
    tables = (values ?? []).compactMap { TableProgress($0) }
    guard let values, tables.count == values.count else {
      throw ConnectorError(
        "checkpoint.position_unreadable", "The checkpoint's position is none of tables in this version.",
        remedy: .stop,
        hint: "Start from the beginning with `millrace checkpoint reset`, or use the version that wrote it.")
    }
  }
}
