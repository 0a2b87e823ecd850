import Records

extension Source {
  /// Gives the records of the source from its begin, decoded, a batch at a time, until it ends, `body` has enough, or
  /// the task is cancelled. For looking at a source, outside of a flow.
  ///
  /// - Parameter body: says whether it wants more.
  package func readBatches(
    _ body: (Batch) async throws(ConnectorError) -> Bool
  ) async throws(ConnectorError) {
    do throws(ConnectorError) {
      try await readAll(body)
    } catch {
      await close()
      throw error
    }
    await close()
  }

  private func readAll(_ body: (Batch) async throws(ConnectorError) -> Bool) async throws(ConnectorError) {
    try await open(at: nil)
    let decoder = makeDecoder()
    let batch = Batch()
    var isWanted = true
    while isWanted, !Task.isCancelled {
      batch.reset()
      let next = try await next(into: batch)
      if next == .end { break }
      if next == .idle { continue }
      decoder.decode(batch)
      isWanted = try await body(batch)
    }
  }
}
