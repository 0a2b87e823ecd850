import Records

/// Writes each row as an element of a JSON array, with the comma and line break that stand before it.
///
/// Whoever writes the file puts the array's bracket in the place of the first comma, and closes the array.
final class JSONElementEncoder: Encoder {
  static let separator: [UInt8] = Array(",\n".utf8)

  private let rows: JSONRowEncoder

  init(_ columns: Columns) { rows = JSONRowEncoder(columns) }

  func encode(row: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    let start = payload.bytes.count
    Self.separator.withUnsafeBytes { payload.bytes.append($0) }
    do {
      try rows.encode(row: row, of: batch, into: payload)
    } catch {
      payload.bytes.truncate(to: start)
      throw error
    }
    // The line break of NDJSON.
    payload.bytes.truncate(to: payload.bytes.count - 1)
    payload.rows[payload.rows.count - 1].end = UInt64(payload.bytes.count)
  }
}
