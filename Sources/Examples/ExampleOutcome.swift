import Flows
import Records

/// What became of the events of an example.
package struct ExampleOutcome: Sendable {
  /// A row as the target stored it.
  package struct Row: Sendable, Equatable {
    package var operation: RowOperation
    /// The source's table that it comes from; nil where the pipeline has no streams.
    package var table: String?
    /// The values of the key's columns; empty where the target has no key.
    package var key: [Value.Member]
    /// All columns that were not left out, the key's too.
    package var fields: [Value.Member]

  }

  package var rows: [Row] = []
  package var letters: [DeadLetter] = []
  package var counts = Counts()
  package var retries = 0
  /// What ended the run before its events ended.
  package var error: FlowError?

  package init() {}
}

extension RowOperation {
  /// As a pipeline file writes it.
  package var name: String { "\(self)" }
}
