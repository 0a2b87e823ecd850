import ConnectorKit
import Records

/// The table that `create: true` makes.
enum TableMaking {
  static func statement(
    _ table: TableName, _ columns: Columns, _ key: [String]
  ) throws(ConnectorError) -> String {
    if columns.rest != nil {
      throw ConnectorError(
        "postgres.create_needs_fields", "A table cannot be created from `mappings: all`: its columns are not known.",
        remedy: .stop, hint: "Create the table, or map each field.")
    }
    var parts = columns.names.indices.map { "\(SQLName.quoted(columns.names[$0])) \(type(columns, $0))" }
    if !key.isEmpty { parts.append("PRIMARY KEY (\(SQLName.list(key)))") }
    return "CREATE TABLE IF NOT EXISTS \(table.sql) (\(parts.joined(separator: ", ")))"
  }

  /// By the field's cast; without one every value has a form as text.
  private static func type(_ columns: Columns, _ index: Int) -> String {
    switch columns.casts.indices.contains(index) ? columns.casts[index] : nil {
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
