import Glibc
import Records

/// Whether rows of a table are written in binary form, and how it has gone so far.
struct BinaryRows {
  /// Of all fields; empty where rows go as text.
  private(set) var forms: [BinaryForm] = []
  private var rows = 0
  private var textRows = 0

  /// Each row in the other form ends a COPY, so few of them are borne: so many, and one in so many.
  private static let textRowsMax = 64
  private static let textRowOneIn = 1_000

  init(_ layout: RowLayout) {
    let forms = layout.fields.compactMap(\.binary)
    if forms.count == layout.fields.count, forms.count <= Int(Int16.max) { self.forms = forms }
  }

  mutating func count(isText: Bool) {
    rows += 1
    if !isText { return }
    textRows += 1
    if textRows > Self.textRowsMax + rows / Self.textRowOneIn { forms = [] }
  }
}

extension PostgresEncoder {
  /// - Returns: false, and nothing is written, where a cell is left out or has no binary form.
  func encodeBinary(_ batch: Batch, _ out: inout ByteBuffer) throws(Refusal) -> Bool {
    let count = binary.forms.count
    if count == 0 { return false }
    let start = out.count
    BinaryCells.append(Int16(count), to: &out)
    for column in 0..<count {
      if try append(cells.base[column], binary.forms[column], column, batch, &out) { continue }
      out.truncate(to: start)
      // A row with a field left out is a partial one, whatever its form.
      if !cells.base[column].kind.isAbsent { binary.count(isText: true) }
      return false
    }
    binary.count(isText: false)
    return true
  }

  /// A row that leaves fields out.
  ///
  /// - Returns: nil, and nothing is written, where it leaves none out or a cell has no binary form.
  func encodePartialBinary(
    _ batch: Batch, isPartial: Bool, _ out: inout ByteBuffer
  ) throws(Refusal) -> RowLayout.Shape? {
    let count = binary.forms.count
    let present = (0..<count).count { !cells.base[$0].kind.isAbsent }
    if count == 0 || present == count { return nil }
    let start = out.count
    BinaryCells.append(Int16(present), to: &out)
    for column in 0..<count where !cells.base[column].kind.isAbsent {
      if try append(cells.base[column], binary.forms[column], column, batch, &out) { continue }
      out.truncate(to: start)
      return nil
    }
    return .binaryPartial(try setNumber(isPartial))
  }

  /// - Returns: false, and nothing is written, where a cell is left out or has no binary form.
  func encodeBinaryDelete(_ batch: Batch, _ out: inout ByteBuffer) throws(Refusal) -> Bool {
    guard layout.keyForms != nil else { return false }
    let start = out.count
    BinaryCells.append(Int16(deleteFields.count + 1), to: &out)
    for column in deleteFields {
      if let form = layout.fields[column].binary, try append(cells.base[column], form, column, batch, &out) { continue }
      out.truncate(to: start)
      return false
    }
    BinaryCells.append(Int32(1), to: &out)
    out.append(UInt8(ascii: "d"))
    return true
  }

  @inline(__always)
  private func append(
    _ cell: Node, _ form: BinaryForm, _ column: Int, _ batch: Batch, _ out: inout ByteBuffer
  ) throws(Refusal) -> Bool {
    switch cell.kind {
    case .absent: return false
    case .null where !cell.flags.contains(.textOnly): BinaryCells.appendNull(to: &out)
    case .string where form == .text && !cell.flags.contains(.escaped) && kinds[column] == .text:
      let text = batch.raw(cell)
      if cell.flags.contains(.plain), holdsZero(text) { throw zeroCharacter(column) }
      BinaryCells.append(text: text, to: &out)
    case .integer
    where cell.flags.contains(.inline) && BinaryCells.append(integer: cell.inlineInteger, as: form, to: &out):
      break
    case .true where form == .bool: BinaryCells.append(bool: true, to: &out)
    case .false where form == .bool: BinaryCells.append(bool: false, to: &out)
    default: return try appendOther(cell, form, column, batch, &out)
    }
    return true
  }

  private func appendOther(
    _ cell: Node, _ form: BinaryForm, _ column: Int, _ batch: Batch, _ out: inout ByteBuffer
  ) throws(Refusal) -> Bool {
    switch form {
    case .text, .jsonb:
      if kinds[column] == .json { appendJSON(cell, batch) } else { appendText(cell, batch) }
      if holdsZero(scratch.bytes) { throw zeroCharacter(column) }
      let isVersioned = form == .jsonb
      BinaryCells.append(Int32(truncatingIfNeeded: scratch.count + (isVersioned ? 1 : 0)), to: &out)
      // The only version that there is.
      if isVersioned { out.append(1) }
      out.append(scratch.bytes)
      return true
    case .bytes:
      try appendBytes(cell, column, batch)
      return BinaryCells.append(hexadecimal: UnsafeRawBufferPointer(rebasing: scratch.bytes.dropFirst(2)), to: &out)
    default: break
    }
    switch cell.kind {
    case .integer where !cell.flags.contains(.inline), .number where !cell.flags.contains(.inline),
      .string where !cell.flags.contains(.escaped):
      return BinaryCells.append(batch.raw(cell), as: form, to: &out)
    case .integer, .number:
      appendText(cell, batch)
      return BinaryCells.append(scratch.bytes, as: form, to: &out)
    default: return false
    }
  }

  @inline(__always)
  private func holdsZero(_ text: UnsafeRawBufferPointer) -> Bool {
    text.baseAddress.map { memchr($0, 0, text.count) != nil } ?? false
  }
}

extension Node.Kind {
  @inline(__always)
  fileprivate var isAbsent: Bool { self == .absent }
}
