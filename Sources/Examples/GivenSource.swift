import ConnectorKit
import Pipelines
import Records

/// Gives the events of an example, one a batch, and stops or kills the run where the example says so.
final class GivenSource: Source {
  /// Long enough for what is in flight to be written, and shorter than the time between two checkpoints.
  private static let beforeKill: Duration = .milliseconds(500)

  private let disk: ExampleDisk
  private let context: Context
  /// Asks the run to stop.
  private let stop: @Sendable () -> Void

  init(_ disk: ExampleDisk, _ context: Context, stop: @escaping @Sendable () -> Void) {
    self.disk = disk
    self.context = context
    self.stop = stop
  }

  func tables(at position: Position?) -> [SourceTable] { disk.tables.tables }

  func open(at position: Position?) async throws(ConnectorError) {
    disk.next = position?.value.int.map(Int.init) ?? 0
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    try disk.check()
    while disk.next < disk.test.given.count {
      let index = disk.next
      switch disk.test.given[index] {
      case .event(let event):
        disk.next += 1
        fill(batch, event, index)
        return .batch
      case .restart where disk.passed.insert(index).inserted:
        stop()
        _ = await context.sleep(.seconds(1))
        return .idle
      case .kill where disk.passed.insert(index).inserted:
        _ = await context.sleep(Self.beforeKill)
        disk.isOn = false
        throw ExampleDisk.killed
      case .restart, .kill: disk.next += 1
      }
    }
    return .end
  }

  private func fill(_ batch: Batch, _ event: GivenEvent, _ index: Int) {
    batch.origin = Origin(name: "given", offset: UInt64(index), line: UInt64(index + 1))
    batch.position = Position(format: 1, value: .int(Int64(disk.next)))
    let parts: [(String, Value?)] = [
      ("op", .string(event.op.rawValue)), ("record", event.record), ("before", event.before), ("key", event.key),
      ("meta", event.meta), ("types", types),
    ]
    batch.bytes.append(Value.object(parts.compactMap { name, value in value.map { .init(name, $0) } }).json)
    batch.inputBytes = batch.bytes.count
    if !disk.tables.tables.isEmpty { batch.tables = disk.tables }
  }

  private var types: Value? {
    let types = disk.test.types.entries
    return types.isEmpty ? nil : .object(types.map { .init($0.name, .string($0.value.rawValue)) })
  }

  func makeDecoder() -> any Decoder { GivenDecoder() }
  func acknowledge(_ positions: [Position]) async throws(ConnectorError) {}
  func extent() async -> Extent? { nil }
  func close() async {}
}

/// Makes an event of each batch of a ``GivenSource``.
private final class GivenDecoder: Decoder {
  private let keys = KeyTable()

  /// The number of the event's table; one behind them all where it names none.
  private func table(of event: Event, _ batch: Batch) -> UInt16 {
    guard let tables = batch.tables?.tables else { return 0 }
    let name = event.meta == Event.none ? nil : batch.value(at: Int(event.meta))["table"]?.string
    return UInt16(tables.firstIndex { $0.fullName == name } ?? tables.count)
  }

  func decode(_ batch: Batch) {
    var reader = JSONReader(keys: keys)
    let length = UInt32(batch.bytes.count)
    var event = Event(.read, record: Event.none, offset: 0, length: length)
    guard let root = try? reader.read(batch.bytes, 0..<batch.bytes.count, into: &batch.nodes) else {
      // More nested than a record may be.
      batch.events.append(event)
      return batch.fail(
        0, Failure(event: 0, code: "decode.invalid_json", stage: "decode", message: "the event is no JSON"))
    }
    batch.keys = keys.snapshot
    var types = Value.null
    for part in batch.children(of: root) {
      switch batch.name(of: part) {
      case "op": event.operation = Operation(name: batch.text(batch.nodes[part.node])) ?? .read
      case "record": event.record = UInt32(part.node)
      case "before": event.before = UInt32(part.node)
      case "key": event.key = UInt32(part.node)
      case "types": types = batch.value(at: part.node)
      default: event.meta = UInt32(part.node)
      }
    }
    for part in [event.record, event.key, event.before] { batch.setHiddenTypes(types, at: part) }
    event.table = table(of: event, batch)
    batch.events.append(event)
  }
}
