import Records

/// What the rows of a write come to: of each key of a table the last state, however often and in whatever order it was
/// inserted, updated and deleted. A value: rows in, sets out.
///
/// For each table the sets are stored in this order, and then it looks as if all rows had been stored one by one (of
/// several tables, rows go from the last to the first, and come from the first to the last, as their foreign keys want):
/// everything goes (a truncate), the keys that were deleted go (also where a row of that key came later: it is a new
/// one), whole rows come or change, partial rows change what is there.
struct LastRows: ~Copyable {
  /// The rows of one table.
  private struct Table {
    let layout: RowLayout
    /// Of the key; empty where keys cannot be told apart here.
    let forms: [BinaryForm]
    /// What was made of the shapes that were seen, by their tags.
    var shapes: [UInt16: ShapePlan] = [:]
    var truncates = false
  }

  /// Where the key stands in rows of a shape.
  private struct ShapePlan {
    var shape: RowLayout.Shape
    /// Of each of the key's columns, in the key's order, which of the row's cells it is.
    var key: [Int]
    /// How many cells must be looked at to know the key.
    var cells: Int
  }

  /// One key, and what its rows came to.
  struct Entry: BitwiseCopyable {
    enum Content: UInt8, BitwiseCopyable { case none, given, merged }

    var stream: UInt16
    /// Of the content's shape.
    var tag: UInt16 = 0
    /// Whether a row that the table has of this key goes.
    var isDeleted = false
    var content = Content.none
    fileprivate var key: Place
    /// The row's bytes: of a payload, or of `merged`.
    fileprivate var row = Place(start: 0, count: 0)
    fileprivate var payload: UInt32 = 0
    fileprivate var hash: UInt32
  }

  fileprivate struct Place: BitwiseCopyable {
    var start: UInt64
    var count: UInt32

    init(start: Int, count: Int) {
      self.start = UInt64(start)
      self.count = UInt32(count)
    }

    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
  }

  private let payloads: [Payload]
  private var tables: [Table]
  private var entries = RawArray<Entry>()
  /// Open addressing with linear probing, half full at most: places in `entries`, counted from 1; 0 where there is none.
  private var slots: [UInt32]
  private var keys = ByteBuffer()
  private var merged = ByteBuffer()
  private var scratch = ByteBuffer()
  private var cells: [Range<Int>] = []
  private var otherCells: [Range<Int>] = []

  /// Takes all rows of a write, in their order.
  ///
  /// - Returns: nil where only the server can tell what they come to, and they are to be stored as they are.
  static func of(_ payloads: [Payload], _ layouts: [RowLayout]) -> LastRows? {
    let tables = layouts.map { Table(layout: $0, forms: $0.version == nil ? $0.keyForms ?? [] : []) }
    var last = LastRows(payloads, tables)
    for payload in payloads.indices where !last.takeAll(of: payload) { return nil }
    return last
  }

  private init(_ payloads: [Payload], _ tables: [Table]) {
    self.payloads = payloads
    self.tables = tables
    let rows = payloads.reduce(0) { $0 + $1.rows.count }
    var size = 16
    while size < rows * 2 { size *= 2 }
    slots = [UInt32](repeating: 0, count: size)
  }

  private mutating func takeAll(of index: Int) -> Bool {
    let payload = payloads[index]
    var start = 0
    for row in 0..<payload.rows.count {
      let entry = payload.rows[row]
      let end = Int(entry.end)
      guard take(payload.bytes.bytes, start..<end, index, entry) else { return false }
      start = end
    }
    return true
  }

  private mutating func take(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ payload: Int, _ row: Payload.Entry
  ) -> Bool {
    let plan = plan(Int(row.stream), row.tag)
    if plan.shape == .truncate {
      truncate(row.stream)
      return true
    }
    if tables[Int(row.stream)].forms.isEmpty { return false }
    guard readKey(UnsafeRawBufferPointer(rebasing: bytes[range]), plan, tables[Int(row.stream)].forms) else {
      return false
    }
    let place = find(row.stream)
    let given = Place(start: range.lowerBound, count: range.count)
    if plan.shape.isDelete {
      entries.base[place].isDeleted = true
      entries.base[place].content = .none
      return true
    }
    if plan.shape.set == nil || entries.base[place].content == .none {
      if plan.shape.set != nil, entries.base[place].isDeleted, tables[Int(row.stream)].layout.changesOnly(plan.shape) {
        // There is nothing left that it could change.
        return true
      }
      set(place, .given, row.tag, given, payload)
      return true
    }
    return merge(place, bytes[range], plan.shape, row.tag)
  }

  private mutating func set(_ place: Int, _ content: Entry.Content, _ tag: UInt16, _ row: Place, _ payload: Int = 0) {
    entries.base[place].content = content
    entries.base[place].tag = tag
    entries.base[place].row = row
    entries.base[place].payload = UInt32(payload)
  }

  private mutating func truncate(_ stream: UInt16) {
    tables[Int(stream)].truncates = true
    for place in 0..<entries.count where entries.base[place].stream == stream {
      entries.base[place].isDeleted = false
      entries.base[place].content = .none
    }
  }

  // MARK: - Keys

  private mutating func plan(_ stream: Int, _ tag: UInt16) -> ShapePlan {
    if let known = tables[stream].shapes[tag] { return known }
    let layout = tables[stream].layout
    let shape = RowLayout.Shape(tag: tag)
    let fields = layout.fields(of: shape)
    let key = layout.key.compactMap { fields.firstIndex(of: $0) }
    let plan = ShapePlan(shape: shape, key: key, cells: (key.max() ?? -1) + 1)
    tables[stream].shapes[tag] = plan
    return plan
  }

  /// Puts the key into `scratch`, its columns one after the other in their binary form.
  private mutating func readKey(_ row: UnsafeRawBufferPointer, _ plan: ShapePlan, _ forms: [BinaryForm]) -> Bool {
    scratch.removeAll()
    let isBinary = plan.shape.isBinary
    guard plan.key.count == forms.count, RowCells.find(plan.cells, in: row, isBinary: isBinary, &cells) else {
      return false
    }
    for (cell, form) in zip(plan.key, forms) {
      let bytes = UnsafeRawBufferPointer(rebasing: row[cells[cell]])
      guard RowCells.append(bytes, isBinary: isBinary, as: form, to: &scratch) else { return false }
    }
    return true
  }

  /// The place of the key in `scratch` among the entries, to which it is added where it is new.
  private mutating func find(_ stream: UInt16) -> Int {
    var hasher = Hasher()
    hasher.combine(stream)
    hasher.combine(bytes: scratch.bytes)
    let hash = UInt32(truncatingIfNeeded: hasher.finalize())
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      let entry = entries.base[place]
      if entry.hash == hash, entry.stream == stream, RawText.equal(key(entry), scratch.bytes) { return place }
      slot = (slot + 1) & (slots.count - 1)
    }
    let place = Place(start: keys.count, count: scratch.count)
    keys.append(scratch.bytes)
    entries.append(Entry(stream: stream, key: place, hash: hash))
    slots[slot] = UInt32(entries.count)
    return entries.count - 1
  }

  // MARK: - Partial rows

  /// Puts the values of a partial row into the row that its key has already.
  ///
  /// - Returns: false where the two cannot be one row.
  private mutating func merge(
    _ place: Int, _ new: Slice<UnsafeRawBufferPointer>, _ shape: RowLayout.Shape, _ tag: UInt16
  ) -> Bool {
    let entry = entries.base[place]
    let layout = tables[Int(entry.stream)].layout
    let old = RowLayout.Shape(tag: entry.tag)
    guard old.isBinary == shape.isBinary, let into = union(old, shape, layout) else { return false }
    let (before, after) = (layout.fields(of: old), layout.fields(of: shape))
    let (oldRow, newRow) = (row(entry), UnsafeRawBufferPointer(rebasing: new))
    guard RowCells.find(before.count, in: oldRow, isBinary: old.isBinary, &cells),
      RowCells.find(after.count, in: newRow, isBinary: old.isBinary, &otherCells)
    else { return false }
    // Apart, because the old row may stand in `merged` itself.
    scratch.removeAll()
    let fields = layout.fields(of: into)
    if old.isBinary { BinaryCells.append(Int16(fields.count), to: &scratch) }
    var (a, b) = (0, 0)
    for (index, field) in fields.enumerated() {
      if !old.isBinary, index > 0 { scratch.append(CopyText.tab) }
      while a < before.count, before[a] < field { a += 1 }
      while b < after.count, after[b] < field { b += 1 }
      if b < after.count, after[b] == field {
        scratch.append(UnsafeRawBufferPointer(rebasing: newRow[otherCells[b]]))
      } else {
        scratch.append(UnsafeRawBufferPointer(rebasing: oldRow[cells[a]]))
      }
    }
    if !old.isBinary { scratch.append(UInt8(ascii: "\n")) }
    let start = merged.count
    merged.append(scratch.bytes)
    set(place, .merged, into.tag, Place(start: start, count: merged.count - start))
    return true
  }

  /// The shape of a row that has what both have.
  private func union(_ old: RowLayout.Shape, _ new: RowLayout.Shape, _ layout: RowLayout) -> RowLayout.Shape? {
    guard let first = old.set else { return old }
    // Behind a row that may be a new one, a change finds it there; a row that may be a new one behind a change does not tell
    // whether the change found any.
    guard let second = new.set, layout.changesOnly(new) || !layout.changesOnly(old) else { return nil }
    if first == second { return old }
    let fields = zip(layout.set(first), layout.set(second)).map { $0 || $1 }.dropLast()
    let isFull = !fields.contains(false)
    // A row that only changes others makes no new one, however much it has of it.
    if isFull, !layout.changesOnly(old) { return old.isBinary ? .binary : .full }
    guard let number = layout.number(of: Array(fields), changesOnly: layout.changesOnly(old)) else { return nil }
    return old.isBinary ? .binaryPartial(number) : .partial(number)
  }

  // MARK: - Sets

  /// How many keys the rows have.
  var count: Int { entries.count }

  func truncates(_ stream: Int) -> Bool { tables[stream].truncates }

  /// The streams of which anything is to be stored, in their order: that of the source's foreign keys, where it has some.
  var streams: [Int] {
    var found = [Bool](repeating: false, count: tables.count)
    for place in 0..<entries.count { found[Int(entries[place].stream)] = true }
    return tables.indices.filter { found[$0] || tables[$0].truncates }
  }

  /// A key's columns one after the other, each with its length as in the binary form.
  func key(_ entry: Entry) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: keys.bytes[entry.key.range]) }

  /// The keys of a stream that go.
  func forEachDeleted(of stream: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    for place in 0..<entries.count where Int(entries[place].stream) == stream && entries[place].isDeleted {
      body(key(entries[place]))
    }
  }

  /// The shapes of the rows that a stream has, whole ones first.
  func shapes(of stream: Int) -> [RowLayout.Shape] {
    var tags: [UInt16] = []
    for place in 0..<entries.count {
      let entry = entries.base[place]
      if entry.content != .none, Int(entry.stream) == stream, !tags.contains(entry.tag) { tags.append(entry.tag) }
    }
    return tags.sorted().map { RowLayout.Shape(tag: $0) }
  }

  /// The rows of a stream and shape, as they are encoded.
  func forEachRow<E: Error>(
    of stream: Int, _ shape: RowLayout.Shape, _ body: (UnsafeRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    for place in 0..<entries.count {
      let entry = entries.base[place]
      guard entry.content != .none, entry.tag == shape.tag, Int(entry.stream) == stream else { continue }
      try body(row(entry))
    }
  }

  private func row(_ entry: Entry) -> UnsafeRawBufferPointer {
    let bytes = entry.content == .merged ? merged.bytes : payloads[Int(entry.payload)].bytes.bytes
    return UnsafeRawBufferPointer(rebasing: bytes[entry.row.range])
  }
}
