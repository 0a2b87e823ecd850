import Records

/// PostgreSQL's text form of arrays, from JSON: `{"a",NULL,{1,2}}`.
enum ArrayLiteral {
  static func text(_ items: [Value], of kind: ColumnKind, delimiter: UInt8) -> String {
    let mark = String(Unicode.Scalar(delimiter))
    return "{" + items.map { element($0, kind, delimiter) }.joined(separator: mark) + "}"
  }

  private static func element(_ value: Value, _ kind: ColumnKind, _ delimiter: UInt8) -> String {
    // An array of JSON holds arrays as elements; in any other array they are a further dimension.
    if kind == .json { return value.isNull ? "NULL" : quoted(value.json) }
    return switch value {
    case .null: "NULL"
    case .array(let items): text(items, of: kind, delimiter: delimiter)
    case .string(let text): quoted(text)
    default: quoted(value.json)
    }
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { out.unicodeScalars.append("\\") }
      out.unicodeScalars.append(scalar)
    }
    return out + "\""
  }

  /// Whether a text is in this form already: `{…}`, or `[2:3]={…}` with bounds of its own.
  static func isOne(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let first = text.first, text.last == UInt8(ascii: "}") else { return false }
    if first == UInt8(ascii: "{") { return true }
    guard first == UInt8(ascii: "["), let equals = text.firstIndex(of: UInt8(ascii: "=")) else { return false }
    return equals > 0 && text[equals - 1] == UInt8(ascii: "]")
  }
}
