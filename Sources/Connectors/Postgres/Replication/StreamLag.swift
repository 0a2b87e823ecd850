import ConnectorKit

/// What was given out of a stream and is not known to be stored, so far as it takes to say how late it is. A value.
struct StreamLag: Sendable, Equatable {
  private struct Given: Sendable, Equatable {
    var end: LSN
    /// When the first of its transactions was committed: microseconds since 2000, UTC.
    var time: Int64
  }

  /// The most batches that are remembered: beyond it the newer ones count as one.
  private static let givenMax = 4_096

  private var given: [Given] = []
  private var durable = LSN.zero
  /// When the transaction was committed that was given out in part.
  private var insideSince: Int64?

  /// - Parameters:
  ///   - end: nil inside of a transaction.
  ///   - time: when the first transaction of the batch was committed; nil where it has none.
  mutating func gave(upTo end: LSN?, committedAt time: Int64?) {
    guard let time = insideSince ?? time else { return }
    insideSince = end == nil ? time : nil
    guard let end else { return }
    if given.count == Self.givenMax {
      given[given.count - 1].end = end
    } else {
      given.append(Given(end: end, time: time))
    }
  }

  mutating func stored(upTo position: LSN) {
    durable = max(durable, position)
    given.removeAll { $0.end <= durable }
  }

  /// - Parameters:
  ///   - written: the end of the server's log.
  ///   - now: milliseconds since 1970, UTC.
  func lag(behind written: LSN, at now: Int64) -> Lag {
    let oldest = (given.first?.time ?? insideSince).map { Double(now) / 1_000 - Double($0) / 1_000_000 - Self.epoch }
    return Lag(bytes: written.bytes(since: durable), seconds: max(0, oldest ?? 0))
  }

  /// From 1970 to 2000, in seconds.
  private static let epoch: Double = 946_684_800
}
