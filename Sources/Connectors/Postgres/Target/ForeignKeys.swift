import ConnectorKit

extension PostgresConnection {
  /// Stores rows of this session whatever they refer to. The keys themselves stay, and nobody checks the rows later.
  func leaveForeignKeys() throws(ConnectorError) {
    do throws(PostgresError) {
      try run("SET session_replication_role = replica")
    } catch {
      var refused = error.connectorError("\(address)")
      refused.hint =
        "Let a superuser GRANT SET ON PARAMETER session_replication_role TO the role (PostgreSQL 15 and newer), or "
        + "remove foreign_keys: off."
      throw refused
    }
  }
}
