extension Value {
  /// A number from its JSON text: an integer where it fits 64 bits.
  public init(numberText text: String) {
    if let integer = Int64(text), text != "-0" { self = .int(integer) } else { self = .number(text) }
  }

  /// Reads one JSON value; strict, and the last of several members of one name wins.
  public init(json text: String) throws(JSONProblem) {
    var text = text
    let batch = Batch()
    text.withUTF8 { batch.bytes.append(UnsafeRawBufferPointer($0)) }
    try self.init(json: batch)
  }

  /// Reads one JSON value from bytes.
  public init(json bytes: UnsafeRawBufferPointer) throws(JSONProblem) {
    let batch = Batch()
    batch.bytes.append(bytes)
    try self.init(json: batch)
  }

  private init(json batch: Batch) throws(JSONProblem) {
    let keys = KeyTable()
    var reader = JSONReader(keys: keys)
    let root = try reader.read(batch.bytes, 0..<batch.bytes.count, into: &batch.nodes)
    batch.keys = keys.snapshot
    self = batch.value(at: root).withoutRepeatedNames
  }

  private var withoutRepeatedNames: Value {
    switch self {
    case .array(let items): .array(items.map(\.withoutRepeatedNames))
    case .object(let members): .object(Self.lastOfEachName(members))
    default: self
    }
  }

  private static func lastOfEachName(_ members: [Member]) -> [Member] {
    var places: [[UInt8]: Int] = [:]
    var kept: [Member] = []
    for member in members {
      let unique = Member(member.name, member.value.withoutRepeatedNames)
      if let place = places[Array(member.name.utf8)] {
        kept[place] = unique
      } else {
        places[Array(member.name.utf8)] = kept.count
        kept.append(unique)
      }
    }
    return kept
  }

  /// As compact JSON; bytes as base64 text.
  public var json: String {
    var out = ByteBuffer()
    append(to: &out, indent: nil)
    return out.text
  }

  /// As JSON for people, two spaces a level, without a line break at the end.
  public var prettyJSON: String {
    var out = ByteBuffer()
    append(to: &out, indent: 0)
    return out.text
  }

  private func append(to out: inout ByteBuffer, indent: Int?) {
    switch self {
    case .null: out.append("null")
    case .bool(let flag): out.append(flag ? "true" : "false")
    case .int(let number): NodeJSON.appendInteger(number, to: &out)
    case .number(let text): out.append(text)
    case .string(let text): JSONText.quote(text, into: &out)
    case .bytes(let bytes): JSONText.quote(Base64.encode(bytes), into: &out)
    case .array(let items): Self.append(items, to: &out, indent: indent)
    case .object(let members): Self.append(members, to: &out, indent: indent)
    }
  }

  private static func append(_ items: [Value], to out: inout ByteBuffer, indent: Int?) {
    let inner = indent.map { $0 + 1 }
    out.append("[")
    for (index, item) in items.enumerated() {
      if index > 0 { out.append(",") }
      breakLine(inner, &out)
      item.append(to: &out, indent: inner)
    }
    if !items.isEmpty { breakLine(indent, &out) }
    out.append("]")
  }

  private static func append(_ members: [Member], to out: inout ByteBuffer, indent: Int?) {
    let inner = indent.map { $0 + 1 }
    out.append("{")
    for (index, member) in members.enumerated() {
      if index > 0 { out.append(",") }
      breakLine(inner, &out)
      JSONText.quote(member.name, into: &out)
      out.append(indent == nil ? ":" : ": ")
      member.value.append(to: &out, indent: inner)
    }
    if !members.isEmpty { breakLine(indent, &out) }
    out.append("}")
  }

  private static func breakLine(_ indent: Int?, _ out: inout ByteBuffer) {
    guard let indent else { return }
    out.append("\n")
    for _ in 0..<indent { out.append("  ") }
  }
}
