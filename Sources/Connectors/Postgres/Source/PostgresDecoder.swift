import Records

/// Makes an event of each row of COPY's binary form: an object with a value for each column, and the key.
///
/// Numbers are numbers with every digit (NaN and infinities are texts), booleans booleans, json and jsonb their values,
/// arrays arrays; a timestamp is written as RFC 3339 has it where the year has four digits. Everything else is the text
/// that PostgreSQL writes, so `\x…` for bytea.
final class PostgresDecoder: Decoder {
  private let key: [Int]
  private let count: Int
  private let keys = KeyTable()
  private let cells: CellDecoder
  private var values: ValueDecoder
  /// The columns' forms, read without reference counting.
  private let forms: RawArray<BinaryForm>

  /// The shape of all rows whose columns have one node each; the table of keys has no other.
  private static let shape: UInt16 = 1

  /// - Parameter key: places of the key's columns among the columns.
  init(_ columns: [TableSchema.Column], key: [Int]) {
    self.key = key
    count = columns.count
    values = ValueDecoder(keys)
    cells = CellDecoder(columns.map { ($0.name, $0.kind) }, keys)
    var forms = RawArray<BinaryForm>(capacity: columns.count)
    for column in columns { forms.append(column.readForm) }
    self.forms = forms
  }

  func decode(_ batch: Batch) {
    let end = batch.bytes.count
    var at = 0
    while at < end {
      guard let next = decodeRow(at, end, batch) else { break }
      at = next
    }
    batch.keys = keys.snapshot
  }

  /// - Returns: where the next row begins; nil where nobody knows.
  private func decodeRow(_ start: Int, _ end: Int, _ batch: Batch) -> Int? {
    let root = batch.nodes.count
    batch.nodes.append(Node(.object, flags: .plain, offset: UInt32(start)))
    guard let stop = decodeFields(start, end, batch) else { return refuse(start..<end, root, batch) }
    batch.nodes.base[root].next = UInt32(batch.nodes.count)
    batch.nodes.base[root].length = UInt32(stop - start)
    var event = Event(.read, record: UInt32(root), offset: UInt32(start), length: UInt32(stop - start))
    if batch.nodes.count - root == count + 1 { event.shape = Self.shape }
    if !key.isEmpty { event.key = appendKey(root, batch) }
    batch.events.append(event)
    return stop
  }

  /// Appends a value for each column, and passes over the fields behind them.
  ///
  /// - Returns: the row's end; nil where the bytes are no row of these columns.
  private func decodeFields(_ start: Int, _ end: Int, _ batch: Batch) -> Int? {
    guard start + 2 <= end else { return nil }
    let fields = Int(BinaryText.load(batch.bytes, start, Int16.self))
    guard fields >= count else { return nil }
    var at = start + 2
    for field in 0..<fields {
      guard at + 4 <= end else { return nil }
      let length = Int(BinaryText.load(batch.bytes, at, Int32.self))
      at += 4
      guard length <= end - at else { return nil }
      let range = at..<at + max(0, length)
      at = range.upperBound
      if field >= count { continue }
      if length < 0 {
        cells.appendNull(field, batch)
      } else if !append(range, field, batch) {
        return nil
      }
    }
    return at
  }

  private func refuse(_ range: Range<Int>, _ root: Int, _ batch: Batch) -> Int? {
    batch.nodes.setCount(root)
    batch.events.append(
      Event(.read, record: Event.none, offset: UInt32(range.lowerBound), length: UInt32(range.count)))
    let index = batch.events.count - 1
    batch.fail(
      index,
      Failure(
        event: index, code: "decode.copy_ragged", stage: "decode",
        message: "the bytes are no row of \(count) columns in the form that COPY has"))
    return nil
  }

  /// - Returns: false where the field is none of the column's type.
  @inline(__always)
  private func append(_ range: Range<Int>, _ column: Int, _ batch: Batch) -> Bool {
    let form = forms.base[column]
    switch form {
    case .text: cells.append(range, column, &values, batch)
    case .int2 where range.count == 2:
      cells.append(Int64(BinaryText.load(batch.bytes, range.lowerBound, Int16.self)), column, batch)
    case .int4 where range.count == 4:
      cells.append(Int64(BinaryText.load(batch.bytes, range.lowerBound, Int32.self)), column, batch)
    case .int8 where range.count == 8:
      cells.append(BinaryText.load(batch.bytes, range.lowerBound, Int64.self), column, batch)
    case .bool where range.count == 1:
      cells.append(batch.bytes.base[range.lowerBound] == 0 ? .false : .true, column, batch)
    // Behind the number of the form, of which there is one.
    case .jsonb where !range.isEmpty: cells.append(range.dropFirst(), column, &values, batch)
    default: return appendText(range, form, column, batch)
    }
    return true
  }

  /// A value whose text is written behind the rows.
  private func appendText(_ range: Range<Int>, _ form: BinaryForm, _ column: Int, _ batch: Batch) -> Bool {
    let start = batch.bytes.count
    guard BinaryText.append(range, as: form, to: &batch.bytes) else { return false }
    cells.append(start..<batch.bytes.count, column, &values, batch)
    return true
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
