import CScan
import Records

/// Turns the text of single values into nodes, by the type of their column.
struct ValueDecoder: ~Copyable {
  private var reader: JSONReader

  init(_ keys: KeyTable) { reader = JSONReader(keys: keys) }

  /// What the text is, for whoever writes it as JSON or computes with it.
  @inline(__always)
  static func flags(_ node: Node, _ batch: Batch) -> Node.Flags {
    var flags = Node.Flags()
    var place = UnsafePointer(batch.bytes.base) + Int(node.offset)
    let end = place + Int(node.length)
    while let special = scan_json_text(place, end), special < end {
      flags.insert(special.pointee >= 0x80 ? .wide : .plain)
      place = special + 1
    }
    return flags
  }

  /// PostgreSQL writes numbers as JSON does, but for `NaN` and `Infinity`, which stay texts.
  @inline(__always)
  static func number(_ node: inout Node, _ batch: Batch) {
    let text = batch.bytes.base + Int(node.offset)
    let isNegative = text[0] == UInt8(ascii: "-")
    guard text[isNegative ? 1 : 0] &- UInt8(ascii: "0") < 10 else { return }
    node.kind = .integer
    for index in 0..<Int(node.length) where text[index] == UInt8(ascii: ".") || text[index] == UInt8(ascii: "e") {
      node.kind = .number
      return
    }
  }

  /// A number that expressions compute with exactly.
  @inline(__always)
  static func decimal(_ node: inout Node, _ batch: Batch) {
    number(&node, batch)
    if node.kind != .string { node.flags.insert(.typed) }
  }

  /// Without a fraction it is no integer all the same.
  @inline(__always)
  static func float(_ node: inout Node, _ batch: Batch) {
    number(&node, batch)
    if node.kind == .integer { node.kind = .number }
  }

  /// `2026-11-23`; infinities and other years stay texts.
  @inline(__always)
  static func date(_ node: inout Node, _ batch: Batch) {
    let text = batch.bytes.base + Int(node.offset)
    if node.length == 10, text[4] == UInt8(ascii: "-") { node.flags.insert(.typed) }
  }

  /// As ``timestamp(_:_:)``, and what has that form is a moment.
  @inline(__always)
  static func timestampWithZone(_ node: inout Node, _ batch: Batch) {
    timestamp(&node, batch)
    let end = batch.bytes.base + Int(node.offset) + Int(node.length)
    if end[-1] == UInt8(ascii: "Z") { node.flags.insert(.typed) }
  }

  /// `2026-11-23 07:15:30.25+00` as `2026-11-23T07:15:30.25Z`, where it stands. Infinities, years before Christ and
  /// beyond 9999 stay as PostgreSQL writes them.
  static func timestamp(_ node: inout Node, _ batch: Batch) {
    let text = batch.bytes.base + Int(node.offset)
    let length = Int(node.length)
    guard length >= 19, text[4] == UInt8(ascii: "-"), text[10] == UInt8(ascii: " "),
      text[length - 1] &- UInt8(ascii: "0") < 10
    else { return }
    text[10] = UInt8(ascii: "T")
    guard length >= 22, text[length - 3] == UInt8(ascii: "+") else { return }
    text[length - 3] = UInt8(ascii: "Z")
    node.length -= 2
  }

  /// Appends the nodes of a json value or an array; the text stands unescaped in the batch's bytes.
  mutating func append(_ node: Node, _ kind: ColumnKind, _ batch: Batch) {
    switch kind {
    case .json: appendJSON(node, batch)
    case .array(let element, let delimiter): appendArray(node, element, delimiter, batch)
    default:
      var node = node
      node.flags = Self.flags(node, batch)
      batch.nodes.append(node)
    }
  }

  private mutating func appendJSON(_ node: Node, _ batch: Batch) {
    let start = Int(node.offset)
    do {
      let root = try reader.read(batch.bytes, start..<start + Int(node.length), into: &batch.nodes)
      batch.nodes.base[root].key = node.key
      // A null of JSON is not the null of SQL.
      if batch.nodes.base[root].kind == .null { batch.nodes.base[root].flags = .textOnly }
    } catch {
      // Deeper than our reader goes: the text itself.
      var node = node
      node.flags = Self.flags(node, batch)
      batch.nodes.append(node)
    }
  }

  // MARK: - Arrays

  private mutating func appendArray(_ node: Node, _ kind: ColumnKind, _ delimiter: UInt8, _ batch: Batch) {
    let root = batch.nodes.count
    let end = Int(node.offset + node.length)
    var at = Int(node.offset)
    // Bounds of its own stand before it: `[2:3]={…}`.
    while at < end, batch.bytes.base[at] != UInt8(ascii: "{") { at += 1 }
    guard appendItems(&at, end, node.key, kind, delimiter, batch), at == end else {
      batch.nodes.setCount(root)
      var node = node
      node.flags = Self.flags(node, batch)
      batch.nodes.append(node)
      return
    }
    batch.nodes.base[root].offset = node.offset
    batch.nodes.base[root].length = node.length
  }

  private mutating func appendItems(
    _ at: inout Int, _ end: Int, _ key: UInt16, _ kind: ColumnKind, _ delimiter: UInt8, _ batch: Batch
  ) -> Bool {
    guard at < end, batch.bytes.base[at] == UInt8(ascii: "{") else { return false }
    let root = batch.nodes.count
    let start = at
    batch.nodes.append(Node(.array, flags: .plain, key: key, offset: UInt32(start)))
    at += 1
    while at < end, batch.bytes.base[at] != UInt8(ascii: "}") {
      guard appendItem(&at, end, kind, delimiter, batch) else { return false }
      if at < end, batch.bytes.base[at] == delimiter { at += 1 }
    }
    guard at < end else { return false }
    at += 1
    batch.nodes.base[root].next = UInt32(batch.nodes.count)
    batch.nodes.base[root].length = UInt32(at - start)
    return true
  }

  private mutating func appendItem(
    _ at: inout Int, _ end: Int, _ kind: ColumnKind, _ delimiter: UInt8, _ batch: Batch
  ) -> Bool {
    switch batch.bytes.base[at] {
    case UInt8(ascii: "{"): return appendItems(&at, end, 0, kind, delimiter, batch)
    case UInt8(ascii: "\""): return appendQuoted(&at, end, kind, batch)
    default: appendBare(&at, end, kind, delimiter, batch)
    }
    return true
  }

  private mutating func appendQuoted(_ at: inout Int, _ end: Int, _ kind: ColumnKind, _ batch: Batch) -> Bool {
    let start = at + 1
    var hasEscape = false
    at = start
    while at < end, batch.bytes.base[at] != UInt8(ascii: "\"") {
      let isEscape = batch.bytes.base[at] == CopyText.backslash
      hasEscape = hasEscape || isEscape
      at += isEscape ? 2 : 1
    }
    guard at < end else { return false }
    var node = Node(
      .string, next: UInt32(batch.nodes.count + 1), offset: UInt32(start), length: UInt32(at - start))
    if hasEscape { unescape(start..<at, &node, batch) }
    at += 1
    append(node, kind == .json ? .json : .text, batch)
    return true
  }

  private func unescape(_ range: Range<Int>, _ node: inout Node, _ batch: Batch) {
    batch.bytes.reserve(range.count)
    node.offset = UInt32(batch.bytes.count)
    var place = range.lowerBound
    while place < range.upperBound {
      if batch.bytes.base[place] == CopyText.backslash { place += 1 }
      batch.bytes.append(batch.bytes.base[place])
      place += 1
    }
    node.length = UInt32(batch.bytes.count) - node.offset
  }

  private mutating func appendBare(
    _ at: inout Int, _ end: Int, _ kind: ColumnKind, _ delimiter: UInt8, _ batch: Batch
  ) {
    let start = at
    while at < end, batch.bytes.base[at] != delimiter, batch.bytes.base[at] != UInt8(ascii: "}") { at += 1 }
    var node = Node(
      .string, next: UInt32(batch.nodes.count + 1), offset: UInt32(start), length: UInt32(at - start))
    let text = UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[start..<at])
    if text.elementsEqual("NULL".utf8) {
      node.kind = .null
      node.length = 0
    } else if kind == .number {
      Self.number(&node, batch)
    } else if kind == .decimal {
      Self.decimal(&node, batch)
    } else if kind == .float {
      Self.float(&node, batch)
    } else if kind == .bool {
      node.kind = text.first == UInt8(ascii: "t") ? .true : .false
    } else {
      return append(node, kind == .json ? .json : .text, batch)
    }
    batch.nodes.append(node)
  }
}
