import ConnectorKit

extension PostgresConnection {
  /// Stores rows of this session under a replication origin: a stream of this server can tell them from others by it.
  func store(under origin: String) throws(ConnectorError) {
    do throws(PostgresError) {
      if try query("SELECT pg_replication_origin_oid($1)", [origin]).text(0, 0) == nil {
        try query("SELECT pg_replication_origin_create($1)", [origin])
      }
      try query("SELECT pg_replication_origin_session_setup($1)", [origin])
    } catch {
      var refused = error.connectorError("The replication origin \(origin) at \(address)")
      if error.state == "42501" {
        refused.hint =
          "Let a superuser GRANT EXECUTE ON FUNCTION pg_replication_origin_oid(text), pg_replication_origin_create(text), "
          + "pg_replication_origin_session_setup(text) TO the role (PostgreSQL 14 and newer), or remove `origin`."
      }
      throw refused
    }
  }
}
