import ConnectorKit
import Contracts
import Expressions

extension PlanBuilder {
  /// What the versions of a contract do with their events, and what stands against it.
  mutating func addWays(_ spec: ContractSpec?, to contract: inout ContractPlan, key: [String], _ mappings: MappingSpec?)
  {
    guard let entries = spec?.versions?.entries, let node = root["contract"]?["versions"] else { return }
    for (index, entry) in entries.enumerated() {
      let own = node[entry.name]
      contract.versions[index].upgrade = entry.spec.upgrade.steps.map { $0.upgrading(entry.name) }
      guard let spec = entry.spec.mappings else { continue }
      let mapping = spec.mapping(key: key)
      checkKey(key, at: root["target"]?["key"], mapping)
      if mapping.passesRest != mappings?.passesRest {
        loader.error(
          "config.conflict", own?["mappings"] ?? node,
          "a version passes all other fields on only where the pipeline's `mappings` do",
          hint: "write `\"*\": all` in both or in none")
      }
      contract.versions[index].mapping = mapping
    }
    if contract.hasOwnWays, root["streams"] != nil {
      loader.error(
        "config.conflict", node, "versions with `upgrade` or `mappings` are for pipelines without `streams`",
        hint: "write a pipeline for the table, or keep the versions to their schemas")
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
