import ConnectorKit
import Dispatch
import Records
import Synchronization

/// Appends records to a log, for many callers at once: each is told when its record is durable, and one sync serves all
/// that came while the one before it ran.
///
/// One process writes a log at a time; the folder's lock sees to it.
final class LogWriter: Sendable {
  /// The most that waits for its sync, in bytes; what comes beyond it is refused and counts as overload.
  static let waitingBytesMax = 64 << 20

  /// What became of a group of records, by their tickets.
  struct Settled: Sendable {
    var tickets: Range<UInt64>
    /// nil: they are durable.
    var error: LogError?
  }

  private struct Waiting {
    var commit = GroupCommit(waitingBytesMax: LogWriter.waitingBytesMax)
    var frames = Frames()
    /// Empty, and takes their place while they are stored.
    var spare = Frames()
    var isClosed = false
  }

  /// The frames of one group.
  ///
  /// `@unchecked Sendable`: filled under the mutex, and then taken out of it by who stores them.
  private final class Frames: @unchecked Sendable {
    var bytes = ByteBuffer()
  }

  private let waiting = Mutex(Waiting())
  private let disk: Mutex<LogDisk>
  /// Stores what came while somebody else did.
  private let lane = DispatchQueue(label: "millrace.log")
  /// Whoever stores.
  private let storing = DispatchGroup()
  private let wallTime: @Sendable () -> Int64
  private let settled: @Sendable (Settled) -> Void

  /// - Parameters:
  ///   - wallTime: milliseconds since 1970.
  ///   - settled: hears what became of each group, in order, before the next one is stored.
  init(
    _ path: String, _ retention: LogRetention, wallTime: @escaping @Sendable () -> Int64,
    settled: @escaping @Sendable (Settled) -> Void
  ) throws(LogError) {
    disk = Mutex(try LogDisk(path, retention, now: wallTime()))
    self.wallTime = wallTime
    self.settled = settled
  }

  /// Takes a record; it is stored when somebody calls ``commit()``.
  ///
  /// - Returns: the ticket under which ``Settled`` tells of it; nil where too much waits already, or the log is closed.
  func append(attributes: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) -> UInt64? {
    waiting.withLock { waiting -> UInt64? in
      let bytes = LogFrame.headBytes + attributes.count + payload.count
      guard !waiting.isClosed, waiting.commit.take(bytes: bytes) else { return nil }
      waiting.frames.bytes.reserve(bytes)
      LogFrame.begin(
        UnsafeMutableRawBufferPointer(start: waiting.frames.bytes.end, count: LogFrame.headBytes),
        attributes: attributes.count, payload: payload.count)
      waiting.frames.bytes.advance(by: LogFrame.headBytes)
      waiting.frames.bytes.append(attributes)
      waiting.frames.bytes.append(payload)
      return waiting.commit.next - 1
    }
  }

  /// Sees to it that all that was taken is stored: here, before it returns, as long as nobody else stores, which saves
  /// the ways to another thread and back; else by whoever is at it, and returns at once.
  func commit() {
    storing.enter()
    defer { storing.leave() }
    guard let (group, frames) = begin() else { return }
    var failure: LogError?
    do throws(LogError) { try store(frames) } catch { failure = error }
    settled(Settled(tickets: group, error: failure))
    if end(frames) { lane.async(group: storing) { [self] in commit() } }
  }

  /// Takes what waits, and leaves an empty buffer in its place.
  private func begin() -> (Range<UInt64>, Frames)? {
    waiting.withLock { waiting in
      guard let group = waiting.commit.begin() else { return nil }
      let full = waiting.frames
      waiting.frames = waiting.spare
      return (group, full)
    }
  }

  /// - Returns: whether more came meanwhile.
  private func end(_ frames: Frames) -> Bool {
    frames.bytes.shrink(to: 4 << 20)
    return waiting.withLock { waiting in
      waiting.spare = frames
      waiting.commit.end()
      return waiting.commit.isWaiting
    }
  }

  private func store(_ frames: Frames) throws(LogError) {
    let now = wallTime()
    try disk.withLock { disk throws(LogError) in try disk.store(frames.bytes.contents, now: now) }
  }

  /// Nothing at or behind this address is removed to make room.
  func keep(from address: UInt64) { disk.withLock { $0.unread = address } }

  /// Removes what is too old.
  func tidy() throws(LogError) {
    let now = wallTime()
    try disk.withLock { disk throws(LogError) in try disk.tidy(now: now) }
  }

  /// How far it is durable.
  var head: LogHead { disk.withLock { $0.head } }

  /// Takes no more, and returns when all that was taken is settled.
  func close() {
    waiting.withLock { $0.isClosed = true }
    repeat {
      commit()
      storing.wait()
    } while waiting.withLock({ $0.commit.isWaiting })
    // What stays behind the records is cut off by whoever opens the log next.
    try? disk.withLock { disk throws(LogError) in try disk.close() }
  }
}
