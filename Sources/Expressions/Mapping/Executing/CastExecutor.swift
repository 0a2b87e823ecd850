import Records

/// Why a step refuses a value.
struct CellProblem: Error {
  var code: String
  var message: String
}

/// Casts of mapping objects. A cast that would lose something is refused.
enum CastExecutor {
  static func apply(_ cast: Cast, to cell: inout Node, _ batch: Batch) throws(CellProblem) {
    switch cast {
    case .string: try string(&cell, batch)
    case .int: try int(&cell, batch)
    case .decimal: try decimal(&cell, batch)
    case .double: try double(&cell, batch)
    case .bool: try bool(&cell, batch)
    case .date: try date(&cell, batch)
    case .timestamp: try timestamp(&cell, batch)
    case .epochSeconds: try epoch(&cell, batch, unitsPerSecond: 1, "epoch_s")
    case .epochMilliseconds: try epoch(&cell, batch, unitsPerSecond: 1_000, "epoch_ms")
    case .uuid: try uuid(&cell, batch)
    case .json: try json(&cell, batch)
    case .bytes: try bytes(&cell, batch)
    }
  }

  private static func refuse(
    _ cell: Node, _ batch: Batch, _ cast: String, _ why: String = ""
  ) -> CellProblem {
    CellProblem(
      code: "mapping.cast_failed", message: "\(shown(cell, batch)) is no \(cast)\(why.isEmpty ? "" : ": \(why)")")
  }

  /// The value as messages show it, shortened.
  static func shown(_ cell: Node, _ batch: Batch) -> String {
    switch cell.kind {
    case .string:
      let text = batch.text(cell)
      return
        "\"\(text.unicodeScalars.count > 60 ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(60))) + "…" : text)\""
    case .integer, .number: return batch.text(cell)
    case .true: return "true"
    case .false: return "false"
    default: return cell.kind.phrase
    }
  }

  private static func string(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    switch cell.kind {
    case .string: return
    case .integer, .number, .true, .false:
      if cell.kind == .integer || cell.kind == .number, !cell.flags.contains(.inline) {
        cell.kind = .string
        return
      }
      let text = shown(cell, batch)
      cell.kind = .string
      CellText.set(&cell, to: text, in: batch)
    default: throw refuse(cell, batch, "string", "as: json writes a container as text")
    }
  }

  // MARK: Numbers

  /// Lets a text be the number that it spells, where it is spelt as JSON spells it: no copy is made.
  private static func adoptNumber(_ cell: inout Node, _ batch: Batch) -> Bool {
    guard cell.isString else { return cell.isNumber }
    guard let kind = JSONNumber.kind(CellText.plain(&cell, batch)) else { return false }
    cell.kind = kind
    cell.flags.remove(.plain)
    cell.flags.remove(.wide)
    return true
  }

  /// The number of a cell that is one, or is a text that spells one.
  static func number(_ cell: Node, _ batch: Batch) -> Decimal? {
    cell.flags.contains(.inline) ? Decimal(Int128(cell.inlineInteger)) : Decimal(batch.raw(cell))
  }

  private static func int(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    if adoptNumber(&cell, batch), case .integer = cell.kind, cell.flags.contains(.inline) || cell.length <= 18 {
      return
    }
    guard cell.kind == .integer || cell.kind == .number || cell.kind == .string else {
      throw refuse(cell, batch, "int")
    }
    guard let number = number(cell, batch) else { throw refuse(cell, batch, "int") }
    guard let whole = number.int64 else {
      throw refuse(cell, batch, "int", number.isIntegral ? "it does not fit 64 bits" : "it has a fraction")
    }
    cell = Node(integer: whole)
  }

  private static func decimal(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    if adoptNumber(&cell, batch), cell.flags.contains(.inline) || !JSONNumber.hasExponent(batch.text(of: cell)) {
      return
    }
    guard cell.kind == .integer || cell.kind == .number || cell.kind == .string, let number = number(cell, batch) else {
      throw refuse(cell, batch, "decimal")
    }
    set(&cell, number, batch)
  }

  /// Makes the cell a number.
  static func set(_ cell: inout Node, _ number: Decimal, _ batch: Batch) {
    if number.scale == 0, let integer = Int64(exactly: number.digits) {
      cell = Node(integer: integer)
      return
    }
    cell = Node(number.scale == 0 ? .integer : .number)
    CellText.set(&cell, to: number.description, in: batch)
  }

  private static func double(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    guard cell.kind == .integer || cell.kind == .number || cell.kind == .string else {
      throw refuse(cell, batch, "double")
    }
    let text = batch.text(cell)
    guard let value = Double(text), value.isFinite, !text.contains("x"), !text.contains("p") else {
      throw refuse(cell, batch, "double")
    }
    let written = "\(value)"
    if let exact = Decimal(text), let kept = Decimal(written), exact != kept {
      throw refuse(cell, batch, "double", "it would become \(written); as: decimal keeps every digit")
    }
    cell = Node(.number)
    CellText.set(&cell, to: written, in: batch)
  }

  private static func bool(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    if cell.kind == .true || cell.kind == .false { return }
    switch batch.text(cell).lowercased() {
    case "true", "1": cell = Node(bool: true)
    case "false", "0": cell = Node(bool: false)
    default: throw refuse(cell, batch, "bool", "true, false, 1 and 0 are; write values: for other words")
    }
  }

  // MARK: Time

  private static func date(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    guard cell.kind == .string else { throw refuse(cell, batch, "date") }
    let text = CellText.plain(&cell, batch)
    if CivilDay(text) != nil { return }
    guard let moment = Timestamp(text) else { throw refuse(cell, batch, "date", "YYYY-MM-DD is") }
    guard text.count > 10, moment.nanoseconds == 0, text[11..<19].elementsEqual("00:00:00".utf8) else {
      throw refuse(cell, batch, "date", "its time of day would be lost")
    }
    cell.length = 10
  }

  private static func timestamp(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    guard cell.kind == .string else {
      throw refuse(cell, batch, "timestamp", "a number needs its unit: as: epoch_s or epoch_ms says what it counts")
    }
    let text = CellText.plain(&cell, batch)
    guard Timestamp(text) != nil else { throw refuse(cell, batch, "timestamp", whyNoTimestamp(text)) }
    guard text[10] != UInt8(ascii: "T") || text.last == UInt8(ascii: "z") else { return }
    var upper = batch.text(cell).uppercased()
    upper.replaceSubrange(
      upper.utf8.index(upper.startIndex, offsetBy: 10)...upper.utf8.index(upper.startIndex, offsetBy: 10), with: "T")
    CellText.set(&cell, to: upper, in: batch)
  }

  private static func whyNoTimestamp(_ text: UnsafeRawBufferPointer) -> String {
    let zoned = Array(text) + [UInt8(ascii: "Z")]
    return Timestamp(zoned) != nil ? "it has no zone (Z or +01:00)" : "2026-11-23T08:15:30Z is"
  }

  private static func epoch(
    _ cell: inout Node, _ batch: Batch, unitsPerSecond: Int64, _ name: String
  ) throws(CellProblem) {
    guard cell.kind == .string else { return try int(&cell, batch) }
    let text = CellText.plain(&cell, batch)
    guard let moment = Timestamp(text) else { return try int(&cell, batch) }
    let unit = Int64(1_000_000_000) / unitsPerSecond
    guard Int64(moment.nanoseconds) % unit == 0 else {
      throw refuse(cell, batch, name, "it is finer than \(name) can hold")
    }
    cell = Node(integer: moment.seconds * unitsPerSecond + Int64(moment.nanoseconds) / unit)
  }

  // MARK: Others

  private static func uuid(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    guard cell.kind == .string else { throw refuse(cell, batch, "uuid") }
    let digits = Array(CellText.plain(&cell, batch)).map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }
    guard UUIDText.isCanonical(digits) || UUIDText.isBare(digits) else { throw refuse(cell, batch, "uuid") }
    let canonical = UUIDText.isBare(digits) ? UUIDText.hyphenated(digits) : digits
    canonical.withUnsafeBytes { CellText.set(&cell, to: $0, in: batch) }
  }

  /// A text becomes the JSON value that it spells; anything else is JSON already.
  private static func json(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    guard cell.kind == .string else { return }
    let value: Value
    do { value = try Value(json: batch.text(cell)) } catch {
      throw refuse(cell, batch, "JSON", "\(error.reason.rawValue), at byte \(error.offset + 1)")
    }
    var pool = ConstantPool([value])
    pool.place(in: batch)
    cell = pool[0]
  }

  private static func bytes(_ cell: inout Node, _ batch: Batch) throws(CellProblem) {
    guard cell.kind == .string, Base64.decode(CellText.plain(&cell, batch)) != nil else {
      throw refuse(cell, batch, "base64 text")
    }
  }
}

/// The spelling of numbers in JSON.
enum JSONNumber {
  /// nil where the text is no JSON number.
  static func kind(_ text: UnsafeRawBufferPointer) -> Node.Kind? {
    var index = text.first == UInt8(ascii: "-") ? 1 : 0
    let whole = digits(text, &index)
    guard whole > 0, whole == 1 || text[index - whole] != UInt8(ascii: "0") else { return nil }
    var kind = Node.Kind.integer
    if index < text.count, text[index] == UInt8(ascii: ".") {
      index += 1
      kind = .number
      guard digits(text, &index) > 0 else { return nil }
    }
    if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      kind = .number
      if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
      guard digits(text, &index) > 0 else { return nil }
    }
    return index == text.count ? kind : nil
  }

  static func hasExponent(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
    for index in 0..<text.count where start[index] | 0x20 == UInt8(ascii: "e") { return true }
    return false
  }

  private static func digits(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> Int {
    guard let bytes = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
    let start = index
    var place = index
    while place < text.count, bytes[place] &- UInt8(ascii: "0") < 10 { place &+= 1 }
    index = place
    return place &- start
  }
}

/// The two spellings of a UUID, in lower case.
private enum UUIDText {
  private static let hyphens = [8, 13, 18, 23]

  static func isCanonical(_ text: [UInt8]) -> Bool {
    text.count == 36
      && text.indices.allSatisfy { hyphens.contains($0) ? text[$0] == UInt8(ascii: "-") : isHex(text[$0]) }
  }

  static func isBare(_ text: [UInt8]) -> Bool { text.count == 32 && text.allSatisfy(isHex) }

  static func hyphenated(_ digits: [UInt8]) -> [UInt8] {
    var text = digits
    for place in hyphens { text.insert(UInt8(ascii: "-"), at: place) }
    return text
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}
