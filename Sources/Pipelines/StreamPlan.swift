import ConnectorKit
import Expressions
import Records

/// What becomes of the events of some of the source's tables. A pipeline without `streams` has one, for all of them.
package struct StreamPlan: Sendable {
  /// The tables that it is for; nil: all.
  package var pattern: TablePattern?
  /// Whether their events are not wanted.
  package var skips = false
  package var transforms: [Transform]
  package var mapping: Mapping
  package var columns: Columns
  /// The target with the settings that hold for these tables.
  package var target: any TargetConnector
  /// nil where any event will do.
  package var contract: ContractPlan?

  package init(
    _ pattern: TablePattern? = nil, transforms: [Transform] = [], mapping: Mapping, columns: Columns,
    target: any TargetConnector
  ) {
    self.pattern = pattern
    self.transforms = transforms
    self.mapping = mapping
    self.columns = columns
    self.target = target
  }

  /// The stream as it is for one table: where the file names no key, the table's own is the key.
  func applied(to table: SourceTable) -> StreamPlan {
    guard !skips else { return self }
    var stream = self
    if columns.key.isEmpty, let (mapping, key) = mapping.keyed(by: table.key) {
      stream.mapping = mapping
      stream.columns = mapping.columns(key: key)
      stream.keyVersions(by: table.key)
    }
    stream.columns.made = stream.made(of: table)
    return stream
  }
}

extension StreamPlan {
  /// Gives the mappings of a contract's versions the table's key too.
  private mutating func keyVersions(by key: [String]) {
    guard var known = contract, known.versions.contains(where: { $0.mapping != nil }) else { return }
    for index in known.versions.indices {
      guard let mapping = known.versions[index].mapping else { continue }
      known.versions[index].mapping = mapping.keyed(by: key)?.0 ?? mapping
    }
    contract = known
    widen()
  }

  /// Gives it and the mappings of its contract's versions the same columns.
  mutating func widen() {
    guard let known = contract, known.hasOwnWays else { return }
    let (stream, widened) = known.widened(self)
    self = stream
    contract = widened
  }
}

extension Mapping {
  /// The mapping with the columns that a source's key ends in; nil where a part of it ends nowhere, or there is none.
  fileprivate func keyed(by key: [String]) -> (Mapping, key: [String])? {
    if key.isEmpty { return nil }
    var mapping = self
    var names: [String] = []
    for column in key {
      let path = Path(.record, [.member(column)])
      let copies = fields.filter { $0.mapping.from == .path(path) && $0.mapping.isCopy }
      if let copy = copies.first(where: { $0.name == column }) ?? copies.first {
        names.append(copy.name)
        continue
      }
      guard passesRest, !dropped.contains(column), !fields.contains(where: { $0.name == column }) else { return nil }
      var field = FieldMapping(from: .path(path))
      field.required = true
      mapping.fields.append(Field(column, field))
      names.append(column)
    }
    return (mapping, names)
  }
}

extension FieldMapping {
  /// Whether the value arrives as it is.
  var isCopy: Bool {
    var plain = FieldMapping(from: from)
    plain.required = required
    return self == plain
  }

  /// The member of the record that it is made of, where it is made of one.
  var member: String? {
    guard case .path(let path) = from, path.root == .record, path.steps.count == 1,
      case .member(let name) = path.steps[0]
    else { return nil }
    return name
  }
}

/// The way of one table's events, known once the source has said which tables it reads.
package struct Route: Sendable {
  /// nil where the source has no tables.
  package var table: SourceTable?
  package var stream: StreamPlan

  package init(_ table: SourceTable?, _ stream: StreamPlan) {
    self.table = table
    self.stream = stream
  }
}

extension [StreamPlan] {
  /// The stream of a table: the one that names it, or else the first whose pattern it matches, `*` last.
  package func stream(of table: SourceTable) -> StreamPlan? {
    let matching = filter { $0.pattern?.matches(table) ?? true }
    return matching.first { $0.pattern?.isName == true } ?? matching.first { $0.pattern.map { $0.text != "*" } ?? true }
      ?? matching.first
  }

  /// A route for each table, and one where the source has none.
  package func routes(for tables: [SourceTable]) throws(ConnectorError) -> [Route] {
    if tables.isEmpty { return prefix(1).map { Route(nil, $0) } }
    guard tables.count <= Int(UInt16.max) else { throw .tooManyTables(tables.count) }
    var routes: [Route] = []
    for table in tables {
      guard let stream = stream(of: table) else { throw .noStream(table) }
      routes.append(Route(table, stream.applied(to: table)))
    }
    return routes
  }
}

extension [Route] {
  /// What a target stores, in the order that rows count in.
  package var targetStreams: [TargetStream] {
    filter { !$0.stream.skips }.map {
      TargetStream($0.stream.columns, settings: $0.stream.target, table: $0.table)
    }
  }

  /// What the events of each table are held against; nil where nothing is.
  package var contract: ContractRouting? {
    var routing = ContractRouting(plans: [], tables: [])
    var places: [String: Int] = [:]
    for route in self {
      let name = route.stream.pattern?.text ?? ""
      if let plan = route.stream.contract, !route.stream.skips, places[name] == nil {
        places[name] = routing.plans.count
        routing.plans.append(plan)
      }
      if let table = route.table { routing.tables.append((table, route.stream.skips ? nil : places[name])) }
    }
    return routing.plans.isEmpty ? nil : routing
  }

  /// What makes a mapper for each lane; what is compiled is compiled here.
  ///
  /// - Parameter lanes: over how many target lanes rows are spread by their key.
  package func mappers(lanes: Int) -> @Sendable () -> any Mapper {
    let programs = map { $0.stream.skips ? [] : $0.stream.programs(lanes: lanes) }
    if count == 1, let only = programs[0].first {
      let ways = programs[0]
      if ways.count > 1 { return { VersionMapper(ways) } }
      return { MappingExecutor(only) }
    }
    var streams: [StreamMapper.Stream] = []
    var number: UInt16 = 0
    for (route, program) in zip(self, programs) {
      guard let table = route.table else { continue }
      streams.append(StreamMapper.Stream(table, program, number: number))
      if !program.isEmpty { number += 1 }
    }
    return { [streams] in StreamMapper(streams) }
  }
}

extension StreamPlan {
  /// One for all events, or one for each version of the contract.
  fileprivate func programs(lanes: Int) -> [MappingProgram] {
    guard let contract, contract.hasOwnWays else { return [MappingProgram(self, lanes: lanes)] }
    return contract.versions.indices.map { MappingProgram(contract.way(of: $0, in: self), lanes: lanes) }
  }
}

extension MappingProgram {
  package init(_ stream: StreamPlan, lanes: Int) {
    self.init(transforms: stream.transforms, mapping: stream.mapping, columns: stream.columns, lanes: lanes)
  }
}

extension ConnectorError {
  fileprivate static func noStream(_ table: SourceTable) -> ConnectorError {
    ConnectorError(
      "stream.none", "No stream of the pipeline is for the table \(table.fullName).", remedy: .stop,
      hint: "Name it under `streams`, with `skip: true` if it is not wanted, or add a stream \"*\" for all others.")
  }

  fileprivate static func tooManyTables(_ count: Int) -> ConnectorError {
    ConnectorError(
      "stream.too_many", "The source has \(count) tables; a pipeline takes \(UInt16.max).", remedy: .stop,
      hint: "Name fewer in the source's `tables`.")
  }
}
