import ConnectorKit
import Records

/// The tables of a stream, as the catalog had them when it was opened.
struct StreamTables: Sendable {
  private(set) var list = TableList([])
  private(set) var schemas: [TableSchema] = []
  private(set) var tables: [StreamTable] = []

  /// Numbers of tables that are left out because the pipeline says so.
  private(set) var leftOut: Set<UInt32> = []

  /// - Parameter roster: the tables that were followed before; nil where nobody knows.
  mutating func look(
    _ settings: StreamSettings, _ context: Context, _ clerk: StreamClerk, since roster: Roster? = nil
  ) throws(ConnectorError) {
    (schemas, tables) = ([], [])
    var found: [SourceTable] = []
    for var schema in try Self.find(settings, context, clerk.connection) {
      // The log has no values that the server computes.
      schema.columns.removeAll { $0.isGenerated }
      let table = try clerk.table(schema)
      if let roster, try !takes(table, roster.standing(of: table), settings, context) { continue }
      schemas.append(schema)
      tables.append(table)
      var seen = schema.sourceTable
      seen.key = table.key
      found.append(seen)
    }
    for name in roster?.gone(now: tables) ?? [] where !settings.tables.contains(name) {
      context.note("\(name) is gone: nothing of it comes any more, and what the target has of it stays.")
    }
    if found.isEmpty, let roster { throw .tableGone(roster.gone(now: []).joined(separator: ", "), "was made again") }
    if found != list.tables { list = TableList(found) }
  }

  /// Whether a table is followed, by the pipeline's policy where it was not before.
  private mutating func takes(
    _ table: StreamTable, _ standing: Roster.Standing, _ settings: StreamSettings, _ context: Context
  ) throws(ConnectorError) -> Bool {
    if standing == .followed || settings.onNewTable == .follow { return true }
    guard settings.onNewTable == .ignore else { throw .newTable(table.name, standing) }
    leftOut.insert(table.id)
    context.note("\(table.name) \(standing.text), and is left out: the pipeline says `on_new_table: ignore`.")
    return false
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
  /// For some tables the condition that its rows meet.
  private(set) var filters: [String: String] = [:]

  mutating func publish(_ state: PublicationState?) {
    published = [:]
    filters = state?.filters ?? [:]
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
    // What is left of one that was dropped, and made again under its name, is not this one's.
    guard let index, tables[index].id == relation.id else { return nil }
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

  // MARK: - What comes and goes

  /// Whether the catalog has other tables than those that are followed: one came along under a pattern, or was made again.
  /// No event would ever say so where it is not published.
  func haveChanged(_ settings: StreamSettings, _ context: Context, _ clerk: StreamClerk) throws(ConnectorError) -> Bool
  {
    let now = try clerk.tables()
    let state = try clerk.publication(settings.publication.text)
    var followed: Set<UInt32> = []
    for table in tables {
      guard let found = now.first(where: { $0.name == table.name }) else {
        throw .tableGone("\(table.name)", "was dropped")
      }
      if found.id != table.id { return true }
      if let state, state.tables["\(table.name)"] == nil {
        throw .tableGone("\(table.name)", "is not published any more")
      }
      followed.insert(table.id)
    }
    let patterns = settings.tables.compactMap { TablePattern($0) }.filter { !$0.isName }
    return now.contains { found in
      guard found.isMeant, !followed.contains(found.id), !leftOut.contains(found.id) else { return false }
      let table = SourceTable(schema: found.name.schema, name: found.name.name)
      return patterns.contains { $0.matches(table) } && context.wants(table)
    }
  }

  /// Whether a description that the stream brought may be one of a table that is not followed yet.
  func mayBeNew(_ relation: RelationMessage, _ settings: StreamSettings, _ context: Context) -> Bool {
    guard !leftOut.contains(relation.id) else { return false }
    let table = SourceTable(schema: relation.schema, name: relation.name)
    return settings.tables.contains { TablePattern($0)?.matches(table) == true } && context.wants(table)
  }
}

extension StreamClerk {
  /// A table that there is.
  struct Found {
    var name: TableName
    /// The server's number for it.
    var id: UInt32
    /// Whether a pattern can mean it.
    var isMeant: Bool
  }

  func tables() throws(ConnectorError) -> [Found] {
    do throws(PostgresError) {
      let rows = try connection.query(
        """
        SELECT n.nspname, c.relname, c.oid, \(SourceTables.isMeant)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')
        """
      ).rows
      return rows.compactMap { row in
        guard let name = row[1], let id = row[2].flatMap({ UInt32($0) }) else { return nil }
        return Found(name: TableName(schema: row[0], name: name), id: id, isMeant: row[3] == "t")
      }
    } catch {
      throw error.connectorError("\(connection.address)")
    }
  }
}

extension Roster.Standing {
  /// Behind the name of a table.
  var text: String {
    switch self {
    case .followed: "is followed"
    case .new: "came along"
    case .remade: "was dropped and made again"
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

  static let tablesChangedCode = "postgres.tables_changed"

  /// Not for people: the flow opens everything anew.
  static let tablesChanged = ConnectorError(tablesChangedCode, "There are other tables now.", remedy: .stop)

  fileprivate static func newTable(_ table: TableName, _ standing: Roster.Standing) -> ConnectorError {
    ConnectorError(
      "postgres.new_table", "\(table) \(standing.text), and the pipeline says `on_new_table: stop`.", remedy: .stop,
      hint:
        "Set `on_new_table: follow` to read it like the others, or `ignore` to leave it out; or skip it under `streams`."
    )
  }

  fileprivate static func tableGone(_ table: String, _ what: String) -> ConnectorError {
    ConnectorError(
      "postgres.table_gone", "\(table) \(what), so no change of it comes any more.", remedy: .stop,
      hint:
        "Add the table to the publication (or restart the pipeline, which does so for its own) and load it anew; or "
        + "take it out of the pipeline.")
  }
}
