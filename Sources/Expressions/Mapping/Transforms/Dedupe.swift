/// A step that lets events of one key through once, or only those that are no older than the ones before.
package struct Dedupe: Sendable, Equatable {
  /// What events are compared by.
  package var by: [EventExpression]
  /// How far two events may be apart to be compared, by their own times; nil: only the count decides.
  package var window: Duration?
  /// How many keys are remembered at most; the oldest is forgotten first.
  package var records: Int
  /// What an event's time is; nil: ``usualTimes``.
  package var time: EventExpression?
  /// What tells newer events from older ones; nil: the first of a key goes on, and no other.
  package var version: EventExpression?
  /// Its number among the pipeline's `dedupe` steps.
  package var step = 0

  package init(
    by: [EventExpression], window: Duration?, records: Int, time: EventExpression? = nil,
    version: EventExpression? = nil
  ) {
    self.by = by
    self.window = window
    self.records = records
    self.time = time
    self.version = version
  }

  /// Where a time is looked for if the file names none: the first of these that is there.
  package static let usualTimes = [
    Path(.meta, [.member("time")]), Path(.meta, [.member("ingested_at")]),
  ]
}

extension [Transform] {
  package var dedupes: [Dedupe] {
    compactMap { if case .dedupe(let step) = $0.action { step } else { nil } }
  }
}
