import ConnectorKit
import Flows
import Records

/// A log in partitions that can be read again from a position, as far as it was not pruned. With callers, events come
/// one by one into a log that is embedded in the source, and it never ends.
actor SimulatedLog: Source {
  private let universe: Universe
  private let effects: SimulatedEffects
  private let sleep: @Sendable (Duration) async -> Bool
  private var offsets: [Int]
  private var isInside = false

  init(_ universe: Universe, _ effects: SimulatedEffects, sleep: @escaping @Sendable (Duration) async -> Bool) {
    self.universe = universe
    self.effects = effects
    self.sleep = sleep
    offsets = Array(repeating: 0, count: universe.scenario.partitions)
  }

  func open(at position: Position?) async throws(ConnectorError) {
    offsets = try await effects.perform(.openSource) { () throws(ConnectorError) in
      let offsets = position.map(Self.offsets) ?? Array(repeating: 0, count: universe.scenario.partitions)
      for (offset, pruned) in zip(offsets, universe.pruned) where offset < pruned {
        universe.violate("opened at \(offset), but everything before \(pruned) is pruned")
      }
      return offsets
    }
    isInside = offsets[0] > 0 && universe.scenario.isInside(after: universe.partition(0)[offsets[0] - 1].sequence)
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    universe.reads += 1
    if !isInside, universe.scenario.reopens.contains(universe.reads) { return .reopen }
    let (next, read) = try await effects.perform(.read) { () throws(ConnectorError) in fill(batch) }
    offsets = read
    if next == .batch { isInside = batch.isInsideTransaction }
    if next == .idle { _ = await sleep(.milliseconds(100)) }
    return next
  }

  private func fill(_ batch: Batch) -> (Next, [Int]) {
    let ready = offsets.indices.filter { offsets[$0] < available($0).count }
    guard !ready.isEmpty else { return (universe.scenario.source == .log ? .end : .idle, offsets) }
    let partition = universe.simulator.random.pick(ready)
    let first = offsets[partition]
    var read = offsets
    for var event in available(partition)[first...].prefix(universe.scenario.batchEvents) {
      universe.deliveries += 1
      event.delivery = universe.deliveries
      batch.bytes.append(event.line)
      read[partition] += 1
    }
    batch.inputBytes = batch.bytes.count
    if read[partition] > 0 {
      batch.isInsideTransaction = universe.scenario.isInside(after: available(partition)[read[partition] - 1].sequence)
    }
    batch.origin = Origin(
      name: "log-\(partition)", offset: UInt64(first * SimulatedEvent.length), line: UInt64(first + 1))
    batch.position = Position(format: 1, value: .array(read.map { .int(Int64($0)) }))
    return (.batch, read)
  }

  private func available(_ partition: Int) -> [SimulatedEvent] {
    let events = universe.partition(partition)
    return universe.scenario.source == .callers ? Array(events.prefix(universe.answered)) : events
  }

  func acknowledge(_ positions: [Position]) async throws(ConnectorError) {
    try await effects.perform(.acknowledge) { () throws(ConnectorError) in
      guard let last = positions.last else { return }
      let offsets = Self.offsets(last)
      let saved = universe.durableCheckpoint?.position.map(Self.offsets) ?? []
      if !zip(saved, offsets).allSatisfy({ $0 >= $1 }) || saved.isEmpty {
        universe.violate("acknowledged \(offsets), but the checkpoint stands at \(saved)")
      }
      for partition in offsets.indices {
        for event in universe.partition(partition).prefix(offsets[partition]) { acknowledge(event) }
        if universe.scenario.prunes { universe.pruned[partition] = max(universe.pruned[partition], offsets[partition]) }
      }
    }
  }

  private func acknowledge(_ event: SimulatedEvent) {
    guard universe.acknowledged.insert(event.sequence).inserted else { return }
    if !universe.isDurable(event) { universe.violate("acknowledged \(event.line.dropLast()), which is not durable") }
  }

  private static func offsets(_ position: Position) -> [Int] {
    (position.value.array ?? []).map { Int($0.int ?? 0) }
  }

  nonisolated func makeDecoder() -> any Decoder { SimulatedDecoder() }
  func extent() async -> Extent? { nil }
  func close() async { await effects.simulator.pause() }
}
