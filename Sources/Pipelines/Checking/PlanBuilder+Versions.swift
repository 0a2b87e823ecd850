import ConnectorKit
import Contracts
import Expressions
import Records

extension PlanBuilder {
  /// The contract of a pipeline without streams, with what its versions do.
  mutating func finish(_ contract: ContractPlan, _ spec: PipelineSpec, _ stream: inout StreamPlan) -> ContractPlan? {
    var known = contract
    addWays(spec.contract, at: root["contract"], to: &known, key: spec.target.common.key ?? [], spec.mappings)
    if loader.failures == 0 {
      checkExpressions(spec, known.scope)
      checkExpressions(ofVersions: spec.contract, known)
    }
    stream.contract = known
    stream.widen()
    return stream.contract
  }

  /// Gives each stream its own contract, or else the pipeline's.
  mutating func addContracts(_ common: ContractPlan?, _ spec: PipelineSpec, to streams: inout [StreamPlan]) {
    var shared = common
    if shared != nil { shareWays(spec, &shared) }
    for index in streams.indices where !streams[index].skips {
      let name = streams[index].pattern?.text
      guard let entry = spec.streams?.entries.first(where: { $0.name == name }) else { continue }
      guard entry.value.$contract.isGiven else {
        streams[index].contract = shared
        continue
      }
      addContract(of: entry, spec, to: &streams[index])
    }
  }

  private mutating func addContract(
    of entry: SettingMap<StreamSpec>.Entry, _ spec: PipelineSpec, to stream: inout StreamPlan
  ) {
    let node = root["streams"]?.entry(entry.name)?.value["contract"]
    guard var known = contract(entry.value.contract, at: node) else { return }
    let mappings = entry.value.mappings ?? spec.mappings
    let key = stream.columns.key.map { stream.columns.names[$0] }
    addWays(entry.value.contract, at: node, to: &known, key: key, mappings)
    if loader.failures == 0 {
      checkExpressions(spec.transforms + entry.value.transforms, mappings, known.scope)
      checkExpressions(ofVersions: entry.value.contract, known)
    }
    stream.contract = known
    stream.widen()
  }

  /// The ways of a contract that several streams share: an upgrade fits each of them, mappings fit one.
  private mutating func shareWays(_ spec: PipelineSpec, _ contract: inout ContractPlan?) {
    guard var known = contract, let entries = spec.contract?.versions?.entries else {
      if let known = contract, loader.failures == 0 { checkExpressions(spec, known.scope) }
      return
    }
    for (index, entry) in entries.enumerated() {
      known.versions[index].upgrade = entry.spec.upgrade.steps.map { $0.upgrading(entry.name) }
      guard entry.spec.mappings != nil else { continue }
      loader.error(
        "config.conflict", root["contract"]?["versions"]?[entry.name]?["mappings"] ?? root,
        "the `mappings` of a version are for one stream, and the pipeline has several",
        hint: "write `contract` under the stream that they are for")
    }
    if loader.failures == 0 {
      checkExpressions(spec, known.scope)
      checkExpressions(ofVersions: spec.contract, known)
    }
    contract = known
  }

  /// What the versions of a contract do with their events, and what stands against it.
  private mutating func addWays(
    _ spec: ContractSpec?, at place: ConfigNode?, to contract: inout ContractPlan, key: [String],
    _ mappings: MappingSpec?
  ) {
    guard let entries = spec?.versions?.entries, let node = place?["versions"] else { return }
    for (index, entry) in entries.enumerated() {
      let own = node[entry.name]
      contract.versions[index].upgrade = entry.spec.upgrade.steps.map { $0.upgrading(entry.name) }
      guard let spec = entry.spec.mappings else { continue }
      let mapping = spec.mapping(key: key)
      checkKey(key, at: root["target"]?["key"] ?? own?["mappings"], mapping)
      if mapping.passesRest != mappings?.passesRest {
        loader.error(
          "config.conflict", own?["mappings"] ?? node,
          "a version passes all other fields on only where the pipeline's `mappings` do",
          hint: "write `\"*\": all` in both or in none")
      }
      contract.versions[index].mapping = mapping
    }
  }

  /// Checks the expressions of each version against its own schema.
  mutating func checkExpressions(ofVersions spec: ContractSpec?, _ contract: ContractPlan) {
    for (entry, version) in zip(spec?.versions?.entries ?? [], contract.versions) {
      checkExpressions(entry.spec.upgrade, entry.spec.mappings, version.scope)
    }
  }
}

extension Transform {
  /// The step of a version's upgrade; one without a name is called by its place there.
  fileprivate func upgrading(_ version: String) -> Transform {
    var step = self
    if name.hasPrefix("transforms[") { step.name = "upgrade of \(version)" + name.dropFirst("transforms".count) }
    return step
  }
}
