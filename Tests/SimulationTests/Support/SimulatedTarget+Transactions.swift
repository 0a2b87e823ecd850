import ConnectorKit
import Flows
import Records

/// Rows and progress become durable at once, when a write with progress commits; what was held before goes with a
/// failure.
extension SimulatedTarget: TransactionalTarget {
  nonisolated var storesProgress: Bool { universe.scenario.target == .transactional }

  func storedProgress() async throws(ConnectorError) -> Value? {
    try await effects.perform(.openTarget) { () throws(ConnectorError) in universe.progress }
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
      universe.progress = stored
      universe.checkTransactions()
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
