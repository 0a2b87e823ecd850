import Records

/// Decides which position is safe; does nothing else.
///
/// Batches and barriers enter in the order of reading, each with the target lanes that it waits for. An entry is closed
/// when all of them are through with it. The safe prefix ends before the first entry that is open (Invariant 1): never
/// the highest that was seen.
package struct Ledger: Sendable {
  private struct Entry: Sendable {
    /// nil: a barrier.
    var position: Position?
    var open: LaneSet
    /// nil: not closed yet.
    var counts: Counts?
  }

  /// What became safe since the last cut.
  package struct Cut: Sendable, Equatable {
    /// In the order of reading. A log needs the last one, a queue each.
    package var positions: [Position]
    package var counts: Counts
  }

  private var entries = Fifo<Entry>()
  /// The number of the first entry that is still here.
  private var first: UInt64 = 0
  /// Entries before this number are closed and in order.
  package private(set) var watermark: UInt64 = 0

  package init() {}

  /// Numbers of entries that have entered.
  package var count: UInt64 { first + UInt64(entries.count) }
  /// How many entered and are not closed in order yet.
  package var inFlight: Int { Int(count - watermark) }
  /// How many batches entered since the last cut.
  package var uncut: Int { entries.count }

  /// - Parameter lanes: those that have something to do for it.
  mutating func enter(_ number: UInt64, position: Position?, lanes: LaneSet) {
    precondition(number == count, "batches enter the ledger in order")
    entries.append(Entry(position: position, open: lanes))
  }

  /// A lane is through with it.
  ///
  /// - Returns: whether it was the last lane, so that the entry can be closed.
  mutating func complete(_ number: UInt64, lane: Int) -> Bool {
    let index = Int(number - first)
    var entry = entries[index]
    precondition(entry.open.contains(lane), "a lane completes a batch once")
    entry.open.remove(lane)
    entries[index] = entry
    return entry.open.isEmpty
  }

  /// All lanes are through with it, and this is where its events ended.
  mutating func close(_ number: UInt64, counts: Counts) {
    let index = Int(number - first)
    var entry = entries[index]
    precondition(entry.open.isEmpty && entry.counts == nil, "a batch is closed once, when all lanes are through")
    entry.counts = counts
    entries[index] = entry
    while watermark < count, entries[Int(watermark - first)].counts != nil { watermark += 1 }
  }

  /// Takes out everything before the barrier and the barrier itself; nil as long as something of it is open.
  mutating func cut(through barrier: UInt64) -> Cut? {
    guard barrier < watermark else { return nil }
    let cut = cutAnyway(through: barrier)
    while first <= barrier, entries.popFirst() != nil { first += 1 }
    return cut
  }

  /// What a cut would give if everything before the barrier were closed.
  func cutAnyway(through barrier: UInt64) -> Cut {
    var cut = Cut(positions: [], counts: Counts())
    for index in 0..<min(entries.count, Int(barrier + 1 - first)) {
      if let position = entries[index].position { cut.positions.append(position) }
      if let counts = entries[index].counts { cut.counts += counts }
    }
    return cut
  }
}
