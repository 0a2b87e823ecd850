import Records

/// How many events ended where. Every event that was read is in exactly one bucket (Invariant 4).
package struct Counts: Sendable, Equatable {
  package var read: UInt64 = 0
  package var written: UInt64 = 0
  package var filtered: UInt64 = 0
  package var duplicate: UInt64 = 0
  package var stale: UInt64 = 0
  package var deadLettered: UInt64 = 0
  /// Which transforms it was, and the rows that they made.
  package var steps = StepCounts()

  package init() {}

  /// All buckets together.
  package var sum: UInt64 { written + filtered + duplicate + stale + deadLettered }
  package var balances: Bool { read == sum }

  package static func - (a: Counts, b: Counts) -> Counts {
    var counts = Counts()
    counts.read = a.read - b.read
    counts.written = a.written - b.written
    counts.filtered = a.filtered - b.filtered
    counts.duplicate = a.duplicate - b.duplicate
    counts.stale = a.stale - b.stale
    counts.deadLettered = a.deadLettered - b.deadLettered
    counts.steps = a.steps - b.steps
    return counts
  }

  package static func += (a: inout Counts, b: Counts) {
    a.read += b.read
    a.written += b.written
    a.filtered += b.filtered
    a.duplicate += b.duplicate
    a.stale += b.stale
    a.deadLettered += b.deadLettered
    a.steps += b.steps
  }
}
