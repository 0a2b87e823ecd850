import CScan
import Records

/// Makes an event of each line of COPY's text: an object with a value for each column, and the key.
///
/// Numbers are numbers with every digit (NaN and infinities are texts), booleans booleans, json and jsonb their values,
/// arrays arrays; a timestamp is written as RFC 3339 has it where the year has four digits. Everything else is the text
/// that PostgreSQL writes, so `\x…` for bytea.
final class PostgresDecoder: Decoder {
  private let columns: [TableSchema.Column]
  private let key: [Int]
  private let keys = KeyTable()
  /// The columns' key ids and kinds, read without reference counting.
  private var ids: [UInt16] = []
  private var simple: [Simple] = []
  private var values: ValueDecoder

  /// The kinds that need no further look at the column.
  private enum Simple: UInt8 {
    case text, number, bool, timestamp, other

    init(_ kind: ColumnKind) {
      self =
        switch kind {
        case .text, .bytes: .text
        case .number: .number
        case .bool: .bool
        case .timestamp, .timestampWithZone: .timestamp
        case .json, .array: .other
        }
    }
  }

  /// - Parameter key: places of the key's columns among the columns.
  init(_ columns: [TableSchema.Column], key: [Int]) {
    self.columns = columns
    self.key = key
    values = ValueDecoder(keys)
    for column in columns {
      var name = column.name
      ids.append(name.withUTF8 { keys.id(of: UnsafeRawBufferPointer($0)) })
      simple.append(Simple(column.kind))
    }
  }

  func decode(_ batch: Batch) {
    let end = batch.bytes.count
    var at = 0
    while at < end { at = decodeLine(at, end, batch) }
    batch.keys = keys.snapshot
  }

  /// - Returns: where the next line begins.
  private func decodeLine(_ start: Int, _ end: Int, _ batch: Batch) -> Int {
    let root = batch.nodes.count
    batch.nodes.append(Node(.object, flags: .plain, offset: UInt32(start)))
    var column = 0
    var at = start
    while true {
      let (cell, hasEscape) = cellEnd(at, end, batch)
      if column < ids.count { append(at..<cell, hasEscape, column, batch) }
      column += 1
      at = cell + 1
      if cell >= end || batch.bytes.base[cell] == 0x0a { break }
    }
    let stop = min(at - 1, end)
    batch.nodes.base[root].next = UInt32(batch.nodes.count)
    batch.nodes.base[root].length = UInt32(stop - start)
    var event = Event(.read, record: UInt32(root), offset: UInt32(start), length: UInt32(stop - start))
    if column < ids.count { return refuse(event, root, column, batch, next: at) }
    if !key.isEmpty { event.key = appendKey(root, batch) }
    batch.events.append(event)
    return at
  }

  @inline(__always)
  private func cellEnd(_ start: Int, _ end: Int, _ batch: Batch) -> (Int, hasEscape: Bool) {
    let base = UnsafePointer(batch.bytes.base)
    var hasEscape = false
    var place = base + start
    while let found = scan_controls(place, base + end), found < base + end {
      switch found.pointee {
      case CopyText.tab, 0x0a: return (found - base, hasEscape)
      case CopyText.backslash:
        hasEscape = true
        place = found + 2
      default: place = found + 1
      }
    }
    return (end, hasEscape)
  }

  private func refuse(_ event: Event, _ root: Int, _ cells: Int, _ batch: Batch, next: Int) -> Int {
    var event = event
    event.record = Event.none
    batch.nodes.setCount(root)
    batch.events.append(event)
    let index = batch.events.count - 1
    batch.fail(
      index,
      Failure(
        event: index, code: "decode.copy_ragged", stage: "decode",
        message: "the row has \(cells) cells; the columns are \(ids.count)"))
    return next
  }

  @inline(__always)
  private func append(_ range: Range<Int>, _ hasEscape: Bool, _ column: Int, _ batch: Batch) {
    var node = Node(
      .string, key: ids[column], next: UInt32(batch.nodes.count + 1), offset: UInt32(range.lowerBound),
      length: UInt32(range.count))
    if hasEscape {
      return appendEscaped(node, range, column, batch)
    }
    switch simple[column] {
    case .number: ValueDecoder.number(&node, batch)
    case .bool: node.kind = batch.bytes.base[range.lowerBound] == UInt8(ascii: "t") ? .true : .false
    case .timestamp: ValueDecoder.timestamp(&node, batch)
    case .text: node.flags = ValueDecoder.flags(node, batch)
    case .other: return values.append(node, columns[column].kind, batch)
    }
    batch.nodes.append(node)
  }

  /// A null, or text with escapes, which is written out behind the rows.
  private func appendEscaped(_ node: Node, _ range: Range<Int>, _ column: Int, _ batch: Batch) {
    var node = node
    if range.count == 2, batch.bytes.base[range.lowerBound + 1] == UInt8(ascii: "N") {
      node.kind = .null
      node.length = 0
      batch.nodes.append(node)
      return
    }
    // Room first: the text is read from the same bytes that it is written to.
    batch.bytes.reserve(range.count)
    node.offset = UInt32(batch.bytes.count)
    let raw = UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[range])
    CopyText.unescape(raw, into: &batch.bytes)
    node.length = UInt32(batch.bytes.count) - node.offset
    if simple[column] == .other { return values.append(node, columns[column].kind, batch) }
    node.flags = ValueDecoder.flags(node, batch)
    batch.nodes.append(node)
  }

  /// The key as an object of its own.
  private func appendKey(_ root: Int, _ batch: Batch) -> UInt32 {
    let place = batch.nodes.count
    batch.nodes.reserve(key.count + 1)
    batch.nodes.append(Node(.object, flags: .plain, next: UInt32(place + key.count + 1)))
    for column in key {
      var child = root + 1
      for _ in 0..<column { child = Int(batch.nodes.base[child].next) }
      var node = batch.nodes.base[child]
      if node.kind == .array || node.kind == .object {
        node.kind = .string
        node.flags.insert(.plain)
      }
      node.next = UInt32(batch.nodes.count + 1)
      batch.nodes.append(node)
    }
    return UInt32(place)
  }
}
