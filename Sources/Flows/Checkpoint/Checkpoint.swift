import Records

/// Where a pipeline stands: what the next run starts from.
package struct Checkpoint: Sendable, Equatable {
  /// The version of the file's shape that is written; older ones are read.
  package static let format = 1

  /// How far the run had come.
  package enum Stage: String, Sendable {
    case running
    /// The source has no more; the targets may not have finished yet.
    case ended
    case finished
  }

  package var pipeline: String
  package var fingerprint: String
  package var stage = Stage.running
  /// nil: before anything was read.
  package var position: Position?
  /// What each target lane's `open` gets.
  package var marks: [Value?]
  /// What the dead letters' `open` gets.
  package var deadLetters: Value?
  /// What the `dedupe` steps remember; nil where they remember nothing.
  package var keys: KeyMark?
  /// Of all runs, up to `position`.
  package var totals = Counts()
  /// How many runs have started.
  package var runs: UInt64 = 0
  /// Milliseconds since 1970, UTC.
  package var savedAt: Int64 = 0

  package init(pipeline: String, fingerprint: String, lanes: Int) {
    self.pipeline = pipeline
    self.fingerprint = fingerprint
    marks = Array(repeating: nil, count: lanes)
  }
}
