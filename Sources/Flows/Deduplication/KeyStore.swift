/// Where the keys that a pipeline's `dedupe` steps remember outlive a run. Called from the keeper's lane.
package protocol KeyStore: Sendable {
  /// Makes ready, and cuts off what lies behind `mark`: those events are read again, and were not seen yet.
  ///
  /// - Parameter mark: that of the checkpoint which the run starts from; nil: nothing is remembered.
  func open(at mark: KeyMark?) async throws(FlowError) -> StoredKeys
  /// Takes them at their numbers. Durable after the next `flush`.
  func append(_ keys: NumberedKeys) async throws(FlowError)
  /// Returns when all that was appended is durable.
  func flush() async throws(FlowError)
  /// A checkpoint is durable that counts on all that `open` gave and that was appended; none needs those before that
  /// number any more, or the replayed ones beside their numbered likes.
  func release(before number: UInt64) async throws(FlowError)
  func close() async
}

/// What a ``KeyStore`` holds up to a mark.
package struct StoredKeys: Sendable, Equatable {
  package var mark: KeyMark
  /// The number of the first of `keys`.
  package var first: UInt64
  /// Up to the mark's end.
  package var keys: [RememberedKey]
  /// How many should be there and are not.
  package var missing = 0
  /// What replays of dead letters let through since, in order; the memory gives them numbers.
  package var replayed: [RememberedKey] = []

  package init(mark: KeyMark = KeyMark(end: 0, heads: []), first: UInt64 = 0, keys: [RememberedKey] = []) {
    self.mark = mark
    self.first = first
    self.keys = keys
  }
}

/// Remembers for one run alone.
package struct NoKeyStore: KeyStore {
  package init() {}
  package func open(at mark: KeyMark?) async throws(FlowError) -> StoredKeys { StoredKeys() }
  package func append(_ keys: NumberedKeys) async throws(FlowError) {}
  package func flush() async throws(FlowError) {}
  package func release(before number: UInt64) async throws(FlowError) {}
  package func close() async {}
}
