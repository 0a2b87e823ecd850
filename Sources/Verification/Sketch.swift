import Records

/// What the rows of one side amount to: for each bucket of keys how many there are, and the sum of their digests.
///
/// The order of the rows plays no part, so two systems that sort texts differently can be compared. Two sides with equal
/// sketches hold equal rows, but for a chance of about 2^-64 a bucket; digests are seeded anew by each process, so nobody
/// can prepare rows that collide.
struct Sketch: Sendable {
  private(set) var counts: [UInt32]
  private var sums: [UInt64]
  private(set) var rows: UInt64 = 0

  /// - Parameter buckets: a power of two.
  init(buckets: Int) {
    precondition(buckets.nonzeroBitCount == 1, "the number of buckets is a power of two")
    counts = Array(repeating: 0, count: buckets)
    sums = Array(repeating: 0, count: buckets)
  }

  func bucket(of key: UInt64) -> Int { Int(truncatingIfNeeded: key) & (counts.count - 1) }

  mutating func add(key: UInt64, row: UInt64) {
    let bucket = bucket(of: key)
    counts[bucket] &+= 1
    sums[bucket] &+= row
    rows += 1
  }

  /// The buckets whose rows are not the same, in order, and how many rows both sides have in each.
  func differing(from other: Sketch) -> [(bucket: Int, rows: Int)] {
    counts.indices.filter { counts[$0] != other.counts[$0] || sums[$0] != other.sums[$0] }
      .map { ($0, Int(counts[$0]) + Int(other.counts[$0])) }
  }
}

/// Digests of forms.
enum Digest {
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(bytes: bytes)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}
