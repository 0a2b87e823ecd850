/// Decides which records share a sync: while one is under way, all that come wait for the next, together.
///
/// A value that does nothing: who uses it writes and syncs.
struct GroupCommit: Equatable {
  /// What is to be done after a record was taken.
  enum Admission: Equatable {
    /// It waits for a sync under way to end.
    case waits
    /// Nothing is under way: begin.
    case begins
    /// Too much waits already; it was not taken.
    case refused
  }

  /// The most that waits, in bytes.
  let waitingBytesMax: Int
  /// The ticket of the next record; tickets count from 0.
  private(set) var next: UInt64 = 0
  private(set) var waitingBytes = 0
  /// The tickets of the group that is being stored; nil while none is.
  private(set) var storing: Range<UInt64>?
  private var firstWaiting: UInt64 = 0

  init(waitingBytesMax: Int) { self.waitingBytesMax = waitingBytesMax }

  /// A record came. One alone is always taken, so that a record larger than the bound is not refused for ever.
  mutating func take(bytes: Int) -> Admission {
    guard waitingBytes == 0 || waitingBytes + bytes <= waitingBytesMax else { return .refused }
    next += 1
    waitingBytes += bytes
    return storing == nil && next - firstWaiting == 1 ? .begins : .waits
  }

  /// Makes a group of all that wait; nil where nothing does, or one is under way.
  mutating func begin() -> Range<UInt64>? {
    guard storing == nil, firstWaiting < next else { return nil }
    let group = firstWaiting..<next
    storing = group
    firstWaiting = next
    waitingBytes = 0
    return group
  }

  /// The group is durable, or failed; either way its callers are answered.
  mutating func end() { storing = nil }
}
