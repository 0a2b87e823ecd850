import ConnectorKit
import Records

/// How far a source has come that reads tables and then their changes: what the checkpoint keeps of it.
///
/// Invariant 6: the place in the stream is there from before the first row, so that nothing that happens while the tables
/// are read is missed.
struct StreamPlace: Sendable, Equatable {
  /// Where reading the tables goes on; nil where it is done, or was never asked for.
  var load: Position?
  /// The names of the tables that are read; nil: all.
  var loads: [String]?
  var stream: StreamPosition
  /// The tables that are followed; nil where an earlier version wrote the checkpoint.
  var tables: Roster?

  private static let format = 2

  var position: Position {
    var members = [Value.Member("stream", stream.value)]
    if let tables { members.append(.init("tables", tables.value)) }
    if let load {
      var reading: [Value.Member] = [.init("format", .int(Int64(load.format))), .init("value", load.value)]
      if let loads { reading.append(.init("of", .array(loads.map { .string($0) }))) }
      members.append(.init("load", .object(reading)))
    }
    return Position(format: Self.format, value: .object(members))
  }

  init(load: Position? = nil, stream: StreamPosition, tables: Roster? = nil) {
    self.load = load
    self.stream = stream
    self.tables = tables
  }

  init(_ position: Position) throws(ConnectorError) {
    guard position.format == Self.format, let stream = StreamPosition(position.value["stream"]) else {
      throw ConnectorError(
        "checkpoint.position_unreadable", "The checkpoint's position is no place in a stream of changes.",
        remedy: .stop,
        hint: "It was made with another `read`, or by another version: start from the beginning with `millrace "
          + "checkpoint reset`, or use what made it.")
    }
    self.stream = stream
    tables = Roster(position.value["tables"])
    guard let load = position.value["load"] else { return }
    self.load = Position(format: Int(load["format"]?.int ?? 0), value: load["value"] ?? .null)
    loads = load["of"]?.array.map { $0.compactMap(\.string) }
  }

  /// From here on a table is followed.
  ///
  /// - Parameter isRead: whether its rows are read before its changes.
  mutating func follow(_ table: StreamTable, isRead: Bool) {
    let name = "\(table.name)"
    tables?.follow(table)
    guard isRead else { return }
    guard let begun = load else {
      (load, loads) = (.start, [name])
      return
    }
    if loads?.contains(name) == false { loads?.append(name) }
    // What was read of an earlier table of that name says nothing.
    guard var progress = begun == .start ? nil : try? SnapshotProgress(begun) else { return }
    progress.tables.removeAll { $0.table == name }
    load = progress.position
  }
}
