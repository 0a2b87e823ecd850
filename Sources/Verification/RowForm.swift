import Records

/// The columns of one stream, and how their values are compared.
struct RowForm: Sendable {
  let columns: Columns
  /// One a column.
  let kinds: [FormWriter.Kind]
  /// Of members that no column names.
  let restKind: FormWriter.Kind
  private let excluded: Set<String>

  /// - Parameters:
  ///   - types: those of the target's columns in its own words, by their names; empty where it has none.
  ///   - keepsTypes: whether its values come back as what they are.
  init(_ columns: Columns, types: [String: String], keepsTypes: Bool) {
    self.columns = columns
    let usual: FormWriter.Kind = keepsTypes ? .any : .loose
    kinds = columns.names.map { types[$0].map(FormWriter.Kind.init(type:)) ?? usual }
    restKind = usual
    excluded = Set(columns.rest?.excluded ?? [])
  }

  var hasKey: Bool { !columns.key.isEmpty }

  /// What the record passes on beyond the named columns, without nulls, in the order of the names.
  func rest(of row: Row, _ batch: Batch) -> [(name: String, node: Node)] {
    guard columns.rest != nil, row.rest != Event.none else { return [] }
    var found: [(name: String, node: Node)] = []
    for child in batch.children(of: Int(row.rest)) {
      let name = batch.name(of: child)
      var node = batch.nodes[child.node]
      guard node.kind != .null, !excluded.contains(name) else { continue }
      node.next = UInt32(child.node)
      found.append((name, node))
    }
    return found.sorted { $0.name < $1.name }
  }

  /// Writes the key of a row; of a stream without one the whole row.
  func writeKey(_ row: Row, _ batch: Batch, _ writer: inout FormWriter) {
    guard hasKey else { return writeRow(row, batch, &writer) }
    writer.removeAll()
    for column in columns.key { writer.append(cell(column, row, batch), kinds[column], batch) }
  }

  func writeRow(_ row: Row, _ batch: Batch, _ writer: inout FormWriter) {
    writer.removeAll()
    for column in kinds.indices { writer.append(cell(column, row, batch), kinds[column], batch) }
    for (name, node) in rest(of: row, batch) {
      writer.append(name: name)
      writer.append(node, restKind, batch)
    }
  }

  func cell(_ column: Int, _ row: Row, _ batch: Batch) -> Node { batch.rows.cells[Int(row.firstCell) + column] }

  /// The values of the key's columns.
  func key(of row: Row, _ batch: Batch) -> [Value] {
    columns.key.map { batch.value(ofCell: cell($0, row, batch)) ?? .null }
  }
}

extension FormWriter.Kind {
  /// A type in the words of PostgreSQL and of standard SQL: `numeric(12,2)`.
  init(type: String) {
    let base = type.prefix { $0 != "(" && $0 != "[" }
    if type.hasSuffix("[]") {
      self = .any
    } else if ["smallint", "integer", "bigint", "numeric", "real", "double precision", "oid"].contains(base) {
      self = .number
    } else if base.hasPrefix("timestamp") {
      self = .time
    } else if ["boolean", "json", "jsonb"].contains(base) {
      self = .any
    } else {
      self = .text
    }
  }
}
