import Records

/// The text of a checkpoint: JSON that people can read, with a checksum over everything else in it.
extension Checkpoint {
  package var json: String {
    var members = fields
    members.append(.init("checksum", .string(Self.checksum(of: members))))
    return Value.object(members).prettyJSON + "\n"
  }

  private var fields: [Value.Member] {
    var members: [Value.Member] = [
      .init("format", .int(Int64(Self.format))),
      .init("pipeline", .string(pipeline)),
      .init("fingerprint", .string(fingerprint)),
      .init("stage", .string(stage.rawValue)),
      .init("position", position.map { ["format": .int(Int64($0.format)), "value": $0.value] } ?? .null),
      .init("marks", .array(marks.map { $0 ?? .null })),
      .init("dead_letters", deadLetters ?? .null),
      .init("totals", totals.value),
      .init("runs", Value(runs)),
      .init("saved_at", .string(WallTime.text(savedAt))),
    ]
    if let keys { members.append(.init("dedupe", keys.value)) }
    return members
  }

  /// Over the compact JSON of the members in their order; guards against damage, not against people.
  private static func checksum(of members: [Value.Member]) -> String {
    "fnv1a64:" + Checksum.fnv1a64(Value.object(members).json).hex
  }

  /// Reads what `json` wrote, and what older versions wrote.
  ///
  /// - Parameter path: for messages.
  package init(json text: String, path: String) throws(FlowError) {
    guard let value = try? Value(json: text), case .object(let members) = value else {
      throw .damagedCheckpoint(path, "it is not a JSON object, or only part of one")
    }
    guard let format = value["format"]?.int else { throw .damagedCheckpoint(path, "it names no format") }
    guard format <= Self.format else { throw .newerCheckpoint(path, format: format) }
    let signed = members.filter { $0.name != "checksum" }
    guard let checksum = value["checksum"]?.string, checksum == Self.checksum(of: signed) else {
      throw .damagedCheckpoint(path, "its checksum does not fit its content")
    }
    guard let checkpoint = Checkpoint(value) else { throw .damagedCheckpoint(path, "a member is missing") }
    self = checkpoint
  }

  private init?(_ value: Value) {
    guard let pipeline = value["pipeline"]?.string, let fingerprint = value["fingerprint"]?.string,
      let stage = value["stage"]?.string.flatMap(Stage.init(rawValue:)), let position = value["position"],
      let marks = value["marks"]?.array, let totals = value["totals"].flatMap(Counts.init),
      let runs = value["runs"]?.unsigned, let savedAt = value["saved_at"]?.string.flatMap(WallTime.milliseconds)
    else { return nil }
    self.init(pipeline: pipeline, fingerprint: fingerprint, lanes: 0)
    self.stage = stage
    self.marks = marks.map(\.unlessNull)
    self.totals = totals
    self.runs = runs
    self.savedAt = savedAt
    deadLetters = value["dead_letters"]?.unlessNull
    keys = value["dedupe"].flatMap { KeyMark($0) }
    if !position.isNull {
      guard let format = position["format"]?.int, let place = position["value"] else { return nil }
      self.position = Position(format: Int(format), value: place)
    }
  }

  /// Whether a run of this pipeline may go on from here.
  package func check(pipeline: String, fingerprint: String, lanes: Int, path: String) throws(FlowError) {
    guard self.pipeline == pipeline else { throw .otherPipelinesCheckpoint(path, self.pipeline, pipeline) }
    guard self.fingerprint == fingerprint else { throw .changedPipeline(path) }
    guard marks.count == lanes || marks.allSatisfy({ $0 == nil }) else {
      throw .changedLanes(path, from: marks.count, to: lanes)
    }
  }
}

extension Counts {
  /// In the order in which people read them.
  package var value: Value {
    var members: [Value.Member] = [
      .init("read", Value(read)), .init("written", Value(written)), .init("filtered", Value(filtered)),
      .init("duplicate", Value(duplicate)), .init("stale", Value(stale)), .init("dead_lettered", Value(deadLettered)),
    ]
    if steps.made > 0 { members.append(.init("made", Value(steps.made))) }
    if !steps.isEmpty { members.append(.init("steps", .array(steps.steps.map(\.value)))) }
    return .object(members)
  }

  init?(_ value: Value) {
    guard let read = value["read"]?.unsigned, let written = value["written"]?.unsigned,
      let filtered = value["filtered"]?.unsigned, let duplicate = value["duplicate"]?.unsigned,
      let stale = value["stale"]?.unsigned, let deadLettered = value["dead_lettered"]?.unsigned
    else { return nil }
    self.init()
    (self.read, self.written, self.filtered) = (read, written, filtered)
    (self.duplicate, self.stale, self.deadLettered) = (duplicate, stale, deadLettered)
    for value in value["steps"]?.array ?? [] {
      guard let step = StepCounts.Step(value) else { return nil }
      steps.add(step)
    }
  }
}

extension StepCounts.Step {
  fileprivate var value: Value {
    let counts = [("filtered", filtered), ("dead_lettered", deadLettered), ("made", made)].filter { $0.1 > 0 }
    return .object([.init("name", .string(name))] + counts.map { .init($0.0, Value($0.1)) })
  }

  fileprivate init?(_ value: Value) {
    guard let name = value["name"]?.string else { return nil }
    self.init(name)
    filtered = value["filtered"]?.unsigned ?? 0
    deadLettered = value["dead_lettered"]?.unsigned ?? 0
    made = value["made"]?.unsigned ?? 0
  }
}

extension Value {
  fileprivate init(_ count: UInt64) { self = .int(Int64(clamping: count)) }
  fileprivate var unlessNull: Value? { isNull ? .none : .some(self) }
  fileprivate var unsigned: UInt64? { int.flatMap { UInt64(exactly: $0) } }
}
