import ConnectorKit

/// What a server's catalog says about a table, a partitioned table or a view.
struct TableSchema: Sendable, Equatable {
  struct Column: Sendable, Equatable {
    var name: String
    /// `numeric(12,2)`
    var type: String
    var kind: ColumnKind
    /// nil where none is written.
    var binary: BinaryForm?
    var isNotNull: Bool
    /// Whether a row may leave it out although it is not null: a default, an identity.
    var hasDefault: Bool
    /// Computed by the server from other columns.
    var isGenerated: Bool
    /// `GENERATED ALWAYS AS IDENTITY`
    var isIdentityAlways: Bool
    var isEnum = false
    /// Whether values are equal if and only if their binary forms are, byte for byte.
    var isBytewise = false
  }

  enum Relation: String, Sendable {
    case table = "r"
    case partitioned = "p"
    case view = "v"
    case materialized = "m"
    case foreign = "f"
  }

  /// The server's number for it.
  var id: String
  var name: TableName
  var relation: Relation
  var columns: [Column]
  /// The primary key's columns, in its order; empty without one.
  var primaryKey: [String]
  /// The columns of each unique index that an upsert can rely on, the primary key's included.
  var uniqueKeys: [[String]]
  var hasDeferredConstraints: Bool
  /// Whether a row that is deleted takes others along, or changes them.
  var hasCascades = false
  /// As the server last counted them; nil where it never did.
  var estimatedRows: UInt64?
  /// Blocks on the disk.
  var blocks: UInt64

  func column(_ name: String) -> Column? { columns.first { $0.name.utf8.elementsEqual(name.utf8) } }
}

/// How the text of a column is read and written.
enum ColumnKind: Sendable, Equatable {
  case text, number, decimal, float, bool, json, bytes, date, timestamp, timestampWithZone
  indirect case array(of: ColumnKind, delimiter: UInt8)

  /// - Parameters:
  ///   - base: the name of the type in pg_type, below domains.
  ///   - element: of an array, the name of its elements' type, and the delimiter between them.
  init(base: String, element: String?, delimiter: String?) {
    if let element, let mark = delimiter?.utf8.first {
      self = .array(of: ColumnKind(base: element, element: nil, delimiter: nil), delimiter: mark)
      return
    }
    switch base {
    case "int2", "int4", "int8", "oid": self = .number
    case "numeric": self = .decimal
    case "float4", "float8": self = .float
    case "date": self = .date
    case "bool": self = .bool
    case "json", "jsonb": self = .json
    case "bytea": self = .bytes
    case "timestamp": self = .timestamp
    case "timestamptz": self = .timestampWithZone
    default: self = .text
    }
  }
}

extension TableSchema {
  /// Looks a table up; nil where there is none of that name.
  static func read(_ name: TableName, _ connection: PostgresConnection) throws(PostgresError) -> TableSchema? {
    let found = try connection.query(tableQuery, [name.schema, name.name]).rows.first
    guard let found, let id = found[0], let relation = found[3].flatMap(Relation.init(rawValue:)) else { return nil }
    var schema = TableSchema(
      id: id, name: TableName(schema: found[1], name: found[2] ?? name.name), relation: relation, columns: [],
      primaryKey: [],
      uniqueKeys: [], hasDeferredConstraints: found[4] == "t",
      estimatedRows: found[5].flatMap { Double($0) }.flatMap { $0 < 0 ? nil : UInt64($0) },
      blocks: found[6].flatMap { UInt64($0) } ?? 0)
    schema.hasCascades = found[7] == "t"
    schema.columns = try connection.query(columnQuery, [id]).rows.map(Column.init)
    for row in try connection.query(keyQuery, [id]).rows {
      let names = schema.columns(numbered: row[1] ?? "", try connection.query(numberQuery, [id]).rows)
      schema.uniqueKeys.append(names)
      if row[0] == "t" { schema.primaryKey = names }
    }
    return schema
  }

  /// Names for `int2vector` text as in `1 3`.
  private func columns(numbered numbers: String, _ all: [[String?]]) -> [String] {
    numbers.split(separator: " ").compactMap { number in
      all.first { $0[0] == String(number) }?[1]
    }
  }

  /// Without a schema the search path decides.
  private static let tableQuery = """
    SELECT c.oid, n.nspname, c.relname, c.relkind,
      EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.condeferrable), 
      CASE WHEN c.relkind = 'p' THEN
        (SELECT sum(p.reltuples) FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid WHERE t.isleaf)
      ELSE c.reltuples END,
      CASE WHEN c.relkind IN ('r', 'm') THEN
        pg_relation_size(c.oid) / current_setting('block_size')::bigint ELSE 0 END,
      EXISTS (SELECT FROM pg_constraint k WHERE k.confrelid = c.oid AND k.confdeltype NOT IN ('a', 'r'))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND CASE WHEN $1::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = $1 END
    """

  /// Domains are followed to the type that they are made of.
  private static let columnQuery = """
    WITH RECURSIVE base AS (
      SELECT a.attnum, t.oid, t.typname, t.typtype, t.typbasetype, t.typelem, t.typcategory
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL
      SELECT b.attnum, t.oid, t.typname, t.typtype, t.typbasetype, t.typelem, t.typcategory
      FROM base b JOIN pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd')
    SELECT a.attname, format_type(a.atttypid, a.atttypmod), b.typname,
      CASE WHEN b.typcategory = 'A' THEN e.typname END, CASE WHEN b.typcategory = 'A' THEN e.typdelim END,
      a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attgenerated <> '', a.attidentity = 'a',
      b.typtype,
      (b.typtype = 'e' OR b.typname IN ('int2', 'int4', 'int8', 'uuid', 'bool', 'date', 'timestamp', 'timestamptz',
        'bytea', 'text', 'varchar'))
      AND NOT EXISTS (SELECT FROM pg_collation l WHERE NOT l.collisdeterministic AND (l.oid = a.attcollation
        OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND l.oid = ANY (i.indcollation))))
    FROM pg_attribute a JOIN base b ON b.attnum = a.attnum AND b.typtype <> 'd' LEFT JOIN pg_type e ON e.oid = b.typelem
    WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
    """

  private static let keyQuery = """
    SELECT i.indisprimary, (SELECT string_agg(k.n::text, ' ' ORDER BY k.o)
      FROM unnest(i.indkey) WITH ORDINALITY k (n, o) WHERE k.o <= i.indnkeyatts)
    FROM pg_index i
    WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
      AND i.indimmediate
    ORDER BY i.indisprimary DESC, i.indexrelid
    """

  private static let numberQuery = "SELECT attnum, attname FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0"
}

extension TableSchema.Column {
  fileprivate init(_ row: [String?]) {
    name = row[0] ?? ""
    type = row[1] ?? ""
    kind = ColumnKind(base: row[2] ?? "", element: row[3], delimiter: row[4])
    binary = row[3] == nil ? BinaryForm(base: row[2] ?? "", isEnum: row[9] == "e") : nil
    isNotNull = row[5] == "t"
    hasDefault = row[6] == "t"
    isGenerated = row[7] == "t"
    isIdentityAlways = row[8] == "t"
    isEnum = row[9] == "e"
    isBytewise = row[10] == "t"
  }
}
