import ConnectorKit
import Records

/// The tables of a stream, as the catalog had them when it was opened.
struct StreamTables: Sendable {
  private(set) var list = TableList([])
  private(set) var schemas: [TableSchema] = []
  private(set) var tables: [StreamTable] = []

  mutating func look(_ settings: StreamSettings, _ context: Context, _ clerk: StreamClerk) throws(ConnectorError) {
    schemas = try Self.find(settings, context, clerk.connection)
    tables = []
    var found: [SourceTable] = []
    for index in schemas.indices {
      // The log has no values that the server computes.
      schemas[index].columns.removeAll { $0.isGenerated }
      let table = try clerk.table(schemas[index])
      tables.append(table)
      var seen = schemas[index].sourceTable
      seen.key = table.key
      found.append(seen)
    }
    if found != list.tables { list = TableList(found) }
  }

  private static func find(
    _ settings: StreamSettings, _ context: Context, _ connection: PostgresConnection
  ) throws(ConnectorError) -> [TableSchema] {
    let found = try SourceTables(patterns: settings.tables, wants: context.wants).find(connection).schemas
    for schema in found where schema.relation != .table && schema.relation != .partitioned {
      throw ConnectorError(
        "postgres.not_streamed", "\(schema.name) at \(connection.address) is no table, so nothing of it is in the log.",
        remedy: .stop, hint: "Name the tables that it is made of, or set `read: snapshot`.")
    }
    if settings.load == nil { return found }
    for schema in found where SnapshotQuery(schema, condition: nil).key.isEmpty {
      throw ConnectorError(
        "postgres.load_needs_key",
        "\(schema.name) at \(connection.address) has no unique key, so reading it could not go on after a stop.",
        remedy: .stop, hint: "Give it a primary key, or set `read: stream` and load it another way.")
    }
    return found
  }

  /// For each table the columns that the stream has.
  private(set) var published: [String: [String]] = [:]

  mutating func publish(_ state: PublicationState?) {
    published = [:]
    for (table, schema) in zip(tables, schemas) {
      let columns = state?.tables["\(table.name)"].flatMap { $0.isEmpty ? nil : $0 } ?? schema.columns.map(\.name)
      published["\(table.name)"] = columns
    }
  }

  /// The number of a description that the stream has brought; nil where nobody asked for the table.
  ///
  /// A table that looks otherwise than before is said, and stops the run where the pipeline's policy says so; a run that
  /// begins takes tables as they come.
  ///
  /// - Parameter isKnown: whether the changes that follow were given out before: then this is how the table looked, and
  ///   not how it is expected to look. A transaction that changes a table and was stopped in its middle comes again whole.
  func number(
    _ relation: RelationMessage, isKnown: Bool, _ clerk: StreamClerk, _ book: RelationBook,
    _ policy: SchemaChangePolicy,
    _ note: (String) -> Void
  ) throws(ConnectorError) -> Int? {
    let index = tables.firstIndex { $0.name.schema == relation.schema && $0.name.name == relation.name }
    guard let index else { return nil }
    let version = RelationVersion(
      table: index, schema: relation.schema, name: relation.name, columns: relation.columns,
      kinds: try clerk.kinds(relation.columns.map(\.type)), key: key(of: relation, tables[index]),
      hasWholeOldRows: relation.identity == .full)
    if isKnown { return book.number(of: version) }
    if let before = book.last(of: index), before.columns != version.columns {
      let changes = SchemaChange.text(from: before.columns, to: version.columns)
      guard policy == .follow else { throw .schemaChanged(tables[index].name, changes) }
      note("\(tables[index].name) has changed: \(changes). Its events look so from here on.")
    }
    return book.expect(version)
  }

  private func key(of relation: RelationMessage, _ table: StreamTable) -> [Int] {
    if relation.identity == .full {
      return table.primaryKey.compactMap { name in relation.columns.firstIndex { $0.name == name } }
    }
    return relation.columns.indices.filter { relation.columns[$0].isIdentity }
  }

  /// Whether each table is still the one that it was: one that was dropped and made again is not published any more, and
  /// no event would ever say so.
  func check(_ settings: StreamSettings, _ clerk: StreamClerk?) throws(ConnectorError) {
    guard let clerk, let state = try clerk.publication(settings.publication.text) else { return }
    for (table, schema) in zip(tables, schemas) {
      let now = try clerk.found(table.name)
      if now == nil { throw .tableGone(table.name, "was dropped") }
      if now != table.id { throw .tableGone(table.name, "was dropped and made again") }
      if state.tables["\(schema.name)"] == nil { throw .tableGone(table.name, "is not published any more") }
    }
  }
}

extension StreamClerk {
  /// The server's number for the table of that name; nil where there is none.
  func found(_ name: TableName) throws(ConnectorError) -> UInt32? {
    do throws(PostgresError) {
      let id = try connection.query(
        "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
        [name.schema, name.name])
      return id.count == 1 ? id.text(0, 0).flatMap { UInt32($0) } : nil
    } catch {
      throw error.connectorError("\(connection.address)")
    }
  }
}

/// What a description of a table says that the one before did not.
enum SchemaChange {
  static func text(from old: [RelationMessage.Column], to new: [RelationMessage.Column]) -> String {
    let added = new.filter { column in !old.contains { $0.name == column.name } }.map { "\($0.name) is new" }
    let gone = old.filter { column in !new.contains { $0.name == column.name } }.map { "\($0.name) is gone" }
    let other = new.filter { column in
      old.contains { $0.name == column.name && ($0.type != column.type || $0.modifier != column.modifier) }
    }
    let changed = other.map { "\($0.name) has another type" }
    let parts = added + gone + changed
    return parts.isEmpty ? "its replica identity, or the order of its columns" : parts.joined(separator: ", ")
  }
}

extension ConnectorError {
  static let schemaChangedCode = "postgres.schema_changed"

  fileprivate static func schemaChanged(_ table: TableName, _ changes: String) -> ConnectorError {
    ConnectorError(
      schemaChangedCode, "\(table) has changed: \(changes).", remedy: .stop,
      hint: "Change the target and the mappings where they need it, and run again: it goes on from right before the "
        + "change. `on_schema_change: follow` goes on by itself.")
  }

  fileprivate static func tableGone(_ table: TableName, _ what: String) -> ConnectorError {
    ConnectorError(
      "postgres.table_gone", "\(table) \(what), so no change of it comes any more.", remedy: .stop,
      hint:
        "Add the table to the publication (or restart the pipeline, which does so for its own) and load it anew; or "
        + "take it out of the pipeline.")
  }
}
