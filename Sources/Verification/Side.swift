import ConnectorKit
import Expressions
import Flows
import Pipelines
import Records

/// One of the two sides of a comparison: gives its rows in the columns that the target stores.
protocol Side: Sendable {
  /// Calls back for each batch with mapped rows.
  ///
  /// - Parameter body: gets the number of the stream that all rows of the batch belong to; nil where each row says it.
  func read(_ choice: Choice, _ body: (Batch, Int?) -> Void) async throws(ConnectorError)
}

/// Which rows are read.
enum Choice: Sendable {
  case all
  case stream(Int)
  case keys(stream: Int, SourcePart.Keys)

  func takes(_ stream: Int) -> Bool {
    switch self {
    case .all: true
    case .stream(let only), .keys(let only, _): only == stream
    }
  }

  var keys: SourcePart.Keys? { if case .keys(_, let keys) = self { keys } else { nil } }
}

/// The source, behind the pipeline's contract, transforms and mappings.
struct SourceSide: Side {
  let connector: any SourceConnector
  let context: Context
  /// Those that are not skipped, as rows count them.
  let routes: [Route]
  /// One that makes dead letters where a run would end.
  let contract: ContractRouting?
  let makeMapper: @Sendable () -> any Mapper

  func read(_ choice: Choice, _ body: (Batch, Int?) -> Void) async throws(ConnectorError) {
    try await readBatches(choice) { batch throws(ConnectorError) in body(batch, nil) }
  }

  fileprivate func readBatches(
    _ choice: Choice, _ body: (Batch) async throws(ConnectorError) -> Void
  ) async throws(ConnectorError) {
    let stage = contract.map { ContractStage($0) }
    let mapper = makeMapper()
    try await connector.makeSource(context(for: choice)).readBatches { batch throws(ConnectorError) in
      // It throws only where a run would end.
      try? stage?.check(batch)
      mapper.map(batch)
      try await body(batch)
      return true
    }
  }

  private func context(for choice: Choice) -> Context {
    var context = context
    context.part.keys = choice.keys
    // By their names: a source may ask before it knows which columns it gives.
    let wanted = routes.indices.filter(choice.takes).map { routes[$0].table }
    context.wants = { table in
      wanted.contains { $0 == nil || $0?.schema == table.schema && $0?.name == table.name }
    }
    return context
  }
}

/// The target, as it is. One that lists no rows is asked for those of the source's keys.
struct TargetSide: Side {
  struct Stream: Sendable {
    var target: TargetStream
    var form: RowForm
    var program: MappingProgram
  }

  let connector: any ReadableTargetConnector
  let context: Context
  let streams: [Stream]
  /// Whose keys are asked for.
  let source: SourceSide

  func read(_ choice: Choice, _ body: (Batch, Int?) -> Void) async throws(ConnectorError) {
    for (number, stream) in streams.enumerated() where choice.takes(number) {
      if choice.keys == nil, !connector.listsRows(stream.target) {
        try await readKnown(number, body)
      } else {
        try await read(number, choice.keys, body)
      }
    }
  }

  private func read(
    _ number: Int, _ keys: SourcePart.Keys?, _ body: (Batch, Int?) -> Void
  ) async throws(ConnectorError) {
    let mapper = MappingExecutor(streams[number].program)
    var context = context
    context.part.keys = keys
    try await connector.makeReader(context, streams[number].target).readBatches { batch throws(ConnectorError) in
      mapper.map(batch)
      body(batch, number)
      return true
    }
  }

  /// Asks for the keys of each batch of the source. A key that comes in two of them is asked for twice, and told apart in a
  /// closer look.
  private func readKnown(_ number: Int, _ body: (Batch, Int?) -> Void) async throws(ConnectorError) {
    let form = streams[number].form
    let columns = form.columns.key.map { form.columns.names[$0] }
    try await source.readBatches(.stream(number)) { batch throws(ConnectorError) in
      var keys: [[String]] = []
      var known: Set<[String]> = []
      batch.forEachTargetRow { row in
        let key = form.key(of: row, batch)
        // A row without a key is in no target.
        guard Int(row.stream) == number, !key.contains(where: \.isNull) else { return }
        let texts = key.map(\.storedText)
        if known.insert(texts).inserted { keys.append(texts) }
      }
      for start in stride(from: 0, to: keys.count, by: SourcePart.Keys.rowsMax) {
        let rows = Array(keys[start..<min(start + SourcePart.Keys.rowsMax, keys.count)])
        try await read(number, SourcePart.Keys(columns: columns, rows: rows), body)
      }
    }
  }
}

extension Batch {
  /// Rows that a target would hold.
  func forEachTargetRow(_ body: (Row) -> Void) {
    for index in rows.rows.indices {
      let row = rows.rows[index]
      if row.operation == .upsert, events[Int(row.event)].outcome == .flowing { body(row) }
    }
  }
}

extension MappingProgram {
  /// Rows as they are, in the order of the columns.
  init(reading columns: Columns) {
    let fields = columns.names.map { name in
      Mapping.Field(name, FieldMapping(from: .path(Path(.record, [.member(name)]))))
    }
    let mapping = Mapping(fields: fields, passesRest: columns.rest != nil, dropped: columns.rest?.excluded ?? [])
    self.init(transforms: [], mapping: mapping, columns: columns, lanes: 1)
  }
}
