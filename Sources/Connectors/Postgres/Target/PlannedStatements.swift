import ConnectorKit
import Records

extension PostgresTargetConnector: StatementsTargetConnector {
  func statements(_ stream: TargetStream) -> [String] {
    guard let name = TableName(table)?.filled(for: stream.table) ?? TableName(table) else { return [] }
    let layout = layout(stream.columns)
    let statements = TargetStatements(table: name.sql, layout: layout, upserts: mode == .upsert, identities: [])
    let made = create ? [(try? TableMaking.statement(name, stream))].compactMap(\.self) : []
    let said = made + (mode == .upsert && layout.key.isEmpty ? [] : statements.storing(.full, mode))
    return said.map { stream.columns.rest == nil ? $0 : Self.withRest($0) }
  }

  func statements(_ streams: [TargetStream], from context: Context) throws(ConnectorError) -> [[String]]? {
    guard let name = TableName(table) else { return nil }
    let connection = try PostgresConnection(url)
    let own = settings(name)
    var said: [[String]] = []
    for stream in streams {
      let settings = try own.applied(to: stream)
      do throws(PostgresError) {
        let schema = try TableSchema.read(settings.table, connection)
        said.append(
          schema.map { statements(stream, settings, $0, context) }
            ?? ((stream.settings as? PostgresTargetConnector) ?? self).statements(stream))
      } catch {
        throw error.connectorError("\(settings.table) at \(connection.address)")
      }
    }
    return said
  }

  private func statements(
    _ stream: TargetStream, _ settings: TargetSettings, _ schema: TableSchema, _ context: Context
  ) -> [String] {
    let table = TargetTable(schema, settings, stream.columns, number: 0, lanes: context.lanes)
    if settings.mode == .upsert, table.layout.key.isEmpty { return [] }
    let isBinary = !BinaryRows(table.layout).forms.isEmpty
    return table.statements.storing(isBinary ? .binary : .full, settings.mode)
  }

  /// The table's other columns, whose names only the server knows.
  private static let rest = "…"

  private static func withRest(_ statement: String) -> String { statement.replacing(SQLName.quoted(rest), with: rest) }

  private func layout(_ columns: Columns) -> RowLayout {
    let names = columns.names + (columns.rest == nil ? [] : [Self.rest])
    let fields = names.map { RowLayout.Field(name: $0, kind: .text, mayBeLeftOut: true) }
    return RowLayout(
      fields: fields, columns: columns, key: columns.key, version: version.flatMap { names.firstIndex(of: $0) },
      onDelete: onDelete.policy, lanes: 1)
  }
}

extension TargetStatements {
  /// What stores whole rows, as a rule.
  fileprivate func storing(_ shape: RowLayout.Shape, _ mode: PostgresTargetConnector.Mode) -> [String] {
    mode == .insert ? [copy(shape, into: table)] : [copy(shape, into: stage), upsert]
  }
}
