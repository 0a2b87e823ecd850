import ConnectorKit
import Glibc
import Records

extension PostgresTargetConnector: LookupTargetConnector {
  func makeLookup(_ context: Context) throws(ConnectorError) -> any TargetLookup {
    guard let name = TableName(table) else {
      throw ConnectorError("postgres.bad_name", "`\(table)` is no name of a table.", remedy: .stop)
    }
    return PostgresLookup(settings(name), lanes: context.lanes)
  }
}

/// Asks tables what they hold, in a session that can only read.
///
/// `@unchecked Sendable`: all calls come from one lane, one at a time.
final class PostgresLookup: TargetLookup, @unchecked Sendable {
  /// One of the tables.
  private struct Table {
    var name: TableName
    var layout: RowLayout
    /// nil where a run would create it.
    var schema: TableSchema?
    var key: [String]
  }

  private let settings: TargetSettings
  private let lanes: Int
  private var connection: PostgresConnection?
  /// One a stream.
  private var tables: [Table] = []

  init(_ settings: TargetSettings, lanes: Int) {
    self.settings = settings
    self.lanes = lanes
  }

  func open(_ streams: [TargetStream]) throws(ConnectorError) {
    close()
    let connection = try PostgresConnection(settings.url)
    self.connection = connection
    do throws(PostgresError) {
      try connection.run("SET default_transaction_read_only = on")
    } catch {
      throw error.connectorError("\(connection.address)")
    }
    for stream in streams { tables.append(try table(stream, connection)) }
  }

  private func table(
    _ stream: TargetStream, _ connection: PostgresConnection
  ) throws(ConnectorError) -> Table {
    let settings = try settings.applied(to: stream)
    let key = stream.columns.key.map { stream.columns.names[$0] }
    let schema: TableSchema?
    do throws(PostgresError) {
      schema = try TableSchema.read(settings.table, connection)
    } catch {
      throw error.connectorError("\(settings.table) at \(connection.address)")
    }
    // A table that a run would create holds nothing yet.
    if schema == nil, settings.creates {
      return Table(name: settings.table, layout: Self.layout(stream.columns, settings), key: key)
    }
    let finder = TargetTables(own: self.settings, lanes: lanes, note: { _ in })
    let layout = try finder.table(stream, number: 0, connection).layout
    return Table(name: settings.table, layout: layout, schema: schema, key: key)
  }

  private static func layout(_ columns: Columns, _ settings: TargetSettings) -> RowLayout {
    let fields = columns.names.map { RowLayout.Field(name: $0, kind: .text, mayBeLeftOut: true) }
    return RowLayout(
      fields: fields, columns: columns, key: columns.key, version: nil, onDelete: settings.onDelete, lanes: 1)
  }

  func makeEncoder() throws(ConnectorError) -> any Encoder {
    guard let first = tables.first else {
      throw ConnectorError("postgres.not_open", "The target is not open.", remedy: .stop)
    }
    return tables.count == 1 ? PostgresEncoder(first.layout) : PostgresStreamsEncoder(tables.map(\.layout))
  }

  func rows(_ keys: [[Value]], of stream: Int) throws(ConnectorError) -> [Value?] {
    var found = [Value?](repeating: nil, count: keys.count)
    let table = tables[stream]
    guard let schema = table.schema, let connection, !table.key.isEmpty, !keys.isEmpty else { return found }
    let batch = Batch()
    var starts: [Int] = []
    do throws(PostgresError) {
      try connection.beginCopyOut(Self.query(schema, table.key, keys))
      try receive(into: batch, &starts, connection)
    } catch {
      throw error.connectorError("\(table.name) at \(connection.address)")
    }
    let ends = starts.dropFirst() + [batch.bytes.count]
    let numbers = zip(starts, ends).map { start, end in
      CopyRow(batch.bytes.bytes, start..<end).text(schema.columns.count, .int4, batch.bytes.bytes).flatMap { Int($0) }
    }
    PostgresDecoder(schema.columns, key: []).decode(batch)
    for (event, number) in zip(batch.events.indices, numbers) {
      guard let number, found.indices.contains(number) else { continue }
      found[number] = batch.value(at: Int(batch.events[event].record))
    }
    return found
  }

  /// How long one wait for the server lasts, in milliseconds.
  private static let glance = 100

  /// - Parameter starts: where each row begins.
  private func receive(
    into batch: Batch, _ starts: inout [Int], _ connection: PostgresConnection
  ) throws(PostgresError) {
    var silence = Duration.zero
    var output = CopyOutput()
    while true {
      let start = batch.bytes.count
      switch try output.receive(from: connection, into: &batch.bytes) {
      case .row:
        starts.append(start)
        continue
      case .end: return
      case .nothingYet: break
      }
      var socket = pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)
      silence = poll(&socket, 1, Int32(Self.glance)) == 0 ? silence + .milliseconds(Self.glance) : .zero
      if silence >= settings.timeout { throw connection.giveUp(after: silence) }
      try connection.consume()
    }
  }

  /// The rows of the keys, each with its key's place behind its columns.
  private static func query(_ schema: TableSchema, _ key: [String], _ keys: [[Value]]) -> String {
    let types = key.map { name in schema.column(name)?.type ?? "text" }
    let rows = keys.enumerated().map { number, values in
      let texts = zip(values, types).map { value, type in
        value.isNull ? "NULL::\(type)" : "\(SQLText.quoted(value.string ?? value.json))::\(type)"
      }
      return "(\((texts + ["\(number)"]).joined(separator: ", ")))"
    }
    let names = key.indices.map { "k\($0)" }
    let on = zip(key, names).map { "t.\(SQLName.quoted($0)) = k.\($1)" }.joined(separator: " AND ")
    let columns = schema.columns.map { $0.selected("t.") }.joined(separator: ", ")
    return "COPY (SELECT \(columns), k.n FROM \(schema.name.sql) t JOIN "
      + "(VALUES \(rows.joined(separator: ", "))) k (\((names + ["n"]).joined(separator: ", "))) ON \(on)) TO STDOUT WITH (FORMAT binary)"
  }

  func close() {
    connection = nil
    tables = []
  }
}
