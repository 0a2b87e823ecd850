import ConnectorKit
import Contracts
import Records

extension PlanBuilder {
  /// Loads and compiles the schemas of a contract, in all its versions.
  mutating func contract(_ spec: ContractSpec?, at node: ConfigNode?) -> ContractPlan? {
    guard let spec, let node else { return nil }
    let settings = node.map == nil ? nil : node
    var versions: [ContractPlan.Version?] = []
    if let path = spec.schema {
      versions.append(version(nil, path, settings?["schema"] ?? node, spec))
    }
    for entry in spec.versions?.entries ?? [] {
      let own = settings?["versions"]?[entry.name] ?? node
      versions.append(version(entry.name, entry.spec.schema, own["schema"] ?? own, spec))
    }
    guard !versions.contains(where: { $0 == nil }) else { return nil }
    var plan = ContractPlan(versions: versions.compactMap { $0 }, version: spec.version?.path)
    plan.unknownVersions = spec.unknownVersions.meaning
    plan.unknownFields = spec.unknownFields.meaning
    plan.stopsOnViolation = spec.onViolation == .stop
    plan.assertsFormats = spec.formats == .assert
    return plan
  }

  private mutating func version(
    _ name: String?, _ path: String, _ node: ConfigNode, _ spec: ContractSpec
  ) -> ContractPlan.Version? {
    let folder = Files.folder(of: root.place.file)
    let file = Self.located(path, in: folder)
    let registry = spec.registry.map { Self.located($0, in: folder) } ?? Files.folder(of: file)
    do throws(SchemaFiles.Failed) {
      let (contract, warnings) = try schemas.contract(
        file, registry: registry, formats: spec.formats == .assert ? .asserted : .annotated)
      for warning in warnings { report(warning, node) }
      return ContractPlan.Version(name: name, file: file, contract: contract)
    } catch {
      for problem in error.problems { report(problem, node) }
      return nil
    }
  }

  /// A path of the pipeline file, as people would write it from the working folder.
  private static func located(_ path: String, in folder: String) -> String {
    folder == "." ? path : Files.join(folder, path)
  }

  private mutating func report(_ problem: SchemaFiles.Problem, _ node: ConfigNode) {
    loader.add(
      problem.severity, problem.code, problem.place ?? node.place, problem.place == nil ? node.path : "",
      problem.message, problem.hint)
  }
}

extension UnknownSpec {
  fileprivate var meaning: ContractPlan.Unknown {
    switch self {
    case .keep: .keep
    case .drop: .drop
    case .reject: .reject
    case .stop: .stop
    }
  }
}
