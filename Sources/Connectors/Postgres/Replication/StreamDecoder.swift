import Records

/// Makes events of the changes that a stream brought.
///
/// An insert and an update have the new row, with the values that the server left out where their columns were not
/// changed taken from the old row, if that came whole, and left out otherwise. An update that changes the key is two
/// events: the old key goes, and the new row comes. A delete has the old row, or its key alone.
final class StreamDecoder: Decoder {
  private let book: RelationBook
  private let keys = KeyTable()
  private var values: ValueDecoder
  private var tables: [Table?] = []
  private var meta: EventMeta
  /// Whether the row that was appended last has columns whose values did not come.
  private var leftOut = false

  /// A description of a table, ready for use.
  private final class Table {
    let version: RelationVersion
    var cells: CellDecoder

    init(_ version: RelationVersion, _ keys: KeyTable) {
      self.version = version
      cells = CellDecoder(zip(version.columns, version.kinds).map { ($0.name, $1) }, keys)
    }
  }

  init(_ book: RelationBook) {
    self.book = book
    values = ValueDecoder(keys)
    meta = EventMeta(keys)
  }

  func decode(_ batch: Batch) {
    let end = batch.bytes.count
    meta.begin()
    var at = 1
    while let frame = StreamFrames.next(&at, end, batch) {
      switch frame.kind {
      case .transaction: meta.begin(transaction: frame.message, batch)
      case .truncate: truncate(frame, batch)
      case .change: change(frame, batch)
      }
    }
    batch.keys = keys.snapshot
  }

  private func table(_ number: Int) -> Table {
    while tables.count <= number { tables.append(nil) }
    if let table = tables[number] { return table }
    let table = Table(book[number], keys)
    tables[number] = table
    return table
  }

  // MARK: - Events

  private func truncate(_ frame: StreamFrames.Frame, _ batch: Batch) {
    let table = table(frame.number)
    add(.truncate, record: Event.none, frame, table, batch)
  }

  private func change(_ frame: StreamFrames.Frame, _ batch: Batch) {
    let table = table(frame.number)
    let read = Self.read(frame.message, batch)
    switch read {
    case .insert(_, let new)?:
      let record = append(new, nil, table, batch)
      add(.create, record: record, frame, table, batch)
    case .update(_, let old, let new)?: update(old, new, frame, table, batch)
    case .delete(_, let old)?: delete(old, frame, table, batch)
    default: refuse(frame, table, batch)
    }
  }

  /// The message, its places counted in the batch's bytes.
  private static func read(_ message: Range<Int>, _ batch: Batch) -> OutputMessage? {
    let all = UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[..<message.upperBound])
    return (try? OutputReader.read(all, at: message.lowerBound))?.message
  }

  private func update(
    _ old: OutputMessage.OldTuple?, _ new: OutputMessage.Tuple, _ frame: StreamFrames.Frame, _ table: Table,
    _ batch: Batch
  ) {
    guard let old else {
      return add(.update, record: append(new, nil, table, batch), frame, table, batch)
    }
    if changesKey(old.tuple, new, table, batch) {
      delete(old, frame, table, batch)
      let record = append(new, old, table, batch)
      return add(.create, record: record, frame, table, batch, part: 2)
    }
    if old.kind == .key {
      return add(.update, record: append(new, old, table, batch), frame, table, batch)
    }
    let before = append(old.tuple, nil, table, batch)
    let record = append(new, old, table, batch)
    add(.update, record: record, before: before, frame, table, batch)
  }

  private func delete(
    _ old: OutputMessage.OldTuple, _ frame: StreamFrames.Frame, _ table: Table, _ batch: Batch
  ) {
    let row = append(old.tuple, nil, table, batch, onlyIdentity: old.kind == .key)
    if old.kind == .row {
      add(.delete, record: Event.none, before: row, frame, table, batch)
    } else {
      add(.delete, record: Event.none, key: row, frame, table, batch)
    }
  }

  private func refuse(_ frame: StreamFrames.Frame, _ table: Table, _ batch: Batch) {
    add(.update, record: Event.none, frame, table, batch)
    let event = batch.events.count - 1
    batch.fail(
      event,
      Failure(
        event: event, code: "decode.change_unreadable", stage: "decode",
        message: "the server's message is none of the replication protocol"))
  }

  private func add(
    _ operation: Operation, record: UInt32, before: UInt32 = Event.none, key: UInt32 = Event.none,
    _ frame: StreamFrames.Frame, _ table: Table, _ batch: Batch, part: Int = 1
  ) {
    var event = Event(
      operation, record: record, offset: UInt32(frame.message.lowerBound), length: UInt32(frame.message.count))
    event.table = UInt16(table.version.table)
    event.before = before
    event.isPartial = operation == .update && leftOut
    event.key = key
    let row = record != Event.none ? record : before
    if key == Event.none, row != Event.none, !table.version.key.isEmpty {
      event.key = appendKey(of: row, table, batch)
    }
    event.meta = meta.append(frame.count, part, frame.number, table.version, batch)
    batch.events.append(event)
  }

  // MARK: - Rows

  /// Appends a row as an object.
  ///
  /// - Parameters:
  ///   - old: where values that did not come are taken from.
  ///   - onlyIdentity: whether the other columns say nothing.
  private func append(
    _ tuple: OutputMessage.Tuple, _ old: OutputMessage.OldTuple?, _ table: Table, _ batch: Batch,
    onlyIdentity: Bool = false
  ) -> UInt32 {
    let root = batch.nodes.count
    leftOut = false
    batch.nodes.append(Node(.object, flags: .plain))
    // Values of arrays and json may be written behind the messages, so the bytes are looked at anew for each cell.
    var at = tuple.bytes.lowerBound
    var oldAt = old?.tuple.bytes.lowerBound ?? 0
    for column in 0..<min(tuple.columns, table.cells.count) {
      let isIdentity = table.version.columns[column].isIdentity
      let cell = TupleReader.cell(&at, batch)
      var fallback = TupleReader.Cell.unchanged
      if let old {
        fallback = TupleReader.cell(&oldAt, batch)
        if old.kind == .key, !isIdentity { fallback = .unchanged }
      }
      if onlyIdentity, !isIdentity { continue }
      switch cell == .unchanged ? fallback : cell {
      case .text(let range): table.cells.append(range, column, &values, batch)
      case .null: table.cells.appendNull(column, batch)
      case .unchanged: leftOut = true
      }
    }
    batch.nodes.base[root].next = UInt32(batch.nodes.count)
    return UInt32(root)
  }

  /// The key of a row as an object of its own.
  private func appendKey(of row: UInt32, _ table: Table, _ batch: Batch) -> UInt32 {
    let place = batch.nodes.count
    batch.nodes.reserve(table.version.key.count + 1)
    batch.nodes.append(Node(.object, flags: .plain))
    for column in table.version.key {
      let id = table.cells.id(of: column)
      var child = row + 1
      let end = batch.nodes.base[Int(row)].next
      while child < end, batch.nodes.base[Int(child)].key != id { child = batch.nodes.base[Int(child)].next }
      if child < end { batch.appendKeyMember(Int(child)) }
    }
    batch.nodes.base[place].next = UInt32(batch.nodes.count)
    return UInt32(place)
  }

  private func changesKey(
    _ old: OutputMessage.Tuple, _ new: OutputMessage.Tuple, _ table: Table, _ batch: Batch
  ) -> Bool {
    var (oldAt, newAt) = (old.bytes.lowerBound, new.bytes.lowerBound)
    for column in 0..<min(old.columns, new.columns, table.cells.count) {
      let (before, after) = (TupleReader.cell(&oldAt, batch), TupleReader.cell(&newAt, batch))
      guard table.version.key.contains(column) else { continue }
      switch (before, after) {
      case (.text(let a), .text(let b)):
        let bytes = batch.bytes.bytes
        let isSame = RawText.equal(
          UnsafeRawBufferPointer(rebasing: bytes[a]), UnsafeRawBufferPointer(rebasing: bytes[b]))
        if !isSame { return true }
      case (_, .unchanged): continue
      default: if before != after { return true }
      }
    }
    return false
  }
}
