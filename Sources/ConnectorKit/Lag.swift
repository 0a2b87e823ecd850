import Records

/// How far what is stored is behind what a source has.
package struct Lag: Sendable, Equatable {
  /// Of the source's log, whatever it is about.
  package var bytes: UInt64
  /// Since the oldest change that waits; nil where nobody knows.
  package var seconds: Double?
  /// Changes that wait, as far as they are known.
  package var events: UInt64?

  package init(bytes: UInt64, seconds: Double? = nil, events: UInt64? = nil) {
    self.bytes = bytes
    self.seconds = seconds
    self.events = events
  }

  /// To the millisecond; null where nobody knows.
  package var secondsValue: Value {
    seconds.map { .number("\(($0 * 1_000).rounded() / 1_000)") } ?? .null
  }
}
