import ConnectorKit
import Expressions
import Pipelines
import Records
import Status

/// A plan as a graph of stages, each with its settings and the defaults that apply.
struct PlanView {
  struct Stage {
    var id: String
    var title: String
    var settings: [Setting] = []
  }

  struct Setting {
    var name: String
    var value: String
    var isDefault: Bool
  }

  /// From one stage to another; `carries` where it is not the records that go on.
  struct Edge {
    var from: String
    var to: String
    var carries: String?
  }

  let name: String
  let stages: [Stage]
  let edges: [Edge]

  /// - Parameter live: what the target said that it would do; nil where it was not asked.
  init(_ plan: Plan, _ live: LiveStatements? = nil) {
    name = plan.name
    let flow =
      [Self.connector("source", "source: \(plan.sourceType)", plan.source)] + Self.contract(plan)
      + (plan.hasStreams ? [] : Self.transforms(plan) + [Self.mappings(plan)]) + [Self.target(plan, live)]
    let streams = plan.hasStreams ? Self.streams(plan, live) : []
    let state = [
      Stage(id: "dead_letters", title: "dead letters", settings: Self.deadLetters(plan.deadLetters)),
      Stage(
        id: "checkpoint", title: "checkpoint",
        settings: [
          Setting("path", plan.checkpoint.path),
          Setting("every", plan.checkpoint.every, CheckpointPolicy(path: "").every),
        ]),
    ]
    stages = flow.dropLast() + streams + flow.suffix(1) + state + [Self.retry(plan.retry), Self.limits(plan.limits)]
    var pairs = zip(flow, flow.dropFirst()).map { Edge(from: $0.id, to: $1.id) }
    if !streams.isEmpty, let last = pairs.popLast() {
      pairs += streams.map { Edge(from: last.from, to: $0.id) } + streams.map { Edge(from: $0.id, to: last.to) }
    }
    let refusing = (flow.dropFirst() + streams).map { Edge(from: $0.id, to: "dead_letters", carries: "refused") }
    edges = pairs + refusing + [Edge(from: "target", to: "checkpoint", carries: "position")]
  }

  private static func connector(_ id: String, _ title: String, _ connector: any Connector) -> Stage {
    Stage(
      id: id, title: title,
      settings: NamedSetting.all(of: connector).compactMap { named in
        guard let value = named.setting.written ?? named.declaration.defaultValue, value != .object([]) else {
          return nil
        }
        return Setting(name: named.name, value: value.string ?? value.json, isDefault: !named.setting.isGiven)
      })
  }

  private static func contract(_ plan: Plan) -> [Stage] {
    guard let contract = plan.contract else { return [] }
    var settings = contract.versions.map { Setting($0.name.map { "version \($0)" } ?? "schema", $0.text) }
    if let version = contract.version {
      settings.insert(Setting("version", "\(version)"), at: 0)
      settings.append(
        Setting(
          "unknown_versions", contract.unknownVersions.rawValue, isDefault: contract.unknownVersions == .reject))
    }
    settings += [
      Setting("unknown_fields", contract.unknownFields.rawValue, isDefault: contract.unknownFields == .keep),
      Setting(
        "on_violation", contract.stopsOnViolation ? "stop" : "dead_letter", isDefault: !contract.stopsOnViolation),
      Setting("formats", contract.assertsFormats ? "assert" : "ignore", isDefault: !contract.assertsFormats),
    ]
    return [Stage(id: "contract", title: "contract", settings: settings)]
  }

  private static func transforms(_ plan: Plan) -> [Stage] {
    plan.transforms.enumerated().map { index, transform in
      let name = transform.name.hasPrefix("transforms[") ? [] : [Setting("name", transform.name)]
      return Stage(id: "transform_\(index + 1)", title: transform.kind, settings: name + settings(transform.action))
    }
  }

  private static func settings(_ action: Transform.Action) -> [Setting] {
    switch action {
    case .filter(let condition): [Setting("when", condition.text)]
    case .assert(let condition, let message):
      [Setting("that", condition.text)] + (message.map { [Setting("message", $0)] } ?? [])
    case .route(let condition, let destination, let reason):
      [Setting("when", condition.text), Setting("to", destination.rawValue)]
        + (reason.map { [Setting("reason", $0)] } ?? [])
    case .sample(let share, let by): [Setting("share", percent(share)), Setting("by", by.text)]
    case .dedupe(let dedupe): settings(dedupe)
    case .set(let assignments): assignments.map { Setting($0.path.description, $0.value.text) }
    case .unset(let paths): [Setting("fields", names(paths))]
    case .rename(let renamings): renamings.map { Setting($0.path.description, $0.name) }
    case .explode(let path): [Setting("list", path.description)]
    case .flatten(let path, let separator):
      [Setting("field", path.description), Setting("separator", separator)]
    case .redact(let paths, let text): [Setting("fields", names(paths)), Setting("with", text)]
    case .hash(let paths, let key): [Setting("fields", names(paths)), Setting("keyed", key == nil ? "no" : "yes")]
    }
  }

  private static func settings(_ dedupe: Dedupe) -> [Setting] {
    let usual = Dedupe.usualTimes.map(\.description).joined(separator: " or ")
    var settings = [Setting("by", dedupe.by.map(\.text).joined(separator: ", "))]
    settings.append(Setting("window", dedupe.window?.text ?? "none", isDefault: dedupe.window == nil))
    if dedupe.window != nil {
      settings.append(Setting("time", dedupe.time?.text ?? usual, isDefault: dedupe.time == nil))
    }
    settings.append(Setting("records", "\(dedupe.records)", isDefault: dedupe.records == 1_000_000))
    return settings
  }

  private static func percent(_ share: Double) -> String {
    let percent = share * 100
    return percent == percent.rounded() ? "\(Int(percent))%" : "\(percent)%"
  }

  private static func names(_ paths: [Path]) -> String { paths.map(\.description).joined(separator: ", ") }

  private static func mappings(_ plan: Plan) -> Stage {
    let made = plan.mapping.fields.filter { $0.mapping != .leftOut }
    var settings = made.map { Setting($0.name, $0.mapping.text) }
    settings += plan.mapping.dropped.map { Setting($0, "drop") }
    if plan.mapping.passesRest { settings.append(Setting("*", "all other fields, as they are")) }
    return Stage(id: "mappings", title: "mappings", settings: settings)
  }

  /// Each with what is its own; skipped ones are not reached.
  private static func streams(_ plan: Plan, _ live: LiveStatements?) -> [Stage] {
    plan.streams.enumerated().filter { !$0.element.skips }.map { index, stream in
      var part = plan
      part.streams = [stream]
      let own = type(of: stream.target).about.streamSettings
      var settings = transforms(part).flatMap(\.settings) + mappings(part).settings
      if let own = stream.contract?.versions.map(\.text), own != plan.contract?.versions.map(\.text) {
        settings.insert(Setting("contract", own.joined(separator: "; ")), at: 0)
      }
      settings += NamedSetting.all(of: stream.target).compactMap { named in
        guard own.contains(named.name), named.setting.isGiven, let value = named.setting.written else { return nil }
        return Setting("target.\(named.name)", value.string ?? value.json)
      }
      let key = stream.columns.key.map { stream.columns.names[$0] }
      settings.append(
        key.isEmpty
          ? Setting("key", "the table's own", isDefault: true)
          : Setting("key", key.joined(separator: ", ")))
      settings += statements(stream, live)
      return Stage(
        id: "stream_\(index + 1)", title: "stream: \(stream.pattern?.text ?? "*")", settings: settings)
    }
  }

  /// What the target says to its server.
  private static func statements(_ stream: StreamPlan, _ live: LiveStatements?) -> [Setting] {
    guard let target = stream.target as? any StatementsTargetConnector else { return [] }
    let said = live?[stream] ?? target.statements(TargetStream(stream.columns))
    return said.map { Setting("statement", $0) }
  }

  private static func target(_ plan: Plan, _ live: LiveStatements?) -> Stage {
    var stage = connector("target", "target: \(plan.targetType)", plan.target)
    if plan.hasStreams {
      let own = type(of: plan.target).about.streamSettings
      stage.settings.removeAll { own.contains($0.name) }
    } else {
      stage.settings += statements(plan.streams[0], live)
    }
    let (batch, usual) = (plan.batch, BatchPolicy())
    let key = plan.hasStreams ? [] : plan.columns.key.map { plan.columns.names[$0] }
    if !key.isEmpty { stage.settings.append(Setting("key", key.joined(separator: ", "))) }
    stage.settings += [
      Setting("lanes", "\(plan.lanes)", isDefault: plan.lanes == 1),
      Setting("batch.records", "\(batch.records)", isDefault: batch.records == usual.records),
      Setting("batch.bytes", ByteSize(bytes: batch.bytes), ByteSize(bytes: usual.bytes)),
      Setting("batch.wait", batch.wait, type(of: plan.target).about.batchWait),
    ]
    return stage
  }

  private static func retry(_ retry: RetryPolicy) -> Stage {
    let usual = RetryPolicy()
    let breaker = retry.breaker
    return Stage(
      id: "retry", title: "retry",
      settings: [
        Setting("delays", retry.delays.text, isDefault: retry.delays == usual.delays),
        Setting(
          "circuit_breaker",
          "\(breaker.failures) failures within \(breaker.within.text) open it for \(breaker.openFor.text)",
          isDefault: breaker == usual.breaker),
        Setting("give_up_after", retry.giveUpAfter?.text ?? "never", isDefault: retry.giveUpAfter == nil),
        Setting("park_for", retry.parkFor?.text ?? "never", isDefault: retry.parkFor == usual.parkFor),
      ])
  }

  private static func deadLetters(_ policy: DeadLetterPolicy) -> [Setting] {
    var settings = [Setting("path", policy.path)]
    if let age = policy.keepsFor { settings.append(Setting("retain.age", age, Duration.zero)) }
    if let bytes = policy.bytesMax {
      settings.append(Setting("retain.bytes", ByteSize(bytes: bytes), ByteSize(bytes: 0)))
    }
    return settings
  }

  private static func limits(_ limits: Limits) -> Stage {
    let usual = Limits()
    return Stage(
      id: "limits", title: "limits",
      settings: [
        Setting("in_flight", ByteSize(bytes: limits.inFlightBytes), ByteSize(bytes: usual.inFlightBytes)),
        Setting("rate", limits.rate.map { Quantity.rate($0) + "/s" } ?? "none", isDefault: limits.rate == nil),
      ])
  }
}

extension PlanView.Setting {
  init(_ name: String, _ value: String, isDefault: Bool = false) {
    self.name = name
    self.value = value
    self.isDefault = isDefault
  }

  init<Quantity: SettingValue & Equatable>(_ name: String, _ value: Quantity, _ usual: Quantity) {
    self.init(name, value.text, isDefault: value == usual)
  }
}

extension ContractPlan.Version {
  /// Its file, and what is done with its events.
  fileprivate var text: String {
    var parts = [file]
    if !upgrade.isEmpty { parts.append("upgrade in \(Quantity.count(UInt64(upgrade.count), "step"))") }
    if mapping != nil { parts.append("mappings of its own") }
    return parts.joined(separator: ", ")
  }
}

extension SettingValue {
  /// As it could stand in the file.
  fileprivate var text: String { written.string ?? written.json }
}

extension RetryPolicy.Delays {
  fileprivate var text: String {
    switch self {
    case .list(let delays): delays.map(\.text).joined(separator: ", ")
    case .exponential(let first, let factor, let max, let attempts):
      "\(first.text), then times \(factor.written.json) up to \(max.text), \(attempts) attempts"
    }
  }
}

extension FieldMapping {
  /// In one line: where the value comes from and what happens to it.
  var text: String {
    let origin =
      switch from {
      case .path(let path): path.description
      case .expression(let expression): expression.text
      case .constant(let value): "const \(value.json)"
      }
    return ([origin] + steps).joined(separator: ", ")
  }

  private var steps: [String] {
    var steps: [String] = []
    if let values { steps.append("\(values.count) values" + (otherwise.map { ", otherwise \($0.json)" } ?? "")) }
    if let unit { steps.append(unit.text) }
    if let cast { steps.append("as \(cast.rawValue)") }
    if trim { steps.append("trim") }
    if let maxLength { steps.append("max_length \(maxLength)" + (truncate ? ", truncate" : "")) }
    if let fallback { steps.append("default \(fallback.json)") }
    if required { steps.append("required") }
    if onError != .deadLetter { steps.append("on_error \(onError.rawValue)") }
    return steps
  }
}
