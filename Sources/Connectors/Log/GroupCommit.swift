/// Decides which records share a sync: all that came until it begins. One group is stored at a time.
///
/// A value that does nothing: who uses it writes and syncs.
struct GroupCommit: Equatable {
  /// The most that waits, in bytes.
  let waitingBytesMax: Int
  /// The ticket of the next record; tickets count from 0.
  private(set) var next: UInt64 = 0
  private(set) var waitingBytes = 0
  private var firstWaiting: UInt64 = 0
  private var isStoring = false

  init(waitingBytesMax: Int) { self.waitingBytesMax = waitingBytesMax }

  var isWaiting: Bool { firstWaiting < next }

  /// A record came; false where too much waits already. One alone is always taken, so that a record larger than the bound
  /// is not refused for ever.
  mutating func take(bytes: Int) -> Bool {
    guard waitingBytes == 0 || waitingBytes + bytes <= waitingBytesMax else { return false }
    next += 1
    waitingBytes += bytes
    return true
  }

  /// Makes a group of all that wait; nil where nothing does, or one is being stored: who stores that one sees to the rest.
  mutating func begin() -> Range<UInt64>? {
    guard isWaiting, !isStoring else { return nil }
    defer {
      firstWaiting = next
      waitingBytes = 0
      isStoring = true
    }
    return firstWaiting..<next
  }

  /// The group is durable, or failed; either way its callers were answered.
  mutating func end() { isStoring = false }
}
