import ConnectorKit
import Records
import Testing

@testable import Connectors

/// An event as tests see it.
struct SeenEvent {
  var operation: Operation
  var outcome: Outcome
  var record: Value?
  var before: Value?
  var key: Value?
  var meta: Value?
  var failure: Failure?
  var raw: String
}

/// The events that a format makes of messages.
func events(
  _ format: MessageFormat, _ payloads: [String], headers: Value? = nil, pointers: Value = [:]
) async throws -> [SeenEvent] {
  let folder = try TemporaryFolder()
  var disk = try folder.disk()
  try disk.store(payloads, attributes: headers?.json ?? "")
  let source = folder.logSource(batchBytes: 1 << 20, format: format, pointers: try makePointers(pointers))
  try await source.open(at: nil)
  let batch = Batch()
  _ = try await source.next(into: batch)
  source.makeDecoder().decode(batch)
  let value: (UInt32) -> Value? = { $0 == Event.none ? Value?.none : .some(batch.value(at: Int($0))) }
  return batch.events.indices.map { index in
    let event = batch.events[index]
    return SeenEvent(
      operation: event.operation, outcome: event.outcome, record: value(event.record), before: value(event.before),
      key: value(event.key), meta: value(event.meta), failure: batch.failures.first { $0.event == index },
      raw: batch.rawText(of: event))
  }
}

private func makePointers(_ settings: Value) throws -> EventPointers {
  var loader = SettingLoader()
  guard let pointers = EventPointers.read(ConfigNode(settings), &loader) else { throw loader.diagnostics }
  return pointers
}
