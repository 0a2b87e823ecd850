/// How many requests may be under way, found out from how long they take: one more as long as answers come as fast as
/// they did, fewer when they take twice as long, half when the server says that it is busy.
///
/// A value that decides and measures nothing itself.
struct AdaptiveLimit: Sendable, Equatable {
  /// Answers that slow down the limit by so much: the share of the old base in the new one, where answers became slower.
  private static let memory = 0.98
  /// Answers may take so many times as long as the base before there are fewer.
  private static let tolerance = 2.0
  /// Differences below this are chance, in microseconds.
  private static let noise = 2_000.0

  let max: Int
  private var limit: Double
  /// How long an answer takes that waits for no other, in microseconds; 0: unknown.
  private var base = 0.0

  init(max: Int) {
    self.max = max
    limit = Double(min(max, 4))
  }

  var current: Int { Int(limit) }

  /// A request was answered that the server could take.
  ///
  /// - Parameters:
  ///   - microseconds: how long it took.
  ///   - underWay: how many were under way when it ended, itself included.
  mutating func answered(microseconds: Int, underWay: Int) {
    let time = Double(Swift.max(microseconds, 1))
    // The fastest counts at once, a server that became slower for good only by and by.
    base = base == 0 || time < base ? time : base * Self.memory + time * (1 - Self.memory)
    if time > base * Self.tolerance + Self.noise {
      limit = Swift.max(1, limit - limit * 0.1)
    } else if underWay >= current {
      limit = Swift.min(Double(max), limit + 1 / limit.squareRoot())
    }
  }

  /// The server is busy, or did not answer in time.
  mutating func overloaded() { limit = Swift.max(1, limit / 2) }
}
