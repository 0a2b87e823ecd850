import Records

/// The fields of one row, as templates ask for them. Belongs to one encoder, which sets it to each row in turn.
struct RowView: ~Copyable {
  let columns: Columns
  private let rowEncoder: JSONRowEncoder
  /// All fields of the row, as JSON.
  private let row = Payload()
  private var text = ByteBuffer()
  /// Where the row stands in its batch.
  private(set) var index = 0
  private var eventID = ByteBuffer()
  private(set) var id: (UInt64, UInt64) = (0, 0)
  /// What the row's id is made of; it begins with what tells this pipeline's rows from those of others.
  private var identity = ByteBuffer()
  private let identityPrefix: Int?
  var idempotencyKey: String { IdempotencyKey.text(id) }

  /// - Parameter pipeline: what tells its rows from those of others; nil: rows need no id.
  init(_ columns: Columns, pipeline: String? = nil) {
    self.columns = columns
    rowEncoder = JSONRowEncoder(columns)
    if let pipeline {
      identity.append(pipeline)
      identity.append(0)
    }
    identityPrefix = pipeline == nil ? nil : identity.count
  }

  /// Goes to a row of a batch.
  mutating func set(_ index: Int, of batch: Batch) throws(Refusal) {
    self.index = index
    row.reset()
    try appendRow(batch)
    guard let identityPrefix else { return }
    eventID.removeAll()
    batch.appendEventID(batch.events[Int(batch.rows.rows[index].event)], to: &eventID)
    id = IdempotencyKey.id(
      event: eventID.bytes, row: ordinal(batch), fields: row.bytes.bytes, behind: identityPrefix, in: &identity)
  }

  /// Which of the rows of its event it is: `explode` makes several.
  private func ordinal(_ batch: Batch) -> Int {
    var first = index
    while first > 0, batch.rows.rows[first - 1].event == batch.rows.rows[index].event { first -= 1 }
    return index - first
  }

  // MARK: - JSON

  /// Appends the field's value as JSON; false where it is left out.
  mutating func appendJSON(_ field: RowField, of batch: Batch, to out: inout ByteBuffer) throws(Refusal) -> Bool {
    switch field {
    case .column(let column):
      let cell = batch.rows.cells[Int(batch.rows.rows[index].firstCell) + column]
      if cell.kind == .absent { return false }
      NodeJSON.append(cell: cell, of: batch, to: &out)
    case .member(let name):
      guard let node = member(name, batch) else { return false }
      NodeJSON.append(node: node, of: batch, to: &out)
    case .row: out.append(row.bytes.bytes)
    case .rows: return false
    case .operation: JSONText.quote(operation(batch).name, into: &out)
    case .eventID: JSONText.quote(eventID.bytes, into: &out)
    case .idempotencyKey: JSONText.quote(idempotencyKey, into: &out)
    }
    return true
  }

  /// All fields that the row has; of a delete, those of its key.
  private func appendRow(_ batch: Batch) throws(Refusal) {
    guard batch.rows.rows[index].operation == .upsert else { return appendFields(batch) }
    try rowEncoder.encode(row: index, of: batch, into: row)
    // Without its line break.
    row.bytes.truncate(to: row.bytes.count - 1)
  }

  private func appendFields(_ batch: Batch) {
    let first = Int(batch.rows.rows[index].firstCell)
    row.bytes.append(UInt8(ascii: "{"))
    for (column, name) in columns.names.enumerated() where batch.rows.cells[first + column].kind != .absent {
      if row.bytes.count > 1 { row.bytes.append(UInt8(ascii: ",")) }
      JSONText.quote(name, into: &row.bytes)
      row.bytes.append(UInt8(ascii: ":"))
      NodeJSON.append(cell: batch.rows.cells[first + column], of: batch, to: &row.bytes)
    }
    row.bytes.append(UInt8(ascii: "}"))
  }

  mutating func append(_ part: BodyPart, of batch: Batch, to out: inout ByteBuffer) throws(Refusal) -> Bool {
    switch part {
    case .text(let text): text.withUnsafeBytes { out.append($0) }
    case .field(let field): return try appendJSON(field, of: batch, to: &out)
    case .array(let parts):
      out.append(UInt8(ascii: "["))
      for (index, part) in parts.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        // An element that is left out would move those behind it.
        if try !append(part, of: batch, to: &out) { out.append("null") }
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members): try append(members, of: batch, to: &out)
    }
    return true
  }

  private mutating func append(
    _ members: [(name: [UInt8], value: BodyPart)], of batch: Batch, to out: inout ByteBuffer
  ) throws(Refusal) {
    out.append(UInt8(ascii: "{"))
    var isFirst = true
    for member in members {
      let start = out.count
      if !isFirst { out.append(UInt8(ascii: ",")) }
      member.name.withUnsafeBytes { out.append($0) }
      if try append(member.value, of: batch, to: &out) { isFirst = false } else { out.truncate(to: start) }
    }
    out.append(UInt8(ascii: "}"))
  }

  // MARK: - Text

  /// Gives the field's plain text; false where it has none: it is left out, null or a container.
  mutating func withText(
    _ field: RowField, of batch: Batch, _ body: (UnsafeRawBufferPointer) throws(Refusal) -> Void
  ) throws(Refusal) -> Bool {
    text.removeAll()
    switch field {
    case .column(let column):
      let cell = batch.rows.cells[Int(batch.rows.rows[index].firstCell) + column]
      guard appendText(cell, of: batch) else { return false }
    case .member(let name):
      guard let node = member(name, batch), appendText(batch.nodes[node], of: batch) else { return false }
    case .operation: text.append(operation(batch).name)
    case .eventID: text.append(eventID.bytes)
    case .idempotencyKey: text.append(idempotencyKey)
    case .row, .rows: return false
    }
    try body(text.bytes)
    return true
  }

  private mutating func appendText(_ cell: Node, of batch: Batch) -> Bool {
    switch cell.kind {
    case .string where cell.flags.contains(.escaped): JSONText.unescape(batch.raw(cell), into: &text)
    case .string: text.append(batch.raw(cell))
    case .true, .false, .integer, .number: NodeJSON.append(cell: cell, of: batch, to: &text)
    case .absent, .null, .array, .object, .keyText: return false
    }
    return true
  }

  // MARK: - Parts

  func operation(_ batch: Batch) -> Operation {
    let row = batch.rows.rows[index]
    if row.operation == .delete { return .delete }
    let operation = batch.events[Int(row.event)].operation
    return operation == .delete ? .update : operation
  }

  private func member(_ name: String, _ batch: Batch) -> Int? {
    let rest = batch.rows.rows[index].rest
    guard rest != Event.none else { return nil }
    return batch.member(name, of: Int(rest))
  }

  /// A hash of the key's texts; nil where the mapping has no key.
  mutating func keyHash(_ batch: Batch) -> UInt64? {
    if columns.key.isEmpty { return nil }
    text.removeAll()
    for column in columns.key {
      let cell = batch.rows.cells[Int(batch.rows.rows[index].firstCell) + column]
      if !appendNumber(cell, of: batch), !appendText(cell, of: batch) {
        NodeJSON.append(cell: cell, of: batch, to: &text)
      }
      text.append(0)
    }
    return UInt64(RawText.hash(text.bytes))
  }

  /// Numbers that are equal have one text, however they are written.
  private mutating func appendNumber(_ cell: Node, of batch: Batch) -> Bool {
    guard cell.kind == .number || cell.kind == .integer, !cell.flags.contains(.inline),
      let number = Decimal(batch.raw(cell))
    else { return false }
    text.append(number.normalized.description)
    return true
  }
}
