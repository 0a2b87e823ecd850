import ConnectorKit
import Expressions
import Flows
import Pipelines
import Records

/// What became of a record on a trial.
struct TrialRecord: Sendable {
  /// One field of the target.
  struct Field: Sendable {
    var name: String
    /// nil where the field is left out.
    var value: Value?
    /// Where it came from; nil for a constant.
    var path: String?
    /// Whether `path` is an expression that no single value of the record stands behind.
    var isComputed = false
    var original: Value?
  }

  var place: String
  /// What the target would do; nil for a record that does not reach it.
  var operation: RowOperation?
  var key: Value
  /// The record as it was read; for one that could not be decoded its text.
  var record: Value
  var fields: [Field]
  var failure: Failure?

  typealias Failure = Records.Failure
}

/// Takes records of a source through a pipeline's transforms and mappings, without a target and without state.
struct Trial {
  private let plan: Plan
  private let source: any Source
  private let contract: ContractStage?

  /// - Parameter input: a file to read in place of the pipeline's source.
  init(_ plan: Plan, input: String?) throws(Failure) {
    self.plan = plan
    var context = Context.looking(plan, folder: input == nil ? nil : ".")
    context.endsOnceRead = true
    let connector = try Self.connector(of: plan, input)
    do throws(ConnectorError) { source = try connector.makeSource(context) } catch { throw Failure(error) }
    contract = plan.contract.map { ContractStage($0.withoutStops) }
  }

  private static func connector(of plan: Plan, _ input: String?) throws(Failure) -> any SourceConnector {
    guard let input else { return try Runner.resolve(plan).source }
    return try RecordFile.connector(input, like: NamedSetting.written(of: plan.source))
  }

  /// Calls back for each of the first `limit` records, and counts them.
  func run(limit: Int, _ body: (TrialRecord) -> Void) async throws(Failure) -> Counts {
    var counts = Counts()
    do throws(ConnectorError) {
      let routes = try plan.streams.routes(for: try await source.tables())
      let mapper = routes.mappers(lanes: 1)()
      try await source.readBatches { batch in
        try? contract?.check(batch)
        mapper.map(batch)
        for record in records(of: batch, routes.filter { !$0.stream.skips }.map(\.stream)).prefix(
          limit - Int(counts.read))
        {
          counts.add(record)
          body(record)
        }
        return counts.read < UInt64(limit)
      }
    } catch {
      throw Failure(error)
    }
    return counts
  }
}

extension Trial {
  /// - Parameter streams: what rows' numbers count through.
  private func records(of batch: Batch, _ streams: [StreamPlan]) -> [TrialRecord] {
    var rows: [Int: Int] = [:]
    for index in batch.rows.rows.indices { rows[Int(batch.rows.rows[index].event)] = index }
    return batch.events.indices.map { index in
      let stream = rows[index].map { streams[Int(batch.rows.rows[$0].stream)] } ?? plan.streams[0]
      return record(index, row: rows[index], batch, stream)
    }
  }

  private func record(_ index: Int, row: Int?, _ batch: Batch, _ stream: StreamPlan) -> TrialRecord {
    let event = batch.events[index]
    let failure = batch.failures.first { $0.event == index }
    let content: Value =
      event.record == Event.none ? .string(batch.rawText(of: event)) : batch.value(at: Int(event.record))
    var made = TrialRecord(
      place: batch.place(of: event), operation: nil, key: .null,
      record: content, fields: [], failure: failure)
    guard event.outcome == .flowing, let row else { return made }
    made.operation = batch.rows.rows[row].operation
    made.fields = fields(of: batch.rows.rows[row], batch, EventValues(event, batch), stream)
    let names = stream.columns.key.map { stream.columns.names[$0] }
    if !names.isEmpty {
      made.key = .object(
        names.map { name in .init(name, made.fields.first { $0.name == name }?.value ?? .null) })
    }
    return made
  }

  private func fields(of row: Row, _ batch: Batch, _ event: EventValues, _ stream: StreamPlan) -> [TrialRecord.Field] {
    let named = stream.mapping.fields.enumerated().map { index, field in
      let value = batch.value(ofCell: batch.rows.cells[Int(row.firstCell) + index])
      switch field.mapping.from {
      case .path(let path):
        return TrialRecord.Field(name: field.name, value: value, path: path.description, original: event[path])
      case .expression(let expression):
        return TrialRecord.Field(name: field.name, value: value, path: expression.text, isComputed: true)
      case .constant: return TrialRecord.Field(name: field.name, value: value)
      }
    }
    return named + rest(of: row, batch, stream)
  }

  /// What `mappings: all` passes on.
  private func rest(of row: Row, _ batch: Batch, _ stream: StreamPlan) -> [TrialRecord.Field] {
    guard row.rest != Event.none, let rest = stream.columns.rest else { return [] }
    return batch.children(of: Int(row.rest)).compactMap { child in
      let name = batch.name(of: child)
      guard !rest.excluded.contains(name) else { return nil }
      let value = batch.value(at: child.node)
      return TrialRecord.Field(name: name, value: value, path: "record.\(name)", original: value)
    }
  }
}

/// The parts of an event as expressions see them.
private struct EventValues {
  private let parts: [Path.Root: Value]

  init(_ event: Event, _ batch: Batch) {
    let places: [(Path.Root, UInt32)] = [
      (.record, event.record), (.before, event.before), (.key, event.key), (.meta, event.meta),
    ]
    var parts: [Path.Root: Value] = [.op: .string(event.operation.name)]
    for (root, node) in places where node != Event.none { parts[root] = batch.value(at: Int(node)) }
    self.parts = parts
  }

  subscript(path: Path) -> Value? {
    path.steps.reduce(parts[path.root]) { value, step in
      switch step {
      case .member(let name): return value?[name]
      case .index(let index):
        guard let items = value?.array, items.indices.contains(index) else { return nil }
        return items[index]
      }
    }
  }
}

extension Counts {
  fileprivate mutating func add(_ record: TrialRecord) {
    read += 1
    if record.failure != nil {
      deadLettered += 1
    } else if record.operation == nil {
      filtered += 1
    } else {
      written += 1
    }
  }
}
