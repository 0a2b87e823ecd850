import Records

/// What expressions of common forms do with a cell; each is false where only an evaluation can tell.
enum ShortcutCell {
  /// Whole numbers of so many bytes fit 64 bits.
  private static let integerMax = 18
  /// Fractions of so many bytes name one double, and a double is written as the shortest such name.
  private static let fractionMax = 15

  /// Makes what stands in a record what an evaluation would have made of it, had it done nothing else. A text keeps the
  /// escapes that it came with, which mean the same: whoever reads the text takes them out.
  @inline(__always)
  static func settle(_ cell: inout Node, _ batch: Batch) -> Bool {
    cell.key = 0
    switch cell.kind {
    case .string: return !cell.flags.contains(.typed)
    case .null, .true, .false, .array, .object: return true
    case .integer: return !cell.flags.contains(.typed) && isInteger(cell, batch)
    case .number: return !cell.flags.contains(.typed) && isShortest(batch.text(of: cell))
    case .absent, .keyText: return false
    }
  }

  @inline(__always)
  static func isText(_ cell: Node) -> Bool { cell.isString && !cell.flags.contains(.typed) }

  /// Whether a whole number is written as an int is.
  private static func isInteger(_ cell: Node, _ batch: Batch) -> Bool {
    cell.flags.contains(.inline) || cell.length <= integerMax && !isNegativeZero(batch.text(of: cell))
  }

  /// A number that begins so is zero, or begins with zero: both are written in other ways too.
  private static func isNegativeZero(_ text: UnsafeRawBufferPointer) -> Bool {
    text.count > 1 && text[0] == UInt8(ascii: "-") && text[1] == UInt8(ascii: "0")
  }

  /// Whether a fraction is written as the double that it names: no zero stands at its end, and at most one before its
  /// digits. A column of doubles also has numbers without a point, and what is no number.
  private static func isShortest(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count <= fractionMax, let last = text.last, last != UInt8(ascii: "0"),
      case .number = JSONNumber.kind(text), !JSONNumber.hasExponent(text)
    else { return false }
    let first = text[0] == UInt8(ascii: "-") ? 1 : 0
    return text[first] != UInt8(ascii: "0") || text[first + 2] != UInt8(ascii: "0")
  }

  // MARK: Changes

  @inline(__always)
  static func apply(_ change: CommonForm.Change, to cell: inout Node, _ batch: Batch) -> Bool {
    switch change {
    case .trim:
      guard isText(cell) else { return false }
      CellText.trim(&cell, batch)
      return true
    case .int: return int(&cell, batch)
    case .decimal: return decimal(&cell, batch)
    case .string: return string(&cell)
    case .lower: return changeCase(&cell, from: UInt8(ascii: "A"), batch)
    case .upper: return changeCase(&cell, from: UInt8(ascii: "a"), batch)
    }
  }

  private static func int(_ cell: inout Node, _ batch: Batch) -> Bool {
    if case .integer = cell.kind { return !cell.flags.contains(.typed) }
    guard isText(cell) else { return false }
    let text = CellText.plain(&cell, batch)
    guard case .integer = JSONNumber.kind(text), text.count <= integerMax, !isNegativeZero(text) else { return false }
    become(.integer, &cell)
    return true
  }

  private static func decimal(_ cell: inout Node, _ batch: Batch) -> Bool {
    guard cell.isNumber || isText(cell) else { return false }
    if !cell.flags.contains(.inline) {
      let text = CellText.plain(&cell, batch)
      guard text.count <= Decimal.digitsMax, let kind = JSONNumber.kind(text), !JSONNumber.hasExponent(text),
        !isNegativeZero(text)
      else { return false }
      become(kind, &cell)
    }
    cell.flags.insert(.typed)
    return true
  }

  private static func string(_ cell: inout Node) -> Bool {
    if case .integer = cell.kind {
      guard !cell.flags.contains(.typed), !cell.flags.contains(.inline) else { return false }
      become(.string, &cell)
    }
    return isText(cell)
  }

  private static func become(_ kind: Node.Kind, _ cell: inout Node) {
    cell.kind = kind
    cell.flags.remove(.plain)
    cell.flags.remove(.wide)
  }

  /// Exchanges the case of the 26 letters from one on; a text without them stays where it is.
  private static func changeCase(_ cell: inout Node, from first: UInt8, _ batch: Batch) -> Bool {
    guard isText(cell) else { return false }
    let text = CellText.plain(&cell, batch)
    guard text.contains(where: { $0 &- first < 26 }) else { return true }
    let start = batch.bytes.count
    let flags = cell.flags
    let (offset, length) = (Int(cell.offset), Int(cell.length))
    batch.bytes.reserve(length)
    for index in offset..<offset + length {
      let byte = batch.bytes.base[index]
      batch.bytes.append(byte &- first < 26 ? byte ^ 0x20 : byte)
    }
    cell.offset = UInt32(truncatingIfNeeded: start)
    cell.flags = flags
    return true
  }
}
