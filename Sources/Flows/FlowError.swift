import ConnectorKit

/// Why a run did not end well, for a stranger at night.
package struct FlowError: Error, Sendable, Equatable {
  /// Which exit code it stands for.
  package enum Class: Int32, Sendable {
    case failed = 1
    /// The pipeline file does not fit what it is run with.
    case pipeline = 2
    case surroundings = 3
    /// Ended before it could drain, by a second signal or a drain that took too long.
    case interrupted = 128
  }

  /// A stable code, `checkpoint.damaged`.
  package var code: String
  /// One sentence: what happened, to what.
  package var message: String
  /// One sentence: what to do.
  package var hint: String?
  package var exit: Class

  package init(_ code: String, _ message: String, hint: String? = nil, exit: Class) {
    self.code = code
    self.message = message
    self.hint = hint
    self.exit = exit
  }
}

extension FlowError {
  init(_ error: ConnectorError, from party: Flow.Party, atStart: Bool) {
    self.init(
      error.code, "\(party): \(error.message)", hint: error.hint, exit: atStart ? .surroundings : .failed)
  }

  static func gaveUp(_ error: ConnectorError, on party: Flow.Party, after outage: Duration) -> FlowError {
    FlowError(
      error.code, "\(party): \(error.message) It was tried again for \(Int(outage.seconds.rounded())) s.",
      hint: error.hint ?? "Mend it and run again: the checkpoint stands, nothing is lost.", exit: .surroundings)
  }

  package static let interrupted = FlowError(
    "flow.interrupted", "The run was ended before everything in flight was stored.",
    hint: "Run again: it goes on from the checkpoint, and nothing is lost.", exit: .interrupted)

  static func unbalanced(_ counts: Counts) -> FlowError {
    FlowError(
      "flow.unbalanced", "The counts do not balance: \(counts.read) read, but \(counts.sum) accounted for.",
      hint: "This is a fault of Millrace; please report it with the pipeline file.", exit: .failed)
  }

  static func badAnswer(_ party: Flow.Party) -> FlowError {
    FlowError(
      "target.bad_answer", "\(party) refused a row that was not among those it was given.",
      hint: "This is a fault of the connector; please report it with the pipeline file.", exit: .failed)
  }
}
