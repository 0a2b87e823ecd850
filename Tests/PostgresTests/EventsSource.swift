import ConnectorKit
import Expressions
import Foundation
import Records

@testable import Connectors

/// `source: {type: events, path: …}`: changes of tables as a log would give them, for tests of what a target makes of
/// them. A line is `{"table": "a", "op": "update", "key": …, "record": …, "before": …, "meta": …}`,
/// with `"partial": true` where an update leaves columns out.
struct EventsSourceConnector: SourceConnector {
  static let about = About("events", .source, title: "Events", summary: "Changes of tables.", hasTables: true)

  @Setting("The file.") var path: String
  @Setting("The tables, each with its key.") var tables: SettingMap<[String]>
  @Setting("How many events are a batch.") var at_once: Int = 1_000_000

  init() {}

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    EventsSource(
      path: path, atOnce: at_once, tables: tables.entries.map { SourceTable(schema: "s", name: $0.name, key: $0.value) }
    )
  }
}

private actor EventsSource: Source {
  private let path: String
  private let atOnce: Int
  private let list: TableList
  private var lines: [Substring] = []
  /// How many of them were given out.
  private var given = 0

  init(path: String, atOnce: Int, tables: [SourceTable]) {
    self.path = path
    self.atOnce = atOnce
    list = TableList(tables)
  }

  func tables(at position: Position?) -> [SourceTable] { list.tables }

  func open(at position: Position?) {
    lines = ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n")
    given = Int(position?.value.int ?? 0)
  }

  func next(into batch: Batch) throws(ConnectorError) -> Next {
    if given >= lines.count { return .end }
    let end = min(given + atOnce, lines.count)
    batch.bytes.append(lines[given..<end].joined(separator: "\n") + "\n")
    batch.inputBytes = batch.bytes.count
    batch.origin = Origin(name: path, offset: 0)
    given = end
    batch.position = Position(format: 1, value: .int(Int64(end)))
    batch.tables = list
    return .batch
  }

  nonisolated func makeDecoder() -> any Decoder { EventsDecoder() }
  func acknowledge(_ positions: [Position]) {}
  func extent() -> Extent? { nil }
  func close() {}
}

private final class EventsDecoder: Decoder {
  private let lines = JSONRecordDecoder()

  func decode(_ batch: Batch) {
    lines.decode(batch)
    let names = (batch.tables?.tables ?? []).map(\.name)
    for index in batch.events.indices {
      let line = Int(batch.events[index].record)
      var event = batch.events[index]
      event.record = Event.none
      for child in batch.children(of: line) {
        let node = UInt32(child.node)
        switch batch.name(of: child) {
        case "table": event.table = UInt16(names.firstIndex(of: batch.text(batch.nodes[child.node])) ?? names.count)
        case "op": event.operation = Operation(name: batch.text(batch.nodes[child.node])) ?? .read
        case "record": event.record = node
        case "before": event.before = node
        case "key": event.key = node
        case "partial": event.isPartial = true
        default: event.meta = node
        }
      }
      batch.events[index] = event
    }
  }
}
