import ConnectorKit
import Flows
import Records

/// A queue whose messages are acknowledged one by one, come out of order, and come back when they are not acknowledged.
actor SimulatedQueue: Source {
  private let universe: Universe
  private let effects: SimulatedEffects
  private let sleep: @Sendable (Duration) async -> Bool
  /// Given to this reader, and not acknowledged.
  private var given: Set<Int> = []

  init(_ universe: Universe, _ effects: SimulatedEffects, sleep: @escaping @Sendable (Duration) async -> Bool) {
    self.universe = universe
    self.effects = effects
    self.sleep = sleep
  }

  func open(at position: Position?) async throws(ConnectorError) {
    try await effects.perform(.openSource) { () throws(ConnectorError) in }
    given = []
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    let taken = try await effects.perform(.read) { () throws(ConnectorError) in fill(batch) }
    given.formUnion(taken)
    if taken.isEmpty { _ = await sleep(.milliseconds(100)) }
    return taken.isEmpty ? .idle : .batch
  }

  private func fill(_ batch: Batch) -> [Int] {
    let again = universe.simulator.random.chance(5)
    var ready = universe.standing.filter { again || !given.contains($0) }
    var taken: [Int] = []
    while taken.count < universe.scenario.batchEvents, !ready.isEmpty {
      let place = universe.simulator.random.chance(70) ? 0 : universe.simulator.random.below(ready.count)
      var event = universe.scenario.events[ready.remove(at: place)]
      universe.deliveries += 1
      event.delivery = universe.deliveries
      batch.bytes.append(event.line)
      taken.append(event.sequence)
    }
    batch.inputBytes = batch.bytes.count
    batch.origin = Origin(name: "queue")
    batch.position = Position(
      format: 1,
      value: ["delivery": .int(Int64(universe.deliveries)), "receipts": .array(taken.map { .int(Int64($0)) })])
    return taken
  }

  func acknowledge(_ positions: [Position]) async throws(ConnectorError) {
    try await effects.perform(.acknowledge) { () throws(ConnectorError) in
      let saved = universe.durableCheckpoint?.position?.value["delivery"]?.int ?? -1
      for position in positions {
        if position.value["delivery"]?.int ?? 0 > saved {
          universe.violate("acknowledged \(position.value.json), but the checkpoint stands at delivery \(saved)")
        }
        for receipt in position.value["receipts"]?.array ?? [] { delete(Int(receipt.int ?? 0)) }
      }
    }
  }

  private func delete(_ sequence: Int) {
    universe.standing.removeAll { $0 == sequence }
    given.remove(sequence)
    guard universe.acknowledged.insert(sequence).inserted else { return }
    let event = universe.scenario.events[sequence]
    if !universe.isDurable(event) { universe.violate("acknowledged \(event.line.dropLast()), which is not durable") }
  }

  nonisolated func makeDecoder() -> any Decoder { SimulatedDecoder() }
  func extent() async -> Extent? { nil }
  func close() async { await effects.simulator.pause() }
}
