import Records

/// Writes values as compact JSON, just as ``CELValue/json()`` would have them, without making that first.
enum ValueJSON {
  static func append(_ value: CELValue, to out: inout ByteBuffer) throws(EvaluationError) {
    switch value {
    case .null: out.append("null")
    case .bool(let flag): out.append(flag ? "true" : "false")
    case .int(let number): NodeJSON.appendInteger(number, to: &out)
    case .string, .slice: append(text: value, to: &out)
    case .list(let list): try append(list.items, to: &out)
    case .array(let node): try append(node, to: &out)
    case .map(let map): try append(map, to: &out)
    case .object(let node): try append(node.map, to: &out)
    default: out.append(try value.json().json)
    }
  }

  private static func append(text: CELValue, to out: inout ByteBuffer) {
    out.append("\"")
    text.withText { JSONText.escape($0, into: &out) }
    out.append("\"")
  }

  private static func append(_ items: [CELValue], to out: inout ByteBuffer) throws(EvaluationError) {
    out.append("[")
    for (index, item) in items.enumerated() {
      if index > 0 { out.append(",") }
      try append(item, to: &out)
    }
    out.append("]")
  }

  private static func append(_ node: BatchNode, to out: inout ByteBuffer) throws(EvaluationError) {
    out.append("[")
    var cursor = node.cursor
    while let item = cursor.next() {
      if cursor.count > 1 { out.append(",") }
      try append(item, to: &out)
    }
    out.append("]")
  }

  private static func append(_ map: CELMap, to out: inout ByteBuffer) throws(EvaluationError) {
    out.append("{")
    for index in map.keys.indices {
      if index > 0 { out.append(",") }
      append(text: try Conversions.string(map.keys[index]), to: &out)
      out.append(":")
      try append(map.values[index], to: &out)
    }
    out.append("}")
  }
}
