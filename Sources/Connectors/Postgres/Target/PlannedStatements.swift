import ConnectorKit
import Records

extension PostgresTargetConnector: StatementsTargetConnector {
  func statements(_ stream: TargetStream) -> [String] {
    guard let name = TableName(table) else { return [] }
    let sql = (name.filled(for: stream.table) ?? name).sql
    let layout = layout(stream.columns)
    let statements = TargetStatements(table: sql, layout: layout, upserts: mode == .upsert, identities: [])
    var said = create ? [(try? TableMaking.statement(name, stream))].compactMap(\.self) : []
    if mode == .insert {
      said.append(statements.copy(.full, into: sql))
    } else if !layout.key.isEmpty {
      said += [statements.copy(.full, into: statements.stage), statements.upsert]
    }
    return said.map { stream.columns.rest == nil ? $0 : Self.withRest($0) }
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
