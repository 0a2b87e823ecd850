import Records

/// The constants of a mapping as cells. Their text is appended to each batch once, so that a cell of a constant is like
/// any other.
struct ConstantPool: ~Copyable {
  private var text = ByteBuffer()
  private var cells = RawArray<Node>()
  /// Where the text stands in the batch at hand.
  private var base: UInt32 = 0

  init(_ constants: [Value]) {
    for constant in constants {
      let start = UInt32(text.count)
      switch constant {
      case .null: cells.append(.null)
      case .bool(let flag): cells.append(Node(bool: flag))
      case .int(let number): cells.append(Node(integer: number))
      case .string(let string):
        text.append(string)
        let bytes = UnsafeRawBufferPointer(rebasing: text.bytes[Int(start)...])
        var flags: Node.Flags = JSONText.needsEscape(bytes) ? .plain : .none
        if bytes.contains(where: { $0 >= 0x80 }) { flags.insert(.wide) }
        cells.append(Node(.string, flags: flags, offset: start, length: UInt32(text.count) - start))
      case .number:
        text.append(constant.json)
        cells.append(Node(.number, offset: start, length: UInt32(text.count) - start))
      case .bytes(let bytes):
        text.append(Base64.encode(bytes))
        cells.append(Node(.string, offset: start, length: UInt32(text.count) - start))
      case .array, .object:
        text.append(constant.json)
        cells.append(
          Node(
            constant.array == nil ? .object : .array, flags: .textOnly, offset: start,
            length: UInt32(text.count) - start))
      }
    }
  }

  /// Puts the constants' text behind the batch's bytes; call before the first cell is asked for.
  mutating func place(in batch: Batch) {
    base = UInt32(batch.bytes.count)
    batch.bytes.append(text.bytes)
  }

  /// The index comes from the program that the pool was made for.
  @inline(__always)
  subscript(index: Int) -> Node {
    var cell = cells.base[index]
    if !cell.flags.contains(.inline) { cell.offset &+= base }
    return cell
  }
}
