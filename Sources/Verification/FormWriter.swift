import Records

/// Writes values in a form that does not depend on where they were read: equal values have equal bytes.
///
/// Numbers lose the zeros that change nothing, times their UTC sign and their space, objects the order of their members.
/// Where a target's type would write a text otherwise, forms differ although the values are the same; the target itself
/// is asked then.
struct FormWriter: ~Copyable {
  /// How values of a column are compared.
  enum Kind: Sendable, Equatable {
    /// As JSON has them.
    case any
    case text, number, time
    /// By their texts alone; an empty one and null are the same.
    case loose
  }

  private enum Tag: UInt8 { case null, no, yes, number, text, list, object, end }

  private(set) var bytes = ByteBuffer()
  private var scratch = ByteBuffer()

  mutating func removeAll() { bytes.removeAll() }

  mutating func append(_ cell: Node, _ kind: Kind, _ batch: Batch) {
    appendValue(cell, kind, batch)
    bytes.append(Self.stop)
  }

  private mutating func appendValue(_ cell: Node, _ kind: Kind, _ batch: Batch) {
    switch cell.kind {
    case .absent, .keyText: append(.null)
    case .null: if cell.flags.contains(.textOnly) { append(text: "null", kind) } else { append(.null) }
    case .true, .false: append(bool: cell.kind == .true, kind)
    case .integer, .number:
      if cell.flags.contains(.inline) { return append(number: "\(cell.inlineInteger)", kind) }
      append(number: batch.raw(cell), kind)
    case .string:
      guard cell.flags.contains(.escaped) else { return append(text: batch.raw(cell), kind) }
      scratch.removeAll()
      JSONText.unescape(batch.raw(cell), into: &scratch)
      append(scratched: kind)
    case .array, .object: append(tree: batch.value(ofCell: cell) ?? .null, kind)
    }
  }

  mutating func append(name: String) {
    bytes.append(name)
    bytes.append(Self.stop)
  }

  /// Stands behind each value; no byte of UTF-8.
  private static let stop: UInt8 = 0xff

  private mutating func append(_ tag: Tag) { bytes.append(tag.rawValue) }

  private mutating func append(bool: Bool, _ kind: Kind) {
    if kind == .loose || kind == .text { return append(text: bool ? "true" : "false", kind) }
    append(bool ? .yes : .no)
  }

  private mutating func append(number: String, _ kind: Kind) {
    var number = number
    number.withUTF8 { append(number: UnsafeRawBufferPointer($0), kind) }
  }

  private mutating func append(number: UnsafeRawBufferPointer, _ kind: Kind) {
    if kind == .loose || kind == .text { return append(text: number, kind) }
    append(.number)
    NumberForm.append(number, to: &bytes)
  }

  private mutating func append(text: String, _ kind: Kind) {
    var text = text
    text.withUTF8 { append(text: UnsafeRawBufferPointer($0), kind) }
  }

  private mutating func append(scratched kind: Kind) {
    // Out of the way while its bytes are read.
    var taken = ByteBuffer()
    swap(&taken, &scratch)
    append(text: taken.bytes, kind)
    swap(&taken, &scratch)
  }

  private mutating func append(text: UnsafeRawBufferPointer, _ kind: Kind) {
    if kind == .loose, text.isEmpty { return append(.null) }
    if kind == .number, NumberForm.isNumber(text) { return append(number: text, kind) }
    append(.text)
    if kind == .time { TimeForm.append(text, to: &bytes) } else { bytes.append(text) }
  }

  // MARK: - Trees

  private mutating func append(tree value: Value, _ kind: Kind) {
    if kind == .loose || kind == .text { return append(text: value.json, kind) }
    appendNode(value)
  }

  private mutating func appendNode(_ value: Value) {
    switch value {
    case .null: append(.null)
    case .bool(let flag): append(flag ? .yes : .no)
    case .int, .number: append(number: value.json, .any)
    case .string(let text): append(text: text, .any)
    case .bytes: append(text: value.json, .any)
    case .array(let items):
      append(.list)
      for item in items { appendNode(item) }
      append(.end)
    case .object(let members):
      append(.object)
      for member in members.sorted(by: { $0.name < $1.name }) {
        append(text: member.name, .any)
        bytes.append(Self.stop)
        appendNode(member.value)
      }
      append(.end)
    }
    bytes.append(Self.stop)
  }
}

/// Numbers without the zeros that change nothing.
enum NumberForm {
  /// Whether a text is a plain decimal number.
  static func isNumber(_ text: UnsafeRawBufferPointer) -> Bool { Decimal(text) != nil }

  static func append(_ text: UnsafeRawBufferPointer, to out: inout ByteBuffer) {
    if isPlainInteger(text) { return out.append(text) }
    guard let number = Decimal(text) else { return out.append(text) }
    out.append("\(number.normalized)")
  }

  /// Digits without a zero in front, perhaps behind a sign.
  private static func isPlainInteger(_ text: UnsafeRawBufferPointer) -> Bool {
    let digits = UnsafeRawBufferPointer(rebasing: text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...])
    guard let first = digits.first, first != UInt8(ascii: "0") || text.count == 1 else { return false }
    return digits.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
  }
}

/// Times as `2026-11-23T07:15:30.25`, of which the zone is known to be UTC or to be none.
enum TimeForm {
  static func append(_ text: UnsafeRawBufferPointer, to out: inout ByteBuffer) {
    let start = out.count
    out.append(text)
    guard text.count >= 19, text[4] == UInt8(ascii: "-"), text[13] == UInt8(ascii: ":") else { return }
    if text[10] == UInt8(ascii: " ") { out.base[start + 10] = UInt8(ascii: "T") }
    out.truncate(to: out.count - zone(text))
    guard out.count - start > 19, out.base[start + 19] == UInt8(ascii: ".") else { return }
    while out.base[out.count - 1] == UInt8(ascii: "0") { out.truncate(to: out.count - 1) }
    if out.base[out.count - 1] == UInt8(ascii: ".") { out.truncate(to: out.count - 1) }
  }

  /// How many bytes at the end say that the time is in UTC.
  private static func zone(_ text: UnsafeRawBufferPointer) -> Int {
    let endings: [StaticString] = ["Z", "+00", "+00:00"]
    let ending = endings.first { ending in
      text.count > ending.utf8CodeUnitCount
        && RawText.equal(
          UnsafeRawBufferPointer(rebasing: text.suffix(ending.utf8CodeUnitCount)),
          UnsafeRawBufferPointer(start: ending.utf8Start, count: ending.utf8CodeUnitCount))
    }
    return ending?.utf8CodeUnitCount ?? 0
  }
}
