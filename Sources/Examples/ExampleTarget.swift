import ConnectorKit
import Pipelines
import Records

/// Keeps the rows of an example, as a target would that cuts back what is behind the checkpoint; fails where the example
/// says so.
struct ExampleTarget: Target {
  let disk: ExampleDisk

  func open(at mark: Value?) async throws(ConnectorError) -> Position? {
    try disk.check()
    if let count = mark?.int { disk.rows.removeLast(max(0, disk.rows.count - Int(count))) }
    return nil
  }

  func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    ExampleEncoder([TargetStream(columns)])
  }

  func makeEncoder(_ streams: [TargetStream]) throws(ConnectorError) -> any Encoder { ExampleEncoder(streams) }

  func write(_ payloads: [Payload]) async throws(ConnectorError) -> Written {
    try disk.check()
    switch disk.nextFailure() {
    case .away?:
      throw ConnectorError("test.target_away", "The example's target is away.", remedy: .retry(after: nil))
    case .refuse?:
      disk.writes += 1
      return Written(rejections: Self.refusals(payloads))
    case nil:
      disk.writes += 1
      return store(payloads)
    }
  }

  private func store(_ payloads: [Payload]) -> Written {
    var written = Written()
    for (index, payload) in payloads.enumerated() {
      for (row, made) in ExampleEncoder.rows(of: payload).enumerated() {
        if ExampleVersions.isStale(made.row, made.version, among: disk.rows) {
          written.stale.append(RowPlace(payload: index, row: row))
        } else {
          disk.rows.append(made.row)
        }
      }
    }
    return written
  }

  private static func refusals(_ payloads: [Payload]) -> [Rejection] {
    payloads.enumerated().flatMap { index, payload in
      payload.rows.indices.map { row in
        Rejection(
          place: RowPlace(payload: index, row: row), code: "test.target_refused",
          message: "the example's target refuses the row")
      }
    }
  }

  func flush() async throws(ConnectorError) -> Value? {
    try disk.check()
    return .int(Int64(disk.rows.count))
  }

  func finish() async throws(ConnectorError) {}
  func close() async {}
}

/// Writes each row as JSON: what is done with it, its key and its fields.
private final class ExampleEncoder: Encoder {
  private let streams: [TargetStream]

  init(_ streams: [TargetStream]) { self.streams = streams }

  func encode(row index: Int, of batch: Batch, into payload: Payload) throws(Refusal) {
    let row = batch.rows.rows[index]
    let stream = streams[Int(row.stream)]
    let columns = stream.columns
    let rules = stream.settings?.rules ?? RowRules()
    var operation = row.operation
    var fields: [Value.Member] = []
    for (column, name) in columns.names.enumerated() {
      let cell = batch.rows.cells[Int(row.firstCell) + column]
      if let value = batch.value(ofCell: cell) { fields.append(.init(name, value)) }
    }
    let key = columns.key.map { columns.names[$0] }.map { name in
      Value.Member(name, fields.first { $0.name == name }?.value ?? .null)
    }
    fields += rest(of: row, columns, batch)
    if operation == .delete {
      switch rules.onDelete {
      case .delete: break
      case .ignore: return batch.events[Int(row.event)].outcome = .filtered
      case .mark(let marks): (operation, fields) = (.upsert, key + marks)
      }
    }
    let line: Value = [
      "op": .string(operation.name), "table": stream.table.map { .string($0.fullName) } ?? .null,
      "key": .object(key), "fields": .object(fields), "version": rules.version.map { .string($0) } ?? .null,
    ]
    payload.bytes.append(line.json)
    payload.rows.append(Payload.Entry(end: UInt64(payload.bytes.count), event: row.event))
  }

  /// What `mappings: all` passes on.
  private func rest(of row: Row, _ columns: Columns, _ batch: Batch) -> [Value.Member] {
    guard row.rest != Event.none, row.operation == .upsert, let rest = columns.rest else { return [] }
    return batch.children(of: Int(row.rest)).compactMap { child in
      let name = batch.name(of: child)
      return rest.excluded.contains(name) ? nil : Value.Member(name, batch.value(at: child.node))
    }
  }

  /// The rows of a payload, in order.
  ///
  /// - Returns: each with the column that tells its age, where the target has one.
  static func rows(of payload: Payload) -> [(row: ExampleOutcome.Row, version: String?)] {
    var start = 0
    return payload.rows.indices.map { index in
      let end = Int(payload.rows[index].end)
      defer { start = end }
      let line = try? Value(json: UnsafeRawBufferPointer(rebasing: payload.bytes.bytes[start..<end]))
      return (ExampleOutcome.Row(line ?? .null), line?["version"]?.string)
    }
  }
}

extension ExampleOutcome.Row {
  fileprivate init(_ line: Value) {
    let operations: [RowOperation] = [.upsert, .delete, .truncate]
    operation = operations.first { $0.name == line["op"]?.string } ?? .upsert
    table = line["table"]?.string
    key = line["key"]?.members ?? []
    fields = line["fields"]?.members ?? []
  }
}

extension Value {
  var members: [Member]? { if case .object(let members) = self { members } else { nil } }
}
