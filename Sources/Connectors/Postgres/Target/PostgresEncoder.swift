import Records

/// Writes each row in COPY's binary form where all its values have one, and otherwise as one line of COPY's text.
///
/// In the text numbers and texts are copied as they came, so every digit stays.
final class PostgresEncoder: Encoder {
  let layout: RowLayout
  /// What stands in a delete.
  let deleteFields: [Int]
  /// The fields' kinds, read without reference counting.
  let kinds: [ColumnKind]
  private let named: Int
  var scratch = ByteBuffer()
  var cells = RawArray<Node>()
  var binary: BinaryRows
  private var members: RestMembers

  init(_ layout: RowLayout) {
    self.layout = layout
    deleteFields = layout.fields(of: .delete)
    kinds = layout.fields.map(\.kind)
    named = layout.named
    binary = BinaryRows(layout)
    members = RestMembers(layout)
  }

  func encode(row index: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    let row = batch.rows.rows[index]
    let start = payload.bytes.count
    do {
      let shape = try encode(row, batch, &payload.bytes)
      guard let shape else { return ignore(row, batch) }
      if !shape.isBinary { payload.bytes.append(0x0a) }
      payload.rows.append(
        Payload.Entry(end: UInt64(payload.bytes.count), event: row.event, stream: row.stream, tag: shape.tag))
    } catch {
      payload.bytes.truncate(to: start)
      throw error
    }
  }

  /// A delete that the pipeline ignores goes no further.
  private func ignore(_ row: Row, _ batch: Batch) { batch.events[Int(row.event)].outcome = .filtered }

  /// - Returns: nil where nothing is to be done.
  private func encode(_ row: Row, _ batch: Batch, _ out: inout ByteBuffer) throws(Refusal) -> RowLayout.Shape? {
    switch row.operation {
    case .upsert:
      try gather(row, batch)
      if try encodeBinary(batch, &out) { return .binary }
      let isPartial = batch.events[Int(row.event)].isPartial
      if let shape = try encodePartialBinary(batch, isPartial: isPartial, &out) { return shape }
      return try encodeFields(batch, isPartial: isPartial, &out)
    case .delete:
      if layout.onDelete == .ignore { return nil }
      try gather(row, batch)
      if try encodeBinaryDelete(batch, &out) { return .binaryDelete }
      try encodeDelete(batch, &out)
      return .delete
    case .truncate:
      if layout.onDelete == .ignore { return nil }
      if layout.lanes == 1 { return .truncate }
      throw Refusal(
        code: "postgres.truncate_needs_one_lane", message: "a truncate cannot be put in order among several lanes")
    }
  }

  /// Puts the row's cells into the order of the layout.
  private func gather(_ row: Row, _ batch: Batch) throws(Refusal) {
    cells.removeAll()
    cells.reserve(kinds.count)
    let first = batch.rows.cells.base + Int(row.firstCell)
    for column in 0..<named { cells.base[column] = first[column] }
    for column in named..<kinds.count { cells.base[column] = .absent }
    cells.setCount(kinds.count)
    guard layout.passesRest, row.rest != Event.none else { return }
    if let unknown = members.fill(&cells, row.rest, batch), row.operation == .upsert {
      throw Refusal(
        code: "postgres.undefined_column", field: unknown,
        message: "the table has no column \"\(unknown)\" for this field")
    }
  }

  /// - Parameter isPartial: whether no new row can be made of it.
  private func encodeFields(
    _ batch: Batch, isPartial: Bool, _ out: inout ByteBuffer
  ) throws(Refusal) -> RowLayout.Shape {
    var isFull = true
    var isFirst = true
    for column in 0..<kinds.count {
      if cells.base[column].kind == .absent {
        isFull = false
        continue
      }
      if !isFirst { out.append(CopyText.tab) }
      isFirst = false
      try append(column, batch, &out)
    }
    return isFull ? .full : .partial(try setNumber(isPartial))
  }

  /// The number of the fields that the row has.
  func setNumber(_ isPartial: Bool) throws(Refusal) -> Int {
    let set = (0..<kinds.count).map { cells.base[$0].kind != .absent }
    guard let number = layout.number(of: set, changesOnly: isPartial) else {
      throw Refusal(
        code: "postgres.too_many_shapes",
        message: "rows leave out fields in more than \(RowLayout.setsMax) different combinations")
    }
    return number
  }

  private func encodeDelete(_ batch: Batch, _ out: inout ByteBuffer) throws(Refusal) {
    guard !layout.key.isEmpty else {
      throw Refusal(code: "postgres.delete_needs_key", message: "without a key nobody knows which row to delete")
    }
    for column in deleteFields {
      if cells.base[column].kind == .absent {
        if layout.key.contains(column) {
          throw Refusal(
            code: "postgres.delete_needs_key", field: layout.fields[column].name,
            message: "the delete does not say which row is meant: the source identifies rows by other columns")
        }
        cells.base[column] = .null
      }
      try append(column, batch, &out)
      out.append(CopyText.tab)
    }
    out.append(UInt8(ascii: "d"))
  }

  // MARK: - Cells

  @inline(__always)
  private func append(_ column: Int, _ batch: Batch, _ out: inout ByteBuffer) throws(Refusal) {
    let cell = cells.base[column]
    let isOrdinary: Bool
    switch kinds[column] {
    case .json, .bytes, .array: isOrdinary = false
    default: isOrdinary = true
    }
    switch cell.kind {
    case .null where !cell.flags.contains(.textOnly): out.append("\\N")
    case .integer where isOrdinary, .number where isOrdinary:
      if cell.flags.contains(.inline) {
        NodeJSON.appendInteger(cell.inlineInteger, to: &out)
      } else {
        out.append(batch.raw(cell))
      }
    case .string where isOrdinary && !cell.flags.contains(.plain) && !cell.flags.contains(.escaped):
      // Neither a backslash nor a control character can stand in it.
      out.append(batch.raw(cell))
    default: try appendOther(cell, column, batch, &out)
    }
  }

  private func appendOther(
    _ cell: Node, _ column: Int, _ batch: Batch, _ out: inout ByteBuffer
  ) throws(Refusal) {
    switch kinds[column] {
    case .json: appendJSON(cell, batch)
    case .bytes: try appendBytes(cell, column, batch)
    case .array(let kind, let delimiter): appendArray(cell, kind, delimiter, batch)
    default: appendText(cell, batch)
    }
    guard CopyText.append(scratch.bytes, to: &out) else { throw zeroCharacter(column) }
  }

  func zeroCharacter(_ column: Int) -> Refusal {
    Refusal(
      code: "postgres.nul_character", field: layout.fields[column].name,
      message: "the text holds a zero character (U+0000), which PostgreSQL cannot store")
  }

  /// The plain text of the cell, in `scratch`.
  func appendText(_ cell: Node, _ batch: Batch) {
    scratch.removeAll()
    switch cell.kind {
    case .string where cell.flags.contains(.escaped): JSONText.unescape(batch.raw(cell), into: &scratch)
    case .string: scratch.append(batch.raw(cell))
    case .array where !cell.flags.contains(.plain), .object where !cell.flags.contains(.plain):
      scratch.append(batch.raw(cell))
    default: NodeJSON.append(cell: cell, of: batch, to: &scratch)
    }
  }

  /// The JSON text of the cell; what came as JSON stays as it was, spaces included.
  func appendJSON(_ cell: Node, _ batch: Batch) {
    scratch.removeAll()
    switch cell.kind {
    case .array where !cell.flags.contains(.plain), .object where !cell.flags.contains(.plain):
      scratch.append(batch.raw(cell))
    default: NodeJSON.append(cell: cell, of: batch, to: &scratch)
    }
  }

  private func appendArray(_ cell: Node, _ kind: ColumnKind, _ delimiter: UInt8, _ batch: Batch) {
    let isLiteral = cell.kind == .array && cell.flags.contains(.plain) && ArrayLiteral.isOne(batch.raw(cell))
    if cell.kind == .array, !isLiteral, case .array(let items)? = batch.value(ofCell: cell) {
      scratch.removeAll()
      scratch.append(ArrayLiteral.text(items, of: kind, delimiter: delimiter))
    } else if isLiteral {
      scratch.removeAll()
      scratch.append(batch.raw(cell))
    } else {
      appendText(cell, batch)
    }
  }

  /// `\x…` as PostgreSQL writes it, or base64 as JSON has it.
  func appendBytes(_ cell: Node, _ column: Int, _ batch: Batch) throws(Refusal) {
    appendText(cell, batch)
    if scratch.bytes.starts(with: [CopyText.backslash, UInt8(ascii: "x")]) { return }
    guard cell.kind == .string, let bytes = Base64.decode(Array(scratch.bytes)) else {
      throw Refusal(
        code: "postgres.bytes", field: layout.fields[column].name,
        message: "a bytea column takes base64, or hexadecimal digits behind \\x")
    }
    scratch.removeAll()
    scratch.append("\\x")
    for byte in bytes {
      scratch.append(Self.digits[Int(byte >> 4)])
      scratch.append(Self.digits[Int(byte & 15)])
    }
  }

  private static let digits = Array("0123456789abcdef".utf8)
}

/// Writes the rows of several streams, each by the layout of its table.
final class PostgresStreamsEncoder: Encoder {
  private let encoders: [PostgresEncoder]

  init(_ layouts: [RowLayout]) { encoders = layouts.map { PostgresEncoder($0) } }

  func encode(row index: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    try encoders[Int(batch.rows.rows[index].stream)].encode(row: index, of: batch, into: payload)
  }
}
