import ConnectorKit
import Pipelines

/// What a target that stores the flow's progress has in a transaction that is open: several writes, committed together,
/// as long as rows come faster than it stores them. A commit waits for the disk, and the rows behind it wait for it.
///
/// A crash or a failure takes all of it back, and nobody else sees the rows or gets past their locks, so it is bounded
/// by size and by time, and by the barriers, which need a commit.
struct Holding {
  /// The most bytes of rows in one transaction, where the source does not say what belongs together.
  static let bytesMax = 64 << 20
  /// The fewest rows of a write after which it stays open.
  static let rowsMin = 1_000
  /// How long it may have been open when more is added.
  static let timeMax = Duration.seconds(1)
  /// One part in so many of a batch is worth a write of its own, where the commit is not.
  static let partsOfBatch = 4

  private var bytes = 0
  private var since = Duration.zero
  /// Whether the source's own transaction goes on.
  private var isInside = false

  /// Whether everything is committed.
  var isEmpty: Bool { bytes == 0 }

  /// Whether there is something that may be committed now.
  var mayCommit: Bool { bytes > 0 && !isInside }

  /// Whether rows of so many bytes are held, rather than committed with what is held already.
  ///
  /// - Parameter goesOn: whether more rows are on their way, and no barrier waits for these.
  func takes(_ more: Int, goesOn: Bool, at now: Duration) -> Bool {
    guard goesOn, bytes + more < Self.bytesMax else { return false }
    return bytes == 0 || now - since < Self.timeMax
  }

  mutating func hold(_ more: Int, isInside: Bool, at now: Duration) {
    if bytes == 0 { since = now }
    bytes += max(1, more)
    self.isInside = isInside
  }

  mutating func commit() { self = Holding() }
}
