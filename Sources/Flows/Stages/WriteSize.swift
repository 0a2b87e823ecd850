/// The most rows of the next write into a target that stores rows one by one: about as many as it lately stored in
/// ``aim``, so that a slow server's progress is kept soon, and a fast one does not run dry between writes.
///
/// A value that decides and measures nothing itself.
struct WriteSize {
  /// How long a write should take.
  static let aim = Duration.milliseconds(500)
  /// A write is at least so many times as large as what is stored side by side: towards its end fewer and fewer rows are
  /// under way, which may only be a small part of it.
  static let roundsMin = 16

  private let range: ClosedRange<Int>
  private(set) var rows: Int

  /// - Parameters:
  ///   - rowsMax: the most rows of a write that the settings allow.
  ///   - rowsAtOnce: how many rows are stored side by side; nil: a write is stored as a whole, and is never too large.
  init(rowsMax: Int, rowsAtOnce: Int?) {
    rows = min(rowsAtOnce.map { $0 * Self.roundsMin } ?? rowsMax, rowsMax)
    range = rows...rowsMax
  }

  /// A write was stored. Few rows take as long as many that go side by side, and are followed by small writes at worst.
  mutating func wrote(_ count: Int, in time: Duration) {
    let fitting = Double(count) * (Self.aim / max(time, .microseconds(1)))
    rows = Int(min(max(fitting, Double(range.lowerBound)), Double(range.upperBound)))
  }
}
