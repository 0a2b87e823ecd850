import ConnectorKit
import Expressions
import Flows
import Pipelines
import Records

/// Takes records of a source through a pipeline's contract, transforms, mappings and the target's form, without a write
/// and without state.
struct Trial {
  private let plan: Plan
  private let source: any Source
  private let contract: ContractStage?
  private let routes: [Route]
  private let mapper: any Mapper
  /// Where rows get the target's form; nil where only the target itself knows it.
  private let encoder: (any Encoder)?
  private let lookup: (any TargetLookup)?

  /// - Parameters:
  ///   - input: a file to read in place of the pipeline's source.
  ///   - looksAtTarget: whether the target is asked what it holds.
  init(_ plan: Plan, input: String?, looksAtTarget: Bool) async throws(Failure) {
    let plan = input == nil || looksAtTarget ? try Runner.resolve(plan) : plan
    self.plan = plan
    var context = Context.looking(plan, folder: input == nil ? nil : ".")
    context.endsOnceRead = true
    context.wants = { [streams = plan.streams] in streams.stream(of: $0)?.skips != true }
    let connector = try input.map { path throws(Failure) in
      try RecordFile.connector(path, like: NamedSetting.written(of: plan.source)) as any SourceConnector
    }
    do throws(ConnectorError) {
      source = try (connector ?? plan.source).makeSource(context)
      let routes = try plan.streams.routes(for: try await source.tables(at: nil))
      self.routes = routes.filter { !$0.stream.skips }
      contract = routes.contract.map { ContractStage($0.withoutStops) }
      mapper = routes.mappers(lanes: plan.lanes)()
      lookup = looksAtTarget ? try await Self.open(plan, self.routes) : nil
      encoder = try Self.encoder(plan, lookup)
    } catch {
      throw Failure(error)
    }
  }

  private static func open(_ plan: Plan, _ routes: [Route]) async throws(ConnectorError) -> any TargetLookup {
    guard let connector = plan.target as? any LookupTargetConnector else {
      throw ConnectorError(
        "dry_run.no_lookup", "A target of type \(plan.targetType) cannot be asked what it holds.", remedy: .stop,
        hint: "Leave out --against-target.")
    }
    if let route = routes.first(where: { $0.stream.columns.key.isEmpty }) {
      let whose = route.table.map { " of \($0.fullName)" } ?? ""
      throw ConnectorError(
        "dry_run.no_key", "Rows\(whose) are looked up by their key, and the pipeline has none for its target.",
        remedy: .stop,
        hint: "Name the fields of the key: \(plan.hasStreams ? "key: [id] in the stream" : "target: {key: [id]}").")
    }
    let lookup = try connector.makeLookup(Context.looking(plan))
    do throws(ConnectorError) {
      try await lookup.open(routes.targetStreams)
    } catch {
      await lookup.close()
      throw error
    }
    return lookup
  }

  private static func encoder(
    _ plan: Plan, _ lookup: (any TargetLookup)?
  ) throws(ConnectorError) -> (any Encoder)? {
    if let lookup { return try lookup.makeEncoder() }
    if plan.hasStreams { return nil }
    return try (plan.target as? any OfflineTargetConnector)?.makeOfflineEncoder(plan.columns)
  }

  /// Calls back for each row of the first `limit` records, or for the record where there is none, and counts the records.
  ///
  /// Duplicates are those among these records: what the pipeline's runs remember is not looked at.
  func run(limit: Int, _ body: (TrialRecord) -> Void) async throws(Failure) -> Counts {
    var counts = Counts()
    var keys = KeyMemory(DedupeWindow.all(of: plan))
    do throws(ConnectorError) {
      try await source.readBatches { batch async throws(ConnectorError) in
        // A contract that would end the run makes dead letters here.
        try? contract?.check(batch)
        mapper.map(batch)
        encode(batch)
        batch.mark(keys.settle(batch))
        for index in batch.events.indices.prefix(limit - Int(counts.read)) {
          var records = records(of: index, batch)
          counts.add(records[0])
          try await look(up: &records)
          records.forEach(body)
        }
        return counts.read < UInt64(limit)
      }
    } catch {
      await lookup?.close()
      throw Failure(error)
    }
    await lookup?.close()
    return counts
  }

  /// Finds the rows that have no form in the target.
  private func encode(_ batch: Batch) {
    guard let encoder else { return }
    let payload = Payload()
    for index in batch.rows.rows.indices {
      let event = Int(batch.rows.rows[index].event)
      do throws(Refusal) {
        try encoder.encode(row: index, of: batch, into: payload)
      } catch {
        batch.fail(
          event,
          Records.Failure(event: event, code: error.code, stage: "target", field: error.field, message: error.message))
      }
    }
  }

  private func look(up records: inout [TrialRecord]) async throws(ConnectorError) {
    guard let lookup else { return }
    for index in records.indices where records[index].operation != nil && records[index].operation != .truncate {
      guard case .object(let key) = records[index].key else { continue }
      let found = try await lookup.rows([key.map(\.value)], of: records[index].stream).first
      records[index].held = found.map { $0.map { .row($0) } ?? .nothing }
    }
  }
}

extension Trial {
  /// One for each row of an event; one without a row where it has none.
  private func records(of index: Int, _ batch: Batch) -> [TrialRecord] {
    let event = batch.events[index]
    let failure = batch.failures.first { $0.event == index }
    let content: Value =
      event.row == Event.none ? .string(batch.rawText(of: event)) : batch.value(at: Int(event.row))
    var bare = TrialRecord(place: batch.place(of: event), record: content, failure: failure)
    bare.isDuplicate = event.outcome == .duplicate
    let rows = batch.rows.rows.indices.filter { Int(batch.rows.rows[$0].event) == index }
    guard event.outcome == .flowing, failure == nil, !rows.isEmpty else { return [bare] }
    return rows.map { record(bare, batch.rows.rows[$0], batch) }
  }

  private func record(_ bare: TrialRecord, _ row: Row, _ batch: Batch) -> TrialRecord {
    var made = bare
    made.stream = min(Int(row.stream), routes.count - 1)
    let route = routes[made.stream]
    made.operation = row.operation
    made.table = route.table?.fullName
    made.fields = fields(of: row, route.stream, batch)
    let names = route.stream.columns.key.map { route.stream.columns.names[$0] }
    if !names.isEmpty {
      made.key = .object(
        names.map { name in .init(name, made.fields.first { $0.name == name }?.value ?? .null) })
    }
    return made
  }

  private func fields(of row: Row, _ stream: StreamPlan, _ batch: Batch) -> [TrialRecord.Field] {
    let event = EventValues(batch.events[Int(row.event)], batch)
    let version = Int(batch.events[Int(row.event)].version)
    let mapping = stream.contract?.way(of: version, in: stream).mapping ?? stream.mapping
    let changesRecord = stream.transforms.contains(where: \.changesRecord)
    let named = mapping.fields.enumerated().filter { $1.mapping != .leftOut }.map { index, field in
      var made = TrialRecord.Field(
        name: field.name, value: batch.value(ofCell: batch.rows.cells[Int(row.firstCell) + index]))
      made.cast = field.mapping.cast?.rawValue
      switch field.mapping.from {
      case .path(let path):
        // What a transform made of the record is not there to be shown beside it.
        (made.path, made.original) = (path.description, changesRecord ? made.value : event[path])
      case .expression(let expression): (made.path, made.isComputed) = (expression.text, true)
      case .constant: break
      }
      return made
    }
    return named + rest(of: row, stream, batch)
  }

  /// What `mappings: all` passes on.
  private func rest(of row: Row, _ stream: StreamPlan, _ batch: Batch) -> [TrialRecord.Field] {
    guard row.rest != Event.none, row.operation == .upsert, let rest = stream.columns.rest else { return [] }
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
      (.record, event.row), (.before, event.before), (.key, event.key), (.meta, event.meta),
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
    } else if record.isDuplicate {
      duplicate += 1
    } else if record.operation == nil {
      filtered += 1
    } else {
      written += 1
    }
  }
}
