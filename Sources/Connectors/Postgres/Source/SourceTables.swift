import ConnectorKit
import Records

/// Finds the tables that a source's names and patterns mean, and puts them in an order that satisfies their foreign keys.
struct SourceTables {
  let patterns: [String]
  let wants: @Sendable (SourceTable) -> Bool

  /// What was found.
  struct Found {
    var schemas: [TableSchema]
    /// Tables whose foreign keys lead in a circle, or to the table itself: no order of rows satisfies them for sure.
    var circles: [TableName]
  }

  func find(_ connection: PostgresConnection) throws(ConnectorError) -> Found {
    let unmet: String
    do throws(PostgresError) {
      let (schemas, missing) = try read(connection)
      guard let missing else { return try ordered(schemas, connection) }
      unmet = missing
    } catch {
      throw error.connectorError("The tables at \(connection.address)")
    }
    throw missing(unmet, connection)
  }

  /// Checks that the role may read what a query reads, and that its condition fits: it is planned, and not run.
  static func check(
    _ query: SnapshotQuery, of table: TableName, _ connection: PostgresConnection
  ) throws(ConnectorError) {
    do throws(PostgresError) {
      try connection.run("EXPLAIN " + query.select(TableProgress.Range(), limit: 1))
    } catch {
      var refused = error.connectorError("\(table) at \(connection.address)")
      // Whatever passes may have passed when the rows are read.
      guard refused.remedy == .stop else { return }
      if error.state == "42501" { refused.hint = "GRANT SELECT ON \(table.sql) TO the role of the url." }
      throw refused
    }
  }
}

extension SourceTables {
  /// The tables, in the order of their names, and the first name or pattern that means none.
  private func read(
    _ connection: PostgresConnection
  ) throws(PostgresError) -> (schemas: [TableSchema], missing: String?) {
    var schemas: [TableSchema] = []
    for (pattern, matching) in try names(connection) {
      if matching.isEmpty { return (schemas, pattern) }
      for name in matching {
        guard let schema = try TableSchema.read(name, connection) else { return (schemas, pattern) }
        if !schemas.contains(where: { $0.name == schema.name }), wants(schema.sourceTable) { schemas.append(schema) }
      }
    }
    return (schemas, nil)
  }

  /// The tables that each name or pattern means.
  private func names(_ connection: PostgresConnection) throws(PostgresError) -> [(pattern: String, [TableName])] {
    var all: [TableName]?
    var found: [(pattern: String, [TableName])] = []
    for text in patterns {
      guard let pattern = TablePattern(text), !pattern.isName else {
        found.append((text, TableName(text).map { [$0] } ?? []))
        continue
      }
      if all == nil { all = try tables(connection) }
      found.append((text, (all ?? []).filter { pattern.matches(SourceTable(schema: $0.schema, name: $0.name)) }))
    }
    return found
  }

  /// All tables that a pattern can mean: what holds rows itself, partitions as part of their tables, and neither the
  /// server's own nor ours.
  private func tables(_ connection: PostgresConnection) throws(PostgresError) -> [TableName] {
    let query = """
      SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE \(Self.isMeant) ORDER BY 1, 2
      """
    return try connection.query(query).rows.map { TableName(schema: $0[0], name: $0[1] ?? "") }
  }

  static let isMeant = """
    c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'millrace'
    """

  private func missing(_ pattern: String, _ connection: PostgresConnection) -> ConnectorError {
    let isName = TablePattern(pattern)?.isName != false
    let others = ((try? tables(connection)) ?? []).map {
      "\($0.schema == "public" ? TableName(schema: nil, name: $0.name) : $0)"
    }
    return ConnectorError(
      "postgres.undefined_table",
      "The tables at \(connection.address): \(isName ? "there is no table \(pattern)" : "no table matches \(pattern)")",
      remedy: .stop,
      hint: Suggestion.hint(for: pattern, among: others, noun: "Upper and lower case count; there are")
        ?? "The role of the url sees no table there.")
  }

  private func ordered(_ schemas: [TableSchema], _ connection: PostgresConnection) throws(PostgresError) -> Found {
    if schemas.isEmpty { return Found(schemas: [], circles: []) }
    let places = Dictionary(schemas.indices.map { ("\(schemas[$0].id)", $0) }, uniquingKeysWith: { first, _ in first })
    let keys = try connection.query(
      "SELECT conrelid, confrelid FROM pg_constraint WHERE contype = 'f' AND conparentid = 0")
    let edges = keys.rows.compactMap { row -> TableOrder.Edge? in
      guard let from = row[0].flatMap({ places[$0] }), let to = row[1].flatMap({ places[$0] }) else { return nil }
      return TableOrder.Edge(from: from, to: to)
    }
    let order = TableOrder(count: schemas.count, edges)
    return Found(schemas: order.order.map { schemas[$0] }, circles: order.circles.map { schemas[$0].name })
  }
}

extension TableSchema {
  /// As a pipeline sees it.
  var sourceTable: SourceTable {
    SourceTable(
      schema: name.schema, name: name.name, key: SnapshotQuery(self, condition: nil).key.map(\.name),
      columns: columns.map { SourceTable.Column($0.name, type: $0.type, isNotNull: $0.isNotNull) }, system: "postgres")
  }
}

/// An order of tables in which each comes behind those that its foreign keys lead to.
struct TableOrder: Equatable {
  /// A foreign key of one table that leads to another.
  struct Edge: Hashable {
    var from: Int
    var to: Int
  }

  private(set) var order: [Int] = []
  /// What has no place in such an order, because it leads to itself in the end; it comes where it was.
  private(set) var circles: [Int] = []

  /// Tables that do not depend on each other keep the order that they had.
  init(count: Int, _ edges: [Edge]) {
    let needed = Set(edges)
    circles = needed.filter { $0.from == $0.to }.map(\.from)
    var open = Array(0..<count)
    while !open.isEmpty {
      let waiting = Set(needed.filter { $0.from != $0.to && open.contains($0.to) }.map(\.from))
      let ready = open.firstIndex { !waiting.contains($0) }
      if ready == nil { circles.append(open[0]) }
      order.append(open.remove(at: ready ?? 0))
    }
    circles = Set(circles).sorted()
  }
}
