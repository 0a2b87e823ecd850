/// Writes each row as one row of CSV. Cells are quoted where they must be, rows end with a line feed.
///
/// A null or a field that is left out is the dialect's spelling of null, or nothing; a text of just those characters is
/// quoted, so that both stay apart. Arrays and objects are JSON text.
public final class CSVRowEncoder: Encoder {
  private let count: Int
  private let dialect: CSVDialect
  private let null: [UInt8]
  private var scratch = ByteBuffer()

  /// - Parameter columns: must name all columns.
  public init(_ columns: Columns, _ dialect: CSVDialect) {
    count = columns.names.count
    self.dialect = dialect
    null = dialect.null ?? []
  }

  /// The row that names the columns.
  public static func header(_ columns: Columns, _ dialect: CSVDialect) -> [UInt8] {
    let encoder = CSVRowEncoder(columns, dialect)
    var out = ByteBuffer()
    for (index, name) in columns.names.enumerated() {
      if index > 0 { out.append(dialect.delimiter) }
      var name = name
      name.withUTF8 { encoder.append(text: UnsafeRawBufferPointer($0), to: &out) }
    }
    out.append(0x0a)
    return Array(out.bytes)
  }

  public func encode(row index: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    let row = batch.rows.rows[index]
    guard row.operation == .upsert else {
      throw Refusal(code: "file.delete_unsupported", message: "a file of rows has no deletes")
    }
    for column in 0..<count {
      if column > 0 { payload.bytes.append(dialect.delimiter) }
      append(batch.rows.cells[Int(row.firstCell) + column], of: batch, to: &payload.bytes)
    }
    payload.bytes.append(0x0a)
    payload.rows.append(Payload.Entry(end: UInt64(payload.bytes.count), event: row.event))
  }

  private func append(_ cell: Node, of batch: Batch, to out: inout ByteBuffer) {
    switch cell.kind {
    case .absent, .null, .keyText: null.withUnsafeBytes { out.append($0) }
    case .true: out.append("true")
    case .false: out.append("false")
    case .integer, .number: NodeJSON.append(cell: cell, of: batch, to: &out)
    case .string where !cell.flags.contains(.escaped): append(text: batch.raw(cell), to: &out)
    case .string:
      scratch.removeAll()
      JSONText.unescape(batch.raw(cell), into: &scratch)
      append(text: scratch.bytes, to: &out)
    case .array, .object:
      scratch.removeAll()
      NodeJSON.append(cell: cell, of: batch, to: &scratch)
      append(text: scratch.bytes, to: &out)
    }
  }

  private func append(text: UnsafeRawBufferPointer, to out: inout ByteBuffer) {
    guard mustQuote(text) else { return out.append(text) }
    out.reserve(text.count + 2)
    out.append(CSVDialect.quote)
    for byte in text {
      if byte == CSVDialect.quote { out.append(byte) }
      out.append(byte)
    }
    out.append(CSVDialect.quote)
  }

  private func mustQuote(_ text: UnsafeRawBufferPointer) -> Bool {
    let breaks = text.contains { $0 == dialect.delimiter || $0 == CSVDialect.quote || $0 == 0x0a || $0 == 0x0d }
    return breaks || text.elementsEqual(null)
  }
}
