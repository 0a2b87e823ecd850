import Records

/// Writes values so that two are equal, as JSON Schema has it, exactly where their bytes are.
///
/// A tag and then: a number's sign, digits and exponent; a text's length and bytes; the number and forms of elements; the
/// number of members and their names and forms in the order of the names.
enum CanonicalForm {
  enum Tag: UInt8 { case null = 1, `false`, `true`, zero, positive, negative, string, array, object }

  static func append(tag: Tag, to out: inout ByteBuffer) { out.append(tag.rawValue) }

  static func append(_ number: NumberView, to out: inout ByteBuffer) {
    if number.isZero { return append(tag: .zero, to: &out) }
    append(tag: number.isNegative ? .negative : .positive, to: &out)
    append(count: number.exponent, to: &out)
    append(count: number.digits, to: &out)
    for index in 0..<number.length where number.start[index] != UInt8(ascii: ".") { out.append(number.start[index]) }
  }

  static func append(string text: UnsafeRawBufferPointer, to out: inout ByteBuffer) {
    append(tag: .string, to: &out)
    append(count: text.count, to: &out)
    out.append(text)
  }

  /// A count, as eight bytes.
  static func append(count: Int, to out: inout ByteBuffer) {
    withUnsafeBytes(of: Int64(count)) { out.append($0) }
  }

  /// - Parameter members: names and forms, one a name.
  static func append(members: [(name: [UInt8], form: [UInt8])], to out: inout ByteBuffer) {
    append(tag: .object, to: &out)
    append(count: members.count, to: &out)
    for member in members.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
      append(count: member.name.count, to: &out)
      member.name.withUnsafeBytes { out.append($0) }
      member.form.withUnsafeBytes { out.append($0) }
    }
  }
}

extension CanonicalForm {
  /// The form of a value.
  static func bytes(_ value: Value) -> [UInt8] {
    var out = ByteBuffer()
    append(value, to: &out)
    return Array(out.bytes)
  }

  private static func append(_ value: Value, to out: inout ByteBuffer) {
    switch value {
    case .null: append(tag: .null, to: &out)
    case .bool(let flag): append(tag: flag ? .true : .false, to: &out)
    case .int(let number): append(numberText: "\(number)", to: &out)
    case .number(let text): append(numberText: text, to: &out)
    case .string(let text): append(text: text, to: &out)
    case .bytes(let bytes): append(text: Base64.encode(bytes), to: &out)
    case .array(let items):
      append(tag: .array, to: &out)
      append(count: items.count, to: &out)
      for item in items { append(item, to: &out) }
    case .object(let members): append(members: members.map { (Array($0.name.utf8), bytes($0.value)) }, to: &out)
    }
  }

  private static func append(numberText text: String, to out: inout ByteBuffer) {
    var text = text
    text.withUTF8 { if let number = NumberView(UnsafeRawBufferPointer($0)) { append(number, to: &out) } }
  }

  private static func append(text: String, to out: inout ByteBuffer) {
    var text = text
    text.withUTF8 { append(string: UnsafeRawBufferPointer($0), to: &out) }
  }
}
