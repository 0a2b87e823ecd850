/// Where checkpoints are kept: one for a pipeline, replaced as a whole (Invariant 5). Called from the keeper's lane.
package protocol CheckpointStore: Sendable {
  /// Locks it against a second runner, until `close`, and reads what is there; nil at the very first start.
  func open() async throws(FlowError) -> Checkpoint?
  /// Returns when it is durable.
  func save(_ checkpoint: Checkpoint) async throws(FlowError)
  func close() async
  /// What it is called, for messages.
  var name: String { get }
}
