import Records

/// Makes nodes of the texts of a row's cells, by the types of its columns: the same for rows that were read and rows that
/// were streamed.
struct CellDecoder: ~Copyable {
  private let kinds: [ColumnKind]
  /// The columns' key ids and kinds, read without reference counting.
  private var ids: [UInt16] = []
  private var simple: [Simple] = []

  /// The kinds that need no further look at the column.
  private enum Simple: UInt8 {
    case text, number, decimal, float, bool, date, timestamp, timestampWithZone, other

    init(_ kind: ColumnKind) {
      self =
        switch kind {
        case .text, .bytes: .text
        case .number: .number
        case .decimal: .decimal
        case .float: .float
        case .date: .date
        case .bool: .bool
        case .timestamp: .timestamp
        case .timestampWithZone: .timestampWithZone
        case .json, .array: .other
        }
    }
  }

  init(_ columns: [(name: String, kind: ColumnKind)], _ keys: KeyTable) {
    kinds = columns.map(\.kind)
    for column in columns {
      var name = column.name
      ids.append(name.withUTF8 { keys.id(of: UnsafeRawBufferPointer($0)) })
      simple.append(Simple(column.kind))
    }
  }

  var count: Int { ids.count }

  /// The key id of a column's name.
  func id(of column: Int) -> UInt16 { ids[column] }

  /// Appends the value of a column whose text stands in the batch as it is.
  @inline(__always)
  func append(_ range: Range<Int>, _ column: Int, _ values: inout ValueDecoder, _ batch: Batch) {
    var node = Node(
      .string, key: ids[column], next: UInt32(batch.nodes.count + 1), offset: UInt32(range.lowerBound),
      length: UInt32(range.count))
    switch simple[column] {
    case .number: ValueDecoder.number(&node, batch)
    case .decimal: ValueDecoder.decimal(&node, batch)
    case .float: ValueDecoder.float(&node, batch)
    case .bool: node.kind = batch.bytes.base[range.lowerBound] == UInt8(ascii: "t") ? .true : .false
    case .date: ValueDecoder.date(&node, batch)
    case .timestamp: ValueDecoder.timestamp(&node, batch)
    case .timestampWithZone: ValueDecoder.timestampWithZone(&node, batch)
    case .text: node.flags = ValueDecoder.flags(node, batch)
    case .other: return values.append(node, kinds[column], batch)
    }
    batch.nodes.append(node)
  }

  /// Appends an integer that stands in its node.
  @inline(__always)
  func append(_ integer: Int64, _ column: Int, _ batch: Batch) {
    var node = Node(integer: integer)
    node.key = ids[column]
    node.next = UInt32(batch.nodes.count + 1)
    batch.nodes.append(node)
  }

  /// Appends a value that its kind tells.
  @inline(__always)
  func append(_ kind: Node.Kind, _ column: Int, _ batch: Batch) {
    batch.nodes.append(Node(kind, key: ids[column], next: UInt32(batch.nodes.count + 1)))
  }

  func appendNull(_ column: Int, _ batch: Batch) { append(.null, column, batch) }
}
