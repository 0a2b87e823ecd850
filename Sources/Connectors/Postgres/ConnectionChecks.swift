import ConnectorKit
import Records

/// The oldest server whose catalog and SQL are used here, as in 120000 for 12.
private let serverVersionMin = 120_000

extension PostgresConnection {
  fileprivate var versionProblems: [Problem] {
    guard serverVersion < serverVersionMin else { return [] }
    return [
      Problem(
        "url", code: "postgres.server_too_old",
        "\(address) is PostgreSQL \(serverVersion / 10_000); \(serverVersionMin / 10_000) is the oldest that is known to work"
      )
    ]
  }

  /// Looks at the table in a server of a known version.
  fileprivate static func look(
    _ url: Secret, _ table: TableName, _ setting: String, missing: Problem?,
    _ body: (TableSchema, PostgresConnection) throws(PostgresError) -> [Problem]
  ) -> [Problem] {
    do throws(ConnectorError) {
      let connection = try PostgresConnection(url)
      do throws(PostgresError) {
        guard let schema = try TableSchema.read(table, connection) else {
          return connection.versionProblems + (missing.map { [$0] } ?? [])
        }
        return try connection.versionProblems + body(schema, connection)
      } catch {
        throw error.connectorError("\(table) at \(connection.address)")
      }
    } catch {
      return [Problem(error.code.hasSuffix("refused") || error.code.hasSuffix("unreachable") ? "url" : setting, error)]
    }
  }
}

extension PostgresTargetConnector: ConnectionCheck {
  func check(_ context: Context, columns: Columns) -> [Problem] {
    guard let name = TableName(table) else { return problems() }
    let settings = settings(name)
    let missing = Problem(
      "table", code: "postgres.undefined_table", "there is no table \(name)",
      hint: "create it, correct its name (upper and lower case count), or set create: true")
    return PostgresConnection.look(url, name, "table", missing: create ? nil : missing) {
      schema, connection throws(PostgresError) in
      try TargetCheck(schema: schema, columns: columns, settings: settings).problems(connection)
    }
  }
}

extension PostgresSourceConnector: ConnectionCheck {
  func check(_ context: Context, columns: Columns) -> [Problem] {
    guard let name = tables.first.flatMap({ TableName($0) }) else { return problems() }
    let missing = Problem(
      "tables", code: "postgres.undefined_table", "there is no table \(name)",
      hint: "correct its name; upper and lower case count, and a schema other than the search path's is named")
    return PostgresConnection.look(url, name, "tables", missing: missing) { schema, connection throws(PostgresError) in
      let query = SnapshotQuery(schema, condition: `where`)
      // Planned, not run: names, types and permissions are checked all the same.
      try connection.run("EXPLAIN " + query.select(SnapshotProgress.Range(), limit: 1))
      return []
    }
  }
}
