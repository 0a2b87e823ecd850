import ConnectorKit
import Expressions
import Records

/// Makes a plan of a file's nodes, or finds all that stands against it.
struct PlanBuilder {
  let root: ConfigNode
  let catalog: Catalog
  let environment: PlanEnvironment
  /// The plan's, where it is known already.
  private let fingerprint: String?
  var loader: SettingLoader
  var schemas = SchemaFiles()

  init(
    _ root: ConfigNode, _ catalog: Catalog, _ environment: PlanEnvironment, secrets: SecretSource? = nil,
    fingerprint: String? = nil
  ) {
    self.root = root
    self.catalog = catalog
    self.environment = environment
    self.fingerprint = fingerprint
    loader = SettingLoader(secrets: secrets)
  }

  /// Each part is checked whether or not the others are in order, so that all problems come to light at once.
  mutating func build() -> Plan? {
    let spec = PipelineSpec()
    _ = loader.fill(SettingList(of: spec), from: root)
    let source = connector("source", catalog.sourceTypes, catalog.source).flatMap { type in
      root["source"].flatMap { loader.load(type, from: $0, others: SourceSpec.own) }
    }
    let target = connector("target", catalog.targetTypes, catalog.target) as? any TargetConnector.Type
    var streams = streams(spec, source: source.map { type(of: $0) }, target)
    if spec.$target.isGiven { check(spec, target) }
    let contract = spec.$contract.isGiven ? self.contract(spec.contract, at: root["contract"]) : nil
    if root["streams"] == nil {
      if let contract, !streams.isEmpty { streams[0].contract = finish(contract, spec, &streams[0]) }
    } else {
      addContracts(contract, spec, to: &streams)
    }
    checkDedupes(spec, source.map { type(of: $0).about })
    checkSteps(spec)
    checkEnd(source as? any SourceConnector, streams)
    checkFilters(spec)
    numberDedupes(in: &streams)
    checkTests(spec.tests)
    guard loader.failures == 0, let first = streams.first(where: { !$0.skips }),
      let source = source as? any SourceConnector
    else { return nil }
    var plan = plan(spec, source, first.target, streams)
    plan.contract = spec.streams == nil ? first.contract : contract
    return plan
  }

  /// The connector that `type` names; an unknown one is reported.
  private mutating func connector<Type>(
    _ key: String, _ types: [String], _ find: (String) -> Type?
  ) -> (any Connector.Type)? {
    guard let node = root[key], let type = node["type"], let name = type.scalar?.text, type.core == .text else {
      return nil
    }
    guard let found = find(name) as? any Connector.Type else {
      loader.error(
        "config.unknown_connector", type, "there is no \(key) `\(name)`",
        hint: Suggestion.hint(for: name, among: types, noun: "there are"))
      return nil
    }
    return found
  }

  /// What target and limits must agree on.
  private mutating func check(_ spec: PipelineSpec, _ target: (any TargetConnector.Type)?) {
    checkLanes(spec.target.common, target, isKeyKnown: spec.streams != nil)
    checkLimits(spec.target.common.batch, spec.limits)
  }

  /// What key and mappings must agree on.
  mutating func checkKey(_ key: [String], at node: ConfigNode?, _ mapping: Mapping) {
    let names = mapping.fields.map(\.name)
    let (known, nodes) = (Set(names), node?.list)
    // More would be said of a longer key than anybody reads.
    for (name, node) in zip(key, nodes ?? []).filter({ !known.contains($0.0) }).prefix(10) {
      if mapping.dropped.contains(name) {
        loader.error("config.unknown_column", node, "the key field `\(name)` is dropped by the mappings")
      } else {
        loader.error(
          "config.unknown_column", node, "the mappings make no field `\(name)`",
          hint: Suggestion.hint(for: name, among: names, noun: "they make"))
      }
    }
  }

  private mutating func checkLanes(_ common: TargetCommon, _ target: (any TargetConnector.Type)?, isKeyKnown: Bool) {
    guard common.lanes > 1, let node = root["target"]?["lanes"] else { return }
    if let most = target?.about.lanesMax, common.lanes > most {
      loader.error(
        "config.too_many_lanes", node, "this target takes at most \(most) lane\(most == 1 ? "" : "s")",
        hint: "write lanes: \(most)")
    } else if isKeyKnown {
      loader.warning(
        "config.lanes_across_tables", node, "several lanes keep the order of each key, and not the order across tables",
        hint: "where tables refer to each other write lanes: 1, or leave their foreign keys unchecked")
    } else if common.key == nil {
      loader.warning(
        "config.lanes_without_key", node, "without a key, rows reach the lanes in no order",
        hint: "name the fields of the key: key: [id]")
    }
  }

  /// Points out a target that shows nothing before its source has ended, where the source never does.
  private mutating func checkEnd(_ source: (any SourceConnector)?, _ streams: [StreamPlan]) {
    guard let source, source.goesOn, let node = root["target"] else { return }
    for stream in streams where !stream.skips {
      guard let setting = stream.target.showsAtEnd else { continue }
      loader.add(
        .warning, Plan.neverShownCode, node.nearest(setting).place, node.path(of: setting),
        "nobody sees what is written before the source has ended, and this one goes on with what comes later",
        "write rows that are seen as they come (write: append), or end each run: `millrace run --once`")
    }
  }

  private mutating func checkLimits(_ batch: BatchSpec, _ limits: LimitsSpec) {
    guard batch.$bytes.isGiven, batch.bytes.bytes > limits.inFlight.bytes else { return }
    loader.error(
      "config.conflict", root["limits"]?["in_flight"] ?? root["target"]?["batch"] ?? root,
      "a batch of \(text(batch.bytes)) never fills within limits.in_flight of \(text(limits.inFlight))",
      hint: "raise limits.in_flight, or lower target.batch.bytes")
  }

  private func text(_ size: ByteSize) -> String { size.written.string ?? "" }

  private mutating func checkTests(_ tests: [PipelineTest]) {
    var seen: Set<String> = []
    for (index, test) in tests.enumerated() where !seen.insert(test.name).inserted {
      let node = root["tests"]?.list?[index]["name"] ?? root
      loader.error("config.duplicate_name", node, "another test has the name `\(test.name)`")
    }
  }
}

extension PlanBuilder {
  private func plan(
    _ spec: PipelineSpec, _ source: any SourceConnector, _ target: any TargetConnector, _ streams: [StreamPlan]
  ) -> Plan {
    let (name, file) = (spec.name.text, root.place.file)
    let folder = Files.folder(of: file)
    var plan = Plan(
      name: name, folder: folder, source: source, target: target, streams: streams,
      deadLetters: DeadLetterPolicy(
        path: path(spec.retry.deadLetter.path, in: folder, otherwise: "\(name).dead-letters.ndjson")),
      checkpoint: CheckpointPolicy(
        path: path(spec.checkpoint.path, in: folder, otherwise: "\(name).checkpoint.json")))
    plan.description = spec.description
    plan.file = file
    plan.fingerprint = fingerprint ?? Fingerprint.of(spec, source: source, streams)
    plan.lanes = spec.target.common.lanes
    plan.batch = spec.target.common.batch.policy(spec.limits, type(of: plan.target).about)
    plan.retry = spec.retry.policy
    plan.deadLetters.keepsFor = spec.retry.deadLetter.retain.age
    plan.deadLetters.bytesMax = spec.retry.deadLetter.retain.bytes?.bytes
    plan.checkpoint.every = spec.checkpoint.every
    plan.limits = spec.limits.limits
    plan.tests = spec.tests
    plan.origin = Plan.Origin(root: root, catalog: catalog, environment: environment)
    return plan
  }

  /// A path that the file names starts from its folder, one that it does not name from the state folder.
  private func path(_ given: String?, in folder: String, otherwise name: String) -> String {
    given.map { Files.join(folder, $0) } ?? Files.join(environment.stateFolder, name)
  }
}

extension Plan {
  /// The nodes of ``tests`` in the file.
  package var testNodes: [ConfigNode] { origin?.root["tests"]?.list ?? [] }

  struct Origin: Sendable {
    var root: ConfigNode
    var catalog: Catalog
    var environment: PlanEnvironment
  }

  /// The plan of a file's root node.
  package init(
    _ root: ConfigNode, catalog: Catalog, environment: PlanEnvironment = PlanEnvironment()
  ) throws(Diagnostics) {
    var builder = PlanBuilder(root, catalog, environment)
    guard let plan = builder.build() else { throw builder.loader.diagnostics }
    self = plan
  }

  /// The plan with the values of its references: what a run starts from. The fingerprint stays, so that a new password
  /// is no new pipeline. Throws what is wrong only now: values that are not there, or that a check refuses.
  package func resolved(with secrets: SecretSource) throws(Diagnostics) -> Plan {
    guard let origin else { return self }
    var builder = PlanBuilder(
      origin.root, origin.catalog, origin.environment, secrets: secrets, fingerprint: fingerprint)
    guard var plan = builder.build() else {
      throw Diagnostics(builder.loader.diagnostics.items.filter { $0.severity == .error })
    }
    // What a command changed about the file's plan.
    plan.name = name
    plan.checkpoint = checkpoint
    plan.deadLetters = deadLetters
    plan.limits = limits
    plan.part = part
    plan.isBackfill = isBackfill
    plan.beside = beside
    return plan
  }
}
