import Records

/// Values of expressions as cells: text that stands in the batch already is not copied.
enum CellWriter {
  static func cell(of value: CELValue, in batch: Batch) throws(EvaluationError) -> Node {
    switch value {
    case .null: return .null
    case .bool(let flag): return Node(bool: flag)
    case .int(let number): return Node(integer: number)
    case .uint(let number):
      if let small = Int64(exactly: number) { return Node(integer: small) }
      return written("\(number)", as: .integer, in: batch)
    case .double(let number): return cell(of: number, in: batch)
    case .decimal(let number): return cell(of: number.decimal, in: batch)
    case .slice(let text): return cell(of: text, in: batch)
    case .string(let text): return string(text, in: batch)
    case .array(let node), .object(let node): return cell(of: node, in: batch)
    case .list, .map: return try container(value, in: batch)
    case .bytes(let bytes): return string(Base64.encode(bytes), in: batch)
    case .duration: return string(try Conversions.string(value).string(), in: batch)
    case .timestamp, .date:
      var cell = string(try Conversions.string(value).string(), in: batch)
      cell.flags.insert(.typed)
      return cell
    case .type(let value): return string(value.type.name, in: batch)
    case .optional(let optional):
      guard let inner = optional.value else { return .absent }
      return try cell(of: inner, in: batch)
    case .failure(let error): throw error
    }
  }

  /// As JSON writes numbers; what is not finite becomes its name, as text.
  private static func cell(of number: Double, in batch: Batch) -> Node {
    number.isFinite
      ? written(number.description, as: .number, in: batch) : string(DoubleText.positional(number), in: batch)
  }

  private static func cell(of number: Decimal, in batch: Batch) -> Node {
    var cell = Node(.number)
    CastExecutor.set(&cell, number, batch)
    cell.flags.insert(.typed)
    return cell
  }

  private static func cell(of text: BatchText, in batch: Batch) -> Node {
    var cell = Node(.string, offset: text.offset, length: text.length)
    cell.flags = flags(of: text.bytes)
    return cell
  }

  private static func cell(of node: BatchNode, in batch: Batch) -> Node {
    var cell = batch.nodes[Int(node.index)]
    cell.key = 0
    cell.next = node.index
    return cell
  }

  private static func string(_ text: String, in batch: Batch) -> Node {
    var cell = written(text, as: .string, in: batch)
    cell.flags = flags(of: batch.raw(cell))
    return cell
  }

  private static func container(_ value: CELValue, in batch: Batch) throws(EvaluationError) -> Node {
    // Not into the batch at once: what is written may stand there, and would move.
    var json = ByteBuffer()
    try ValueJSON.append(value, to: &json)
    var cell = Node(json.bytes.first == UInt8(ascii: "[") ? .array : .object)
    CellText.set(&cell, to: json.bytes, in: batch)
    cell.flags.insert(.textOnly)
    return cell
  }

  private static func written(_ text: String, as kind: Node.Kind, in batch: Batch) -> Node {
    var cell = Node(kind)
    CellText.set(&cell, to: text, in: batch)
    return cell
  }

  private static func flags(of text: UnsafeRawBufferPointer) -> Node.Flags {
    var flags: Node.Flags = .none
    for byte in text {
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { flags.insert(.plain) }
      if byte >= 0x80 { flags.insert(.wide) }
    }
    return flags
  }
}
