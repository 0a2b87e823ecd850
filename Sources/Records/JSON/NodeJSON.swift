import Glibc

/// Writes nodes of a batch as compact JSON.
public enum NodeJSON {
  /// Appends the value at `index` of the batch's nodes.
  public static func append(node index: Int, of batch: Batch, to out: inout ByteBuffer) {
    var cell = batch.nodes[index]
    cell.next = UInt32(index)
    append(cell: cell, of: batch, to: &out)
  }

  /// Appends a cell: a node outside the node array, whose `next` is the index of the node that it copies.
  ///
  /// Containers that came from JSON are copied as their raw text, so every digit and escape stays as it was.
  public static func append(cell: Node, of batch: Batch, to out: inout ByteBuffer) {
    switch cell.kind {
    case .absent, .null: out.append("null")
    case .true: out.append("true")
    case .false: out.append("false")
    case .integer, .number: appendNumber(cell, of: batch, to: &out)
    case .string: appendString(cell, of: batch, to: &out)
    case .array, .object: appendContainer(cell, of: batch, to: &out)
    case .keyText: break
    }
  }

  private static func appendNumber(_ cell: Node, of batch: Batch, to out: inout ByteBuffer) {
    if cell.flags.contains(.inline) {
      appendInteger(cell.inlineInteger, to: &out)
    } else {
      out.append(batch.raw(cell))
    }
  }

  private static func appendString(_ cell: Node, of batch: Batch, to out: inout ByteBuffer) {
    out.append(UInt8(ascii: "\""))
    if cell.flags.contains(.plain) {
      JSONText.escape(batch.raw(cell), into: &out)
    } else {
      out.append(batch.raw(cell))
    }
    out.append(UInt8(ascii: "\""))
  }

  private static func appendContainer(_ cell: Node, of batch: Batch, to out: inout ByteBuffer) {
    let raw = batch.raw(cell)
    if !cell.flags.contains(.plain), !hasLineBreak(raw) {
      out.append(raw)
      return
    }
    let isObject = cell.kind == .object
    out.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
    var isFirst = true
    for child in batch.children(of: Int(cell.next)) {
      if !isFirst { out.append(UInt8(ascii: ",")) }
      isFirst = false
      if isObject {
        append(name: child, of: batch, to: &out)
        out.append(UInt8(ascii: ":"))
      }
      append(node: child.node, of: batch, to: &out)
    }
    out.append(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
  }

  /// Raw text with line breaks (an element of an indented array) would break a line of NDJSON.
  static func hasLineBreak(_ raw: UnsafeRawBufferPointer) -> Bool {
    guard let start = raw.baseAddress else { return false }
    return memchr(start, 0x0a, raw.count) != nil
  }

  /// Appends the name of a member, in quotes.
  public static func append(name child: Batch.Child, of batch: Batch, to out: inout ByteBuffer) {
    guard let keyText = child.keyText else {
      return JSONText.quote(batch.keys[batch.nodes[child.node].key], into: &out)
    }
    out.append(UInt8(ascii: "\""))
    out.append(batch.raw(batch.nodes[keyText]))
    out.append(UInt8(ascii: "\""))
  }

  /// Appends a number in decimal.
  public static func appendInteger(_ value: Int64, to out: inout ByteBuffer) {
    out.reserve(20)
    var magnitude = value.magnitude
    if value < 0 { out.append(UInt8(ascii: "-")) }
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    withUnsafeMutableBytes(of: &digits) { place in
      var index = place.count
      repeat {
        let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
        index -= 1
        place[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: remainder)
        magnitude = quotient
      } while magnitude > 0
      out.append(UnsafeRawBufferPointer(rebasing: place[index...]))
    }
  }
}
