import ConnectorKit

/// The SQL that reads one table: pure text, made of its names and the keys reached.
struct SnapshotQuery: Sendable {
  /// How the rows are put in order, so that reading can go on in the middle.
  enum Order: Sendable, Equatable {
    /// By a unique key without nulls, in the database's own order and collation.
    case key([KeyColumn])
    /// By their place on the disk, in one pass.
    case place
    /// In none: one pass that cannot go on in the middle.
    case none
  }

  struct KeyColumn: Sendable, Equatable {
    var name: String
    var type: String
    /// Its place among the columns that are read.
    var index: Int
    var form: BinaryForm
  }

  let table: String
  let columns: [String]
  /// How the columns stand in a SELECT.
  private let selected: String
  let order: Order
  /// Conditions in SQL that every row meets.
  private let fixed: [String]

  init(_ schema: TableSchema, condition: String?, _ part: SourcePart = SourcePart()) {
    table = schema.name.sql
    columns = schema.columns.map(\.name)
    selected = schema.columns.map { $0.selected() }.joined(separator: ", ")
    let order = Self.order(schema)
    self.order = order
    var fixed = [condition, part.condition].compactMap { $0.map { "(\($0))" } }
    if let from = part.from { fixed += [Self.bound(order, ">=", from)].compactMap(\.self) }
    if let to = part.to { fixed += [Self.bound(order, "<", to)].compactMap(\.self) }
    if let shard = part.shard { fixed.append(Self.condition(shard, order, schema)) }
    if let keys = part.keys { fixed.append(Self.condition(keys, schema)) }
    self.fixed = fixed
  }

  /// By a hash of the key's text, or of the whole row's where there is none: it needs no agreement between those who load
  /// the other parts, and holds whatever is written meanwhile. The session fixes what texts look like.
  private static func condition(_ shard: SourcePart.Shard, _ order: Order, _ schema: TableSchema) -> String {
    let names: [String] =
      switch order {
      case .key(let key): key.map(\.name)
      case .place, .none: schema.columns.map(\.name)
      }
    // Positive, for a remainder that is not negative.
    let hash = "hashtextextended(ROW(\(SQLName.list(names)))::text, 0) & 9223372036854775807"
    return "(\(hash)) % \(shard.count) = \(shard.number - 1)"
  }

  private static func condition(_ keys: SourcePart.Keys, _ schema: TableSchema) -> String {
    let types = keys.columns.map { schema.column($0)?.type ?? "text" }
    let rows = keys.rows.map { row in
      "(" + zip(row, types).map { "\(SQLText.quoted($0))::\($1)" }.joined(separator: ", ") + ")"
    }
    return "(\(SQLName.list(keys.columns))) IN (\(rows.joined(separator: ", ")))"
  }

  private static func order(_ schema: TableSchema) -> Order {
    let keys = [schema.primaryKey] + schema.uniqueKeys
    let key = keys.first { key in !key.isEmpty && key.allSatisfy { schema.column($0)?.isNotNull == true } }
    if let key {
      return .key(
        key.compactMap { name in
          schema.columns.firstIndex { $0.name == name }.map {
            KeyColumn(
              name: name, type: schema.columns[$0].type, index: $0, form: schema.columns[$0].readForm)
          }
        })
    }
    return schema.relation == .table || schema.relation == .materialized ? .place : .none
  }

  /// The place that reading goes on behind: the texts of a row's key, or where it lies on the disk.
  ///
  /// - Parameter row: where it stands in the bytes; nil where reading cannot go on behind it.
  func cursor(of bytes: UnsafeRawBufferPointer, _ row: Range<Int>) -> TableProgress.Key? {
    let row = CopyRow(bytes, row)
    switch order {
    case .key(let key):
      let texts = key.compactMap { row.text($0.index, $0.form, bytes) }
      return texts.count == key.count ? texts : nil
    case .place: return row.text(columns.count, .text, bytes).map { [$0] }
    case .none: return nil
    }
  }

  var key: [KeyColumn] { if case .key(let key) = order { key } else { [] } }

  /// - Parameter limit: the most rows; nil for all of the range.
  func copy(_ range: TableProgress.Range, limit: Int?) -> String {
    "COPY (\(select(range, limit: limit))) TO STDOUT WITH (FORMAT binary)"
  }

  func select(_ range: TableProgress.Range, limit: Int?) -> String {
    // The row's place comes behind the columns, where decoders do not look.
    let place = order == .place ? ", concat(ctid)" : ""
    return "SELECT \(selected)\(place) FROM \(table)\(conditions(range))\(ordered)"
      + (limit.map { " LIMIT \($0)" } ?? "")
  }

  /// The key of the last of so many rows behind a key.
  func boundary(after key: TableProgress.Key?, rows: Int) -> String {
    "SELECT \(SQLName.list(self.key.map(\.name))) FROM \(table)"
      + conditions(TableProgress.Range(after: key, to: nil)) + ordered + " LIMIT 1 OFFSET \(rows - 1)"
  }

  /// With the table's name, because a bare one could mean the text of a column that is selected.
  private var ordered: String {
    key.isEmpty ? "" : " ORDER BY \(SQLName.list(key.map(\.name), prefix: table + "."))"
  }

  private func conditions(_ range: TableProgress.Range) -> String {
    var parts = fixed
    if let after = range.after, let bound = Self.bound(order, ">", after) { parts.append(bound) }
    if let to = range.to, let bound = Self.bound(order, "<=", to) { parts.append(bound) }
    // Without it the server may begin in the middle of the table, where another scan is.
    if order == .place, range.after == nil { parts.append("ctid >= '(0,0)'::tid") }
    return parts.isEmpty ? "" : " WHERE " + parts.joined(separator: " AND ")
  }

  private static func bound(_ order: Order, _ comparison: String, _ values: TableProgress.Key) -> String? {
    switch order {
    case .key(let key):
      let names = SQLName.list(key.map(\.name))
      let texts = zip(key, values).map { "\(SQLText.quoted($1))::\($0.type)" }.joined(separator: ", ")
      return key.count == 1 ? "\(names) \(comparison) \(texts)" : "(\(names)) \(comparison) (\(texts))"
    case .place: return values.first.map { "ctid \(comparison) \(SQLText.quoted($0))::tid" }
    case .none: return nil
    }
  }
}
