import Records

/// Where events go that could not be delivered. Called from the keeper's lane.
package protocol DeadLetterSink: Sendable {
  /// Makes ready to append, and cuts off what was appended behind `mark`: those events are read again.
  ///
  /// - Parameter mark: what `flush` returned last before the checkpoint that the run starts from was saved; nil without.
  func open(at mark: Value?) async throws(FlowError)
  /// In the order in which they are to be read. Durable after the next `flush`.
  func append(_ letters: [DeadLetter]) async throws(FlowError)
  /// Returns when all that was appended is durable.
  func flush() async throws(FlowError) -> Value?
  func close() async
}
