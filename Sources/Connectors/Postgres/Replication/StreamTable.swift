import ConnectorKit

/// What a server's catalog says about a table whose changes are wanted.
struct StreamTable: Sendable, Equatable {
  var id: UInt32
  var name: TableName
  /// The columns of its primary key, in its order.
  var primaryKey: [String]
  /// The columns that old rows are told apart by, in its partitions as well; nil where there are none, and empty where
  /// the whole old row is given.
  var identity: [String]?

  /// What its events have as their key.
  var key: [String] { (identity?.isEmpty == false ? identity : nil) ?? primaryKey }

  /// What the server would do to its applications once the table is published.
  var problem: Problem? {
    if identity != nil { return nil }
    return Problem(
      "tables", code: "postgres.replica_identity_missing",
      "\(name) has no replica identity: once it is published, the server refuses updates and deletes in it",
      hint: "give it a primary key, or ALTER TABLE \(name.sql) REPLICA IDENTITY FULL")
  }
}

/// What a publication holds.
struct PublicationState: Sendable, Equatable {
  var isForAllTables: Bool
  /// `insert`, `update`, `delete`, `truncate`, as far as it has them.
  var operations: [String]
  var usesRoots: Bool
  /// For each of its tables the columns that it publishes, where the server says so.
  var tables: [String: [String]]
  /// For some of its tables the condition that published rows meet, in SQL.
  var filters: [String: String] = [:]
}

/// Asks the catalog, on an ordinary connection beside the stream's.
struct StreamClerk {
  let connection: PostgresConnection

  private func asking<Result>(
    _ body: (PostgresConnection) throws(PostgresError) -> Result
  ) throws(ConnectorError) -> Result {
    do throws(PostgresError) {
      return try body(connection)
    } catch {
      throw error.connectorError("\(connection.address)")
    }
  }

  // MARK: - Tables

  func table(_ schema: TableSchema) throws(ConnectorError) -> StreamTable {
    try asking { connection throws(PostgresError) in
      let found = try connection.query(Self.identityQuery, [schema.name.schema, schema.name.name]).rows
      guard let first = found.first else {
        throw PostgresError(state: "42P01", message: "there is no table \(schema.name)")
      }
      // Its partitions hold the rows, and each has an identity of its own; the weakest one decides.
      let isWhole = found.contains { $0[1] == "f" }
      let isMissing = found.contains { $0[1] == "n" || ($0[1] != "f" && $0[2] == nil) }
      let columns = found.last?[2].map { $0.split(separator: "\u{1}").map(String.init) }
      return StreamTable(
        id: first[0].flatMap { UInt32($0) } ?? 0, name: schema.name, primaryKey: schema.primaryKey,
        identity: isMissing ? nil : isWhole ? [] : columns)
    }
  }

  /// For the table itself, or all of its partitions that hold rows: its kind of identity, and the columns of the index.
  private static let identityQuery = """
    WITH root AS (
      SELECT c.oid, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2)
    SELECT r.oid, c.relreplident,
      (SELECT string_agg(a.attname, E'\\x01' ORDER BY k.o)
        FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (n, o) JOIN pg_attribute a ON a.attnum = k.n
        WHERE i.indrelid = c.oid AND a.attrelid = c.oid AND k.o <= i.indnkeyatts
          AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)
    FROM root r JOIN pg_class c ON c.oid = r.oid AND r.relkind <> 'p'
      OR c.oid IN (SELECT t.relid FROM pg_partition_tree(r.oid) t WHERE t.isleaf) AND r.relkind = 'p'
    """

  /// How the values of these types are read, domains followed to what they are made of.
  func kinds(_ types: [UInt32]) throws(ConnectorError) -> [ColumnKind] {
    let found = try asking { connection throws(PostgresError) in
      try connection.query(
        Self.typeQuery, ["{" + Set(types).sorted().map(String.init).joined(separator: ",") + "}"]
      ).rows
    }
    var kinds: [UInt32: ColumnKind] = [:]
    for row in found {
      guard let id = row[0].flatMap({ UInt32($0) }) else { continue }
      kinds[id] = ColumnKind(base: row[1] ?? "", element: row[2], delimiter: row[3])
    }
    // A type that was dropped meanwhile is read as the text that it is.
    return types.map { kinds[$0] ?? .text }
  }

  private static let typeQuery = """
    WITH RECURSIVE base AS (
      SELECT t.oid AS asked, t.oid, t.typname, t.typtype, t.typbasetype, t.typelem, t.typcategory
      FROM pg_type t WHERE t.oid = ANY ($1::oid[])
      UNION ALL
      SELECT b.asked, t.oid, t.typname, t.typtype, t.typbasetype, t.typelem, t.typcategory
      FROM base b JOIN pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd')
    SELECT b.asked, b.typname, CASE WHEN b.typcategory = 'A' THEN e.typname END,
      CASE WHEN b.typcategory = 'A' THEN e.typdelim END
    FROM base b LEFT JOIN pg_type e ON e.oid = b.typelem WHERE b.typtype <> 'd'
    """

  // MARK: - The server

  var written: LSN {
    get throws(ConnectorError) {
      try asking { connection throws(PostgresError) in
        let text = try connection.query(
          "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END"
        ).text(0, 0)
        return text.flatMap { LSN($0) } ?? .zero
      }
    }
  }

  func slot(_ name: String) throws(ConnectorError) -> SlotState? {
    let version = connection.serverVersion
    let twoPhase = version >= 140_000 ? "s.two_phase" : "false"
    let invalidation = version >= 170_000 ? "s.invalidation_reason" : "NULL"
    return try asking { connection throws(PostgresError) in
      let found = try connection.query(
        """
        SELECT s.plugin, s.database, s.confirmed_flush_lsn, s.active_pid, r.reply_time, s.wal_status, \(invalidation),
          \(twoPhase)
        FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = $1
        """, [name]
      ).rows.first
      guard let row = found else { return nil }
      return SlotState(
        name: name, plugin: row[0], database: row[1], confirmed: row[2].flatMap { LSN($0) },
        activePID: row[3].flatMap { Int32($0) }, heardAt: row[4], walStatus: row[5], invalidation: row[6],
        sendsPrepared: row[7] == "t")
    }
  }

  // MARK: - Publications

  func publication(_ name: String) throws(ConnectorError) -> PublicationState? {
    let columns =
      connection.serverVersion >= 150_000 ? "array_to_string(t.attnames, E'\\x01'), t.rowfilter" : "NULL, NULL"
    return try asking { connection throws(PostgresError) in
      let found = try connection.query(
        "SELECT puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot FROM pg_publication WHERE pubname = $1",
        [name]
      ).rows.first
      guard let row = found else { return nil }
      let operations = zip(["insert", "update", "delete", "truncate"], row[1...4]).filter { $0.1 == "t" }.map(\.0)
      var state = PublicationState(
        isForAllTables: row[0] == "t", operations: operations, usesRoots: row[5] == "t", tables: [:])
      let tables = try connection.query(
        "SELECT t.schemaname, t.tablename, \(columns) FROM pg_publication_tables t WHERE t.pubname = $1", [name])
      for row in tables.rows {
        let table = TableName(schema: row[0], name: row[1] ?? "")
        state.tables["\(table)"] = row[2]?.split(separator: "\u{1}").map(String.init) ?? []
        state.filters["\(table)"] = row[3]
      }
      return state
    }
  }

  /// Makes the publication, or adds tables to it.
  func publish(_ tables: [StreamTable], as name: String, isNew: Bool) throws(ConnectorError) {
    let list = tables.map(\.name.sql).joined(separator: ", ")
    let statement =
      isNew
      ? "CREATE PUBLICATION \(SQLName.quoted(name)) FOR TABLE \(list) WITH (publish_via_partition_root = true)"
      : "ALTER PUBLICATION \(SQLName.quoted(name)) ADD TABLE \(list)"
    try asking { connection throws(PostgresError) in _ = try connection.run(statement) }
  }
}
