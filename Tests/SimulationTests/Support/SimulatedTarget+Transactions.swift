import ConnectorKit
import Flows
import Records

/// Rows and progress are seen at once, when a write with progress commits, and durable with the next flush: a target that
/// crashes before loses both, and says so when it is asked again. What was held before goes with any failure.
extension SimulatedTarget: TransactionalTarget {
  nonisolated var storesProgress: Bool { universe.scenario.target == .transactional }

  func storedProgress() async throws(ConnectorError) -> Value? {
    try await effects.perform(.openTarget) { () throws(ConnectorError) in
      universe.hasLostCommits = false
      universe.flushCommits()
      return universe.progress
    }
  }

  func hold(_ payloads: [Payload]) async throws(ConnectorError) -> Written {
    try await transact(payloads) { _ in }
  }

  func write(
    _ payloads: [Payload], progress: @escaping @Sendable (Written) async throws(ConnectorError) -> Value
  ) async throws(ConnectorError) -> Written {
    try await transact(payloads) { answer throws(ConnectorError) in
      let stored = try await progress(answer)
      try effects.stillOn()
      universe.tables[lane] += universe.pending[lane]
      universe.pending[lane] = []
      universe.commit(stored)
      universe.checkTransactions()
    }
  }

  /// Throws where the target crashes at this call, or has lost something in a crash before.
  func standing(_ effect: Scenario.Effect) throws(ConnectorError) {
    if universe.crashesTarget(at: effect) {
      universe.pending[lane] = []
      if universe.loseCommits() { universe.hasLostCommits = true }
      throw ConnectorError("target.crashed", "The target crashes.", remedy: .retry(after: nil))
    }
    if universe.hasLostCommits {
      universe.hasLostCommits = false
      throw ConnectorError("target.lost", "The target has lost what it had committed.", remedy: .reopen)
    }
  }

  private func transact(
    _ payloads: [Payload], _ end: (Written) async throws(ConnectorError) -> Void
  ) async throws(ConnectorError) -> Written {
    try enter()
    defer { leave() }
    let rows = payloads.map(SimulatedRow.all)
    do throws(ConnectorError) {
      return try await effects.perform(.write) { () async throws(ConnectorError) in
        try standing(.write)
        try await store(rows)
        noteOrder(rows)
        let answer = answer(rows)
        try await end(answer)
        return answer
      }
    } catch {
      if effects.simulator.isAlive { universe.pending[lane] = [] }
      throw error
    }
  }
}
