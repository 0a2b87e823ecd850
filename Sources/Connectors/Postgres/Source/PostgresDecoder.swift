import CScan
import Records

/// Makes an event of each line of COPY's text: an object with a value for each column, and the key.
///
/// Numbers are numbers with every digit (NaN and infinities are texts), booleans booleans, json and jsonb their values,
/// arrays arrays; a timestamp is written as RFC 3339 has it where the year has four digits. Everything else is the text
/// that PostgreSQL writes, so `\x…` for bytea.
final class PostgresDecoder: Decoder {
  private let key: [Int]
  private let count: Int
  private let keys = KeyTable()
  private var cells: CellDecoder
  private var values: ValueDecoder

  /// - Parameter key: places of the key's columns among the columns.
  init(_ columns: [TableSchema.Column], key: [Int]) {
    self.key = key
    count = columns.count
    values = ValueDecoder(keys)
    cells = CellDecoder(columns.map { ($0.name, $0.kind) }, keys)
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
      if column < count { append(at..<cell, hasEscape, column, batch) }
      column += 1
      at = cell + 1
      if cell >= end || batch.bytes.base[cell] == 0x0a { break }
    }
    let stop = min(at - 1, end)
    batch.nodes.base[root].next = UInt32(batch.nodes.count)
    batch.nodes.base[root].length = UInt32(stop - start)
    var event = Event(.read, record: UInt32(root), offset: UInt32(start), length: UInt32(stop - start))
    if column < count { return refuse(event, root, column, batch, next: at) }
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
        message: "the row has \(cells) cells; the columns are \(count)"))
    return next
  }

  @inline(__always)
  private func append(_ range: Range<Int>, _ hasEscape: Bool, _ column: Int, _ batch: Batch) {
    if hasEscape { return appendEscaped(range, column, batch) }
    cells.append(range, column, &values, batch)
  }

  /// A null, or text with escapes, which is written out behind the rows.
  private func appendEscaped(_ range: Range<Int>, _ column: Int, _ batch: Batch) {
    if range.count == 2, batch.bytes.base[range.lowerBound + 1] == UInt8(ascii: "N") {
      return cells.appendNull(column, batch)
    }
    // Room first: the text is read from the same bytes that it is written to.
    batch.bytes.reserve(range.count)
    let start = batch.bytes.count
    let raw = UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[range])
    CopyText.unescape(raw, into: &batch.bytes)
    cells.append(start..<batch.bytes.count, column, &values, batch)
  }

  /// The key as an object of its own.
  private func appendKey(_ root: Int, _ batch: Batch) -> UInt32 {
    let place = batch.nodes.count
    batch.nodes.reserve(key.count + 1)
    batch.nodes.append(Node(.object, flags: .plain, next: UInt32(place + key.count + 1)))
    for column in key {
      var child = root + 1
      for _ in 0..<column { child = Int(batch.nodes.base[child].next) }
      batch.appendKeyMember(child)
    }
    return UInt32(place)
  }
}

extension Batch {
  /// Appends a copy of a row's member for its key; what has members of its own stands there as its text.
  func appendKeyMember(_ member: Int) {
    var node = nodes.base[member]
    if node.kind == .array || node.kind == .object {
      node.kind = .string
      node.flags.insert(.plain)
    }
    node.next = UInt32(nodes.count + 1)
    nodes.append(node)
  }
}
