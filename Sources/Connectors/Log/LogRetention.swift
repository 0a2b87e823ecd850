/// How long records are kept.
struct LogRetention: Sendable, Equatable {
  /// In milliseconds.
  var age: Int64
  /// In bytes, of all segments.
  var bytes: UInt64
  /// How large a segment gets, in bytes; what is kept is kept and removed in whole segments.
  var segmentBytes: UInt64

  init(age: Int64, bytes: UInt64) {
    self.age = age
    self.bytes = bytes
    segmentBytes = min(64 << 20, max(bytes / 8, 64 << 10))
  }

  /// How many of the oldest segments go. The last one never does, nor one that holds something at or behind `unread`.
  ///
  /// - Parameter more: how many bytes are about to be added.
  func expired(_ segments: [LogSegment], now: Int64, unread: UInt64?, adding more: UInt64 = 0) -> Int {
    var total = segments.reduce(more) { $0 + $1.size }
    var count = 0
    for (segment, next) in zip(segments, segments.dropFirst()) {
      // The next one's first record came after the last one of this.
      let isOld = next.time < now - age
      guard isOld || total > bytes, segment.end <= unread ?? .max else { break }
      total -= segment.size
      count += 1
    }
    return count
  }

  /// Whether so much more has no place.
  func isFull(_ segments: [LogSegment], adding more: UInt64) -> Bool {
    segments.reduce(more) { $0 + $1.size } > bytes
  }

  /// Whether the next record begins a segment of its own.
  func rolls(_ last: LogSegment, adding more: UInt64, now: Int64) -> Bool {
    guard last.size > UInt64(LogSegment.headBytes) else { return false }
    return last.size + more > segmentBytes || last.time < now - age / 8
  }
}
