import ConnectorKit
import Records

/// One of the tables that a target writes: what it needs to know of it, and what its connection has made for it.
final class TargetTable {
  let settings: TargetSettings
  let name: TableName
  let layout: RowLayout
  let statements: TargetStatements
  let hasDeferredConstraints: Bool
  /// Whether it comes to the same when only the last state of each key is stored, deletes first.
  let takesSets: Bool
  /// Whether a row that is deleted takes rows of other tables along, or changes them.
  let cascades: Bool
  /// The temporary tables that the connection has.
  var stages = TableWriter.Stages()
  /// Whether keys were seen twice in one write, so that the next writes expect it.
  var repeatsKeys = false

  /// - Parameter number: of the stream, which names the temporary tables.
  init(_ schema: TableSchema, _ settings: TargetSettings, _ columns: Columns, number: Int, lanes: Int) {
    self.settings = settings
    name = schema.name
    layout = TargetCheck(schema: schema, columns: columns, settings: settings).layout(lanes: lanes)
    hasDeferredConstraints = schema.hasDeferredConstraints
    statements = TargetStatements(
      table: schema.name.sql, layout: layout, upserts: settings.mode == .upsert,
      identities: Set(schema.columns.filter(\.isIdentityAlways).map(\.name)), number: number)
    let isPlain = layout.keyForms != nil && layout.version == nil && settings.mode == .upsert
    let keepsDeletes = if case .mark = layout.onDelete { true } else { false }
    cascades = schema.hasCascades && settings.foreignKeys != .off
    takesSets = isPlain && !keepsDeletes && !cascades
  }

  /// The names of the statements that the connection has for single rows, by the tags of their shapes.
  private(set) var prepared: [UInt16: String] = [:]

  /// What a new connection does not have.
  func forgetStages() {
    stages = TableWriter.Stages()
    prepared = [:]
  }

  func prepare(_ shape: RowLayout.Shape, _ connection: PostgresConnection) throws(PostgresError) {
    if prepared[shape.tag] != nil { return }
    guard let statement = statements.single(shape) else { return }
    try prepare(shape.tag, statement, connection)
  }

  /// - Returns: the name of the statement.
  func prepareDelete(_ connection: PostgresConnection) throws(PostgresError) -> String {
    let tag = RowLayout.Shape.binaryDelete.tag
    return if let name = prepared[tag] { name } else { try prepare(tag, statements.deleteKeys, connection) }
  }

  @discardableResult
  private func prepare(
    _ tag: UInt16, _ statement: String, _ connection: PostgresConnection
  ) throws(PostgresError) -> String {
    let name = "millrace_\(statements.number)_\(tag)"
    try connection.prepare(name, statement)
    prepared[tag] = name
    return name
  }

  func prepare(_ needed: TableWriter.Stages, _ connection: PostgresConnection) throws(PostgresError) {
    if needed.plain, !stages.plain {
      try connection.run(statements.createStage)
      stages.plain = true
    }
    if needed.ordered, !stages.ordered {
      try connection.run(statements.createOrdered)
      stages.ordered = true
    }
  }
}

/// Finds a stream's table, or creates it, and checks that the rows fit it: before the first row.
struct TargetTables {
  let own: TargetSettings
  let lanes: Int
  let note: @Sendable (String) -> Void

  func table(
    _ stream: TargetStream, number: Int, _ connection: PostgresConnection
  ) throws(ConnectorError) -> TargetTable {
    let settings = try own.applied(to: stream)
    let schema = try find(settings, stream, connection)
    let check = TargetCheck(schema: schema, columns: stream.columns, settings: settings)
    let place = "\(settings.table) at \(connection.address)"
    let problems: [Problem]
    do throws(PostgresError) { problems = try check.problems(connection) } catch { throw error.connectorError(place) }
    if let first = problems.first {
      let more = problems.count > 1 ? " (and \(problems.count - 1) more; `millrace validate --connect` lists them)" : ""
      throw ConnectorError(first.code, "\(place): \(first.message)\(more).", remedy: .stop, hint: first.hint)
    }
    // Said at once, because the server says nothing.
    for problem in check.typeProblems(stream.table) where problem.code == "postgres.type_loses" {
      note("\(problem.message).")
    }
    if settings.mode == .insert, check.key.isEmpty, lanes > 1 {
      throw ConnectorError(
        "postgres.insert_needs_one_lane", "Rows without a key are inserted in one lane only.", remedy: .stop,
        hint: "Set lanes: 1; after a crash several lanes would insert some rows twice.")
    }
    return TargetTable(schema, settings, stream.columns, number: number, lanes: lanes)
  }

  private func find(
    _ settings: TargetSettings, _ stream: TargetStream, _ connection: PostgresConnection
  ) throws(ConnectorError) -> TableSchema {
    let name = settings.table
    do throws(PostgresError) {
      if let found = try TableSchema.read(name, connection) { return found }
    } catch {
      throw error.connectorError("\(name) at \(connection.address)")
    }
    guard settings.creates else {
      throw ConnectorError(
        "postgres.undefined_table", "There is no table \(name) at \(connection.address).", remedy: .stop,
        hint: "Create it, correct its name (upper and lower case count), or set create: true.")
    }
    return try create(name, stream, connection)
  }

  private func create(
    _ name: TableName, _ stream: TargetStream, _ connection: PostgresConnection
  ) throws(ConnectorError) -> TableSchema {
    let statement = try TableMaking.statement(name, stream)
    do throws(PostgresError) {
      try connection.run(statement)
      if let made = try TableSchema.read(name, connection) {
        note("Created the table \(name).")
        return made
      }
    } catch {
      throw error.connectorError("Creating \(name) at \(connection.address)")
    }
    throw ConnectorError("postgres.undefined_table", "The table \(name) was created and is not there.", remedy: .stop)
  }
}

extension TargetSettings {
  /// The settings of a stream: its own where it has some, with the table's name for the source's table.
  func applied(to stream: TargetStream) throws(ConnectorError) -> TargetSettings {
    guard let connector = stream.settings as? PostgresTargetConnector else { return self }
    guard let table = TableName(connector.table)?.filled(for: stream.table) else {
      throw ConnectorError(
        "postgres.bad_name", "`\(connector.table)` names no table where the source has none.", remedy: .stop,
        hint: "Write the table's name: {schema} and {table} stand for those of the source's table.")
    }
    return connector.settings(table)
  }
}
