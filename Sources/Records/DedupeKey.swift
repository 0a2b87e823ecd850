/// What tells an event from others in a `dedupe` step: a hash of the values that the step names.
///
/// 128 bits of SHA-256, so that nobody can write an event that is taken for another one.
public struct KeyDigest: BitwiseCopyable, Sendable, Equatable {
  public var high: UInt64
  public var low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// No value's hash.
  public static let none = KeyDigest(high: 0, low: 0)
}

/// The key of one event of a batch in one `dedupe` step, which is decided about in the order of reading.
public struct DedupeKey: BitwiseCopyable, Sendable, Equatable {
  /// Index of the event in its batch.
  public var event: UInt32
  /// Which of the pipeline's `dedupe` steps asks.
  public var step: UInt16
  /// What events of one key are compared by: the event's time in milliseconds since 1970, or its version; 0 where the step
  /// has neither.
  public var stamp: Int64
  public var digest: KeyDigest
  /// Its number among all that the pipeline remembers, once it does.
  public var number = UInt64.max

  public init(event: UInt32, step: UInt16, stamp: Int64, digest: KeyDigest) {
    self.event = event
    self.step = step
    self.stamp = stamp
    self.digest = digest
  }
}
