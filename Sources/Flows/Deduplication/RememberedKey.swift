import Records

/// A key that a `dedupe` step has let through, as it is remembered and stored.
package struct RememberedKey: BitwiseCopyable, Sendable, Equatable {
  package var digest: KeyDigest
  /// What events of one key are compared by: see ``DedupeKey/stamp``.
  package var stamp: Int64
  package var step: UInt16

  package init(digest: KeyDigest, stamp: Int64, step: UInt16) {
    self.digest = digest
    self.stamp = stamp
    self.step = step
  }

  init(_ key: DedupeKey) { self.init(digest: key.digest, stamp: key.stamp, step: key.step) }

  /// Keeps the place of one whose event failed after all: its repetition must be let through.
  static func forgotten(step: UInt16) -> RememberedKey { RememberedKey(digest: .none, stamp: 0, step: step) }

  var isForgotten: Bool { digest == .none }
}

/// Which of the remembered keys belong to a place in the stream.
package struct KeyMark: Sendable, Equatable {
  /// The number of the first one behind it.
  package var end: UInt64
  /// The oldest one of each step that still counts.
  package var heads: [UInt64]

  package init(end: UInt64, heads: [UInt64]) {
    self.end = end
    self.heads = heads
  }

  /// Everything before it may be thrown away.
  package var oldest: UInt64 { min(end, heads.min() ?? end) }

  /// The oldest one of a step that counts; a step that was added since remembers nothing.
  func head(of step: UInt16) -> UInt64 { Int(step) < heads.count ? heads[Int(step)] : end }
}

extension KeyMark {
  package var value: Value {
    ["end": .int(Int64(clamping: end)), "heads": .array(heads.map { .int(Int64(clamping: $0)) })]
  }

  package init?(_ value: Value) {
    guard let end = value["end"]?.int.flatMap(UInt64.init(exactly:)), let heads = value["heads"]?.array else {
      return nil
    }
    self.init(end: end, heads: heads.compactMap { $0.int.flatMap(UInt64.init(exactly:)) })
    guard self.heads.count == heads.count else { return nil }
  }
}
