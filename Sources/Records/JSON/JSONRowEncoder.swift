import CScan

/// Writes each row as one JSON object and a line break (NDJSON).
///
/// Texts and numbers that came from JSON are copied as they were written, so that every digit and escape stays.
public final class JSONRowEncoder: Encoder {
  private let columns: Columns
  /// `,"name":"` of every column; the first one's comma becomes the brace.
  private var names = ByteBuffer()
  private var prefixes = RawArray<json_prefix>()
  private var rest: RestNames?

  public init(_ columns: Columns) {
    self.columns = columns
    for name in columns.names {
      let start = names.count
      names.append(memberPrefix(name))
      names.append(UInt8(ascii: "\""))
      prefixes.append(json_prefix(offset: UInt32(start), length: UInt32(names.count - start)))
    }
    rest = columns.rest.map { RestNames(excluded: $0.excluded) }
  }

  public func encode(row index: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    let row = batch.rows.rows[index]
    guard row.operation == .upsert else {
      throw Refusal(code: "file.delete_unsupported", message: "a file of rows has no deletes")
    }
    if columns.names.isEmpty, isWholeRecord(row, of: batch) {
      NodeJSON.append(node: Int(row.rest), of: batch, to: &payload.bytes)
    } else {
      encode(row, of: batch, into: payload)
    }
    payload.bytes.append(0x0a)
    payload.rows.append(Payload.Entry(end: UInt64(payload.bytes.count), event: row.event))
  }

  /// `mappings: all` and nothing else: the record passes as it stands.
  private func isWholeRecord(_ row: Row, of batch: Batch) -> Bool {
    row.rest != Event.none && columns.rest?.excluded.isEmpty == true
  }

  private func encode(_ row: Row, of batch: Batch, into payload: Payload) {
    let start = payload.bytes.count
    appendCells(row, of: batch, into: payload)
    if row.rest != Event.none, rest != nil { appendRest(row, of: batch, into: payload) }
    if payload.bytes.count == start { payload.bytes.append(UInt8(ascii: "{")) }
    payload.bytes.base[start] = UInt8(ascii: "{")
    payload.bytes.append(UInt8(ascii: "}"))
  }

  /// Most cells are copied as they stand, in one go; the others, and one that needs more room, are written on their own.
  private func appendCells(_ row: Row, of batch: Batch, into payload: Payload) {
    let cells = UnsafePointer(batch.rows.cells.base + Int(row.firstCell))
    var columns = json_columns(prefixes: prefixes.base, count: prefixes.count, names: names.base)
    var column = 0
    while true {
      var out: UnsafeMutablePointer<UInt8>? = payload.bytes.end
      column = json_copy_cells(
        &columns, UnsafeRawPointer(cells).assumingMemoryBound(to: json_node.self), column, batch.bytes.base, &out,
        payload.bytes.limit)
      payload.bytes.advance(by: (out ?? payload.bytes.end) - payload.bytes.end)
      if column == prefixes.count { return }
      append(cells[column], in: prefixes.base[column], of: batch, to: &payload.bytes)
      column += 1
    }
  }

  private func append(_ cell: Node, in prefix: json_prefix, of batch: Batch, to out: inout ByteBuffer) {
    out.append(UnsafeRawBufferPointer(start: names.base + Int(prefix.offset), count: Int(prefix.length) - 1))
    NodeJSON.append(cell: cell, of: batch, to: &out)
    out.reserve(Int(JSON_CELL_ROOM))
  }

  private func appendRest(_ row: Row, of batch: Batch, into payload: Payload) {
    let end = batch.nodes[Int(row.rest)].next
    var child = row.rest + 1
    while child < end {
      let node = batch.nodes[Int(child)]
      if node.kind == .keyText {
        appendOverflowing(Batch.Child(node: Int(child) + 1, keyText: Int(child)), of: batch, into: payload)
        child = batch.nodes[Int(child) + 1].next
        continue
      }
      if let prefix = rest?.prefix(of: node.key, in: batch.keys) {
        payload.bytes.append(prefix)
        NodeJSON.append(node: Int(child), of: batch, to: &payload.bytes)
      }
      child = node.next
    }
  }

  private func appendOverflowing(_ child: Batch.Child, of batch: Batch, into payload: Payload) {
    guard rest?.excludes(batch.name(of: child)) == false else { return }
    payload.bytes.append(UInt8(ascii: ","))
    NodeJSON.append(name: child, of: batch, to: &payload.bytes)
    payload.bytes.append(UInt8(ascii: ":"))
    NodeJSON.append(node: child.node, of: batch, to: &payload.bytes)
  }
}

/// `,"name":` for each key id that is passed on, made once for each id.
private struct RestNames {
  private let excluded: [[UInt8]]
  private var table = -1
  private var prefixes: [[UInt8]?] = []

  init(excluded: [String]) { self.excluded = excluded.map { Array($0.utf8) } }

  func excludes(_ name: String) -> Bool { excluded.contains { $0.elementsEqual(name.utf8) } }

  /// nil where the member is not passed on.
  mutating func prefix(of key: UInt16, in keys: KeyNames) -> [UInt8]? {
    if keys.table != table || prefixes.count < keys.names.count { learn(keys) }
    return prefixes[Int(key)]
  }

  private mutating func learn(_ keys: KeyNames) {
    if keys.table != table { prefixes.removeAll() }
    table = keys.table
    for name in keys.names[prefixes.count...] { prefixes.append(excludes(name) ? nil : memberPrefix(name)) }
  }

}

/// `,"name":`
private func memberPrefix(_ name: String) -> [UInt8] {
  var text = ByteBuffer()
  text.append(",")
  JSONText.quote(name, into: &text)
  text.append(":")
  return Array(text.bytes)
}

extension ByteBuffer {
  mutating func append(_ more: [UInt8]) { more.withUnsafeBytes { append($0) } }
}
