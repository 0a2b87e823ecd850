import ConnectorKit
import Pipelines

/// Which rows a target fails for while it stores others, which wait behind them, and when they are tried again.
///
/// A value that decides and writes nothing. Only the key of such a row waits (Invariant 3). A row is given up when it was
/// tried for long and the target stored other rows meanwhile: an outage gives up nothing.
struct ParkingLot {
  /// A row among those that were read.
  struct Place: Hashable, Comparable {
    /// The parcel's number.
    var parcel: UInt64
    var row: Int

    static func < (one: Place, other: Place) -> Bool { (one.parcel, one.row) < (other.parcel, other.row) }
  }

  struct Row: Equatable {
    var place: Place
    var key: UInt64
    /// nil: it waits behind another row.
    var error: ConnectorError?
  }

  /// A row that is not tried any more.
  struct GivenUp: Equatable {
    var place: Place
    var error: ConnectorError
    var tries: Int
    var after: Duration
  }

  /// A row that failed, for people.
  struct Failure: Equatable {
    var attempt: Int
    var after: Duration
    /// How many rows of its key wait, with it.
    var rows: Int
    var error: ConnectorError
  }

  /// One key's rows, in order; the first is the one that is tried.
  private struct Line {
    var places: [Place] = []
    var retry: Retry
    var tries = 0
    /// When the first row failed first; nil: it only waits so far.
    var since: Duration?
    var due: Duration = .zero
    var delay: Duration = .zero
    /// Whether the policy has no more delays, so that the last one is repeated.
    var isUsedUp = false
  }

  private let policy: RetryPolicy
  private var lines: [UInt64: Line] = [:]
  /// How many rows of each parcel are here.
  private var waiting: [UInt64: Int] = [:]
  /// When the target stored something last.
  private var storedAt: Duration?

  init(_ policy: RetryPolicy) { self.policy = policy }

  /// The keys whose rows wait.
  var keys: Set<UInt64> { Set(lines.keys) }
  /// When rows are to be tried again; nil where there are none.
  var due: Duration? { lines.values.lazy.map(\.due).min() }

  func holds(_ parcel: UInt64) -> Bool { waiting[parcel] != nil }

  mutating func stored(at now: Duration) { storedAt = now }

  /// The rows that are tried now, in order.
  func places(dueAt now: Duration) -> [Place] {
    lines.values.filter { $0.due <= now }.flatMap(\.places).sorted()
  }

  /// Rows of a write, in order.
  ///
  /// - Parameter random: decides the jitter of their delays.
  mutating func park(_ rows: [Row], at now: Duration, random: () -> UInt64) -> [Failure] {
    for row in rows {
      waiting[row.place.parcel, default: 0] += 1
      lines[row.key, default: Line(retry: Retry(policy))].places.append(row.place)
    }
    return rows.compactMap { row in
      guard let error = row.error, lines[row.key]?.places.first == row.place else { return nil }
      return fail(row.key, error, at: now, random())
    }
  }

  /// What became of rows that were tried.
  ///
  /// - Parameters:
  ///   - tried: what ``places(dueAt:)`` gave.
  ///   - parked: those of them that were not stored or refused, in order.
  ///   - isCrowded: whether the rows hold so much memory that others wait; a row is given up earlier then.
  mutating func tried(
    _ tried: [Place], parked: [Row], at now: Duration, isCrowded: Bool, random: () -> UInt64
  ) -> (failures: [Failure], givenUp: [GivenUp]) {
    let still = Set(parked.map(\.place))
    for place in tried where !still.contains(place) { leave(place.parcel) }
    let ended = Set(tried).subtracting(still)
    for key in Array(lines.keys) {
      guard let first = lines[key]?.places.first else { continue }
      lines[key]?.places.removeAll { ended.contains($0) }
      guard let next = lines[key]?.places.first else {
        lines[key] = nil
        continue
      }
      if next != first { begin(key, at: now) }
    }
    var (failures, givenUp) = ([Failure](), [GivenUp]())
    for row in parked {
      guard let error = row.error, lines[row.key]?.places.first == row.place else { continue }
      let failure = fail(row.key, error, at: now, random())
      if let lost = giveUp(row, error, at: now, isCrowded) { givenUp.append(lost) } else { failures.append(failure) }
    }
    return (failures, givenUp)
  }

  /// Another row of the key is the first one now.
  private mutating func begin(_ key: UInt64, at now: Duration) {
    lines[key]?.retry.succeeded()
    lines[key]?.tries = 0
    lines[key]?.since = nil
    lines[key]?.isUsedUp = false
    lines[key]?.due = now
  }

  private mutating func fail(
    _ key: UInt64, _ error: ConnectorError, at now: Duration, _ random: UInt64
  ) -> Failure {
    var line = lines[key] ?? Line(retry: Retry(policy))
    var after: Duration?
    if case .retry(let wait) = error.remedy { after = wait }
    line.tries += 1
    line.since = line.since ?? now
    if let delay = line.retry.failed(after: after, random: random) { line.delay = delay } else { line.isUsedUp = true }
    line.due = now + max(line.delay, after ?? .zero)
    lines[key] = line
    return Failure(attempt: line.tries, after: line.due - now, rows: line.places.count, error: error)
  }

  private mutating func giveUp(
    _ row: Row, _ error: ConnectorError, at now: Duration, _ isCrowded: Bool
  ) -> GivenUp? {
    guard let line = lines[row.key], let since = line.since, let storedAt, storedAt >= since else { return nil }
    let isLong = policy.parkFor.map { now - since >= $0 } ?? false
    guard isLong || isCrowded && line.isUsedUp else { return nil }
    leave(row.place.parcel)
    lines[row.key]?.places.removeFirst()
    if lines[row.key]?.places.isEmpty ?? true { lines[row.key] = nil } else { begin(row.key, at: now) }
    return GivenUp(place: row.place, error: error, tries: line.tries, after: now - since)
  }

  private mutating func leave(_ parcel: UInt64) {
    guard let count = waiting[parcel] else { return }
    waiting[parcel] = count > 1 ? count - 1 : nil
  }
}
