import ConnectorKit
import Records

/// An update that changes the key, of a row with values that the server does not send because they were not changed.
///
/// Downstream the old row goes and the new one comes, so these values would be lost. They are read from the table, which
/// may be newer than the change: then a later change brings the same. Where the row is not there any more, a later change
/// takes it away or gives it another key, and only the old key's delete is given out.
struct KeyChange {
  let relation: RelationVersion
  let clerk: StreamClerk

  /// - Returns: the message to give out instead; nil where it can stand as it is.
  func mended(_ message: UnsafeRawBufferPointer) throws(ConnectorError) -> [UInt8]? {
    guard case .update(let id, let old?, let new)? = (try? OutputReader.read(message))?.message, old.kind == .key
    else { return nil }
    let before = cells(old.tuple, message)
    let after = cells(new, message)
    guard after.contains(.unchanged), changesKey(before, after) else { return nil }
    let missing = after.indices.filter { after[$0] == .unchanged }
    guard let values = try read(missing, after) else { return delete(id, before) }
    var whole = after
    for (column, value) in zip(missing, values) { whole[column] = value.map { .text(Array($0.utf8)) } ?? .null }
    return update(id, before, whole)
  }

  private enum Cell: Equatable {
    case null, unchanged
    case text([UInt8])

    var string: String? { if case .text(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil } }
  }

  private func cells(_ tuple: OutputMessage.Tuple, _ message: UnsafeRawBufferPointer) -> [Cell] {
    var reader = TupleReader(message, tuple)
    return (0..<min(tuple.columns, relation.columns.count)).map { _ in
      switch try? reader.next() {
      case .text(let range)?: .text(Array(message[range]))
      case .unchanged?: .unchanged
      default: .null
      }
    }
  }

  private func changesKey(_ old: [Cell], _ new: [Cell]) -> Bool {
    relation.key.contains { column in
      column < old.count && column < new.count && new[column] != .unchanged && old[column] != new[column]
    }
  }

  /// - Returns: nil where no row has the new key.
  private func read(_ columns: [Int], _ row: [Cell]) throws(ConnectorError) -> [String?]? {
    let names = SQLName.list(columns.map { relation.columns[$0].name })
    let table = TableName(schema: relation.schema, name: relation.name)
    let key = relation.key.enumerated().map { "\(SQLName.quoted(relation.columns[$1].name)) = $\($0 + 1)" }
    do throws(PostgresError) {
      return try clerk.connection.query(
        "SELECT \(names) FROM \(table.sql) WHERE \(key.joined(separator: " AND "))", relation.key.map { row[$0].string }
      ).rows.first
    } catch {
      throw error.connectorError("\(table) at \(clerk.connection.address)")
    }
  }

  // MARK: - Writing

  private func update(_ id: UInt32, _ old: [Cell], _ new: [Cell]) -> [UInt8] {
    [UInt8(ascii: "U")] + Self.bytes(id) + [UInt8(ascii: "K")] + Self.tuple(old) + [UInt8(ascii: "N")] + Self.tuple(new)
  }

  private func delete(_ id: UInt32, _ old: [Cell]) -> [UInt8] {
    [UInt8(ascii: "D")] + Self.bytes(id) + [UInt8(ascii: "K")] + Self.tuple(old)
  }

  private static func tuple(_ cells: [Cell]) -> [UInt8] {
    var out = bytes(UInt16(cells.count))
    for cell in cells {
      switch cell {
      case .null: out.append(UInt8(ascii: "n"))
      case .unchanged: out.append(UInt8(ascii: "u"))
      case .text(let text):
        out.append(UInt8(ascii: "t"))
        out += bytes(UInt32(text.count)) + text
      }
    }
    return out
  }

  private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }
}
