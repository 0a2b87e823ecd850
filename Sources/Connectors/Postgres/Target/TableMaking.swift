import ConnectorKit
import Records

/// The table that `create: true` makes.
enum TableMaking {
  static func statement(_ table: TableName, _ stream: TargetStream) throws(ConnectorError) -> String {
    let columns = stream.columns
    let others = typed(stream).map { rest(columns, $0) } ?? []
    if columns.rest != nil, typed(stream)?.columns.isEmpty ?? true {
      throw ConnectorError(
        "postgres.create_needs_fields", "A table cannot be created from `mappings: all`: its columns are not known.",
        remedy: .stop, hint: "Create the table, or map each field.")
    }
    let key = columns.key.map { columns.names[$0] }
    var parts = columns.names.indices.map {
      definition(columns.names[$0], type(stream, $0), isNotNull: false)
    }
    parts += others.map { definition($0.name, $0.type, isNotNull: $0.isNotNull) }
    if !key.isEmpty { parts.append("PRIMARY KEY (\(SQLName.list(key)))") }
    return "CREATE TABLE IF NOT EXISTS \(table.sql) (\(parts.joined(separator: ", ")))"
  }

  /// The source's table, where its types are PostgreSQL's.
  private static func typed(_ stream: TargetStream) -> SourceTable? {
    stream.table?.system == "postgres" ? stream.table : nil
  }

  private static func definition(_ name: String, _ type: String, isNotNull: Bool) -> String {
    "\(SQLName.quoted(name)) \(type)" + (isNotNull ? " NOT NULL" : "")
  }

  /// The source's columns that are passed on as they are.
  private static func rest(_ columns: Columns, _ table: SourceTable) -> [SourceTable.Column] {
    guard let rest = columns.rest else { return [] }
    return table.columns.filter { !rest.excluded.contains($0.name) }
  }

  /// By the field's cast, or the type of the source's column that it copies; else every value has a form as text.
  private static func type(_ stream: TargetStream, _ index: Int) -> String {
    let columns = stream.columns
    if let cast = columns.casts.indices.contains(index) ? columns.casts[index] : nil { return type(cast: cast) }
    let origin = columns.origins.indices.contains(index) ? columns.origins[index] : nil
    return typed(stream)?.columns.first { $0.name == origin }?.type ?? "text"
  }

  private static func type(cast: String) -> String {
    switch cast {
    case "int", "epoch_s", "epoch_ms": "bigint"
    case "double": "double precision"
    case "decimal": "numeric"
    case "bool": "boolean"
    case "date": "date"
    case "timestamp": "timestamptz"
    case "uuid": "uuid"
    case "json": "jsonb"
    case "bytes": "bytea"
    default: "text"
    }
  }
}
