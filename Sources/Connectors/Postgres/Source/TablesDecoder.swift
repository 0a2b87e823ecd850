import Records

/// Decodes batches of several tables, each of which holds the rows of one.
final class TablesDecoder: Decoder {
  private struct Table {
    var name: String
    var decoder: PostgresDecoder
  }

  private let tables: [Table]
  /// The table of the last batch.
  private var last = 0

  init(_ schemas: [TableSchema]) {
    tables = schemas.map { schema in
      let key = SnapshotQuery(schema, condition: nil).key.map(\.index)
      return Table(name: "\(schema.name)", decoder: PostgresDecoder(schema.columns, key: key))
    }
  }

  func decode(_ batch: Batch) {
    guard !tables.isEmpty else { return }
    if tables[last].name != batch.origin.name {
      last = tables.firstIndex { $0.name == batch.origin.name } ?? last
    }
    tables[last].decoder.decode(batch)
    if last == 0 { return }
    for event in batch.events.indices { batch.events[event].table = UInt16(last) }
  }
}
