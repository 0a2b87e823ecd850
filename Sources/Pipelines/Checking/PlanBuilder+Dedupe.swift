import ConnectorKit
import Expressions

extension PlanBuilder {
  /// Gives the `dedupe` steps of all streams their numbers; each remembers for itself.
  func numberDedupes(in streams: inout [StreamPlan]) {
    var next = 0
    for stream in streams.indices {
      for index in streams[stream].transforms.indices {
        guard case .dedupe(var dedupe) = streams[stream].transforms[index].action else { continue }
        dedupe.step = next
        streams[stream].transforms[index].action = .dedupe(dedupe)
        next += 1
      }
    }
  }

  /// It decides about whole events, in the order in which they are read, and by times that they have.
  mutating func checkDedupes(_ spec: PipelineSpec, _ source: About?) {
    checkBehindExplode(spec.transforms, root["transforms"], explodes: false)
    checkTimes(spec.transforms, root["transforms"], source)
    let explodes = spec.transforms.contains { $0.explode != nil }
    checkUpgrades(spec.contract, root["contract"])
    for entry in spec.streams?.entries ?? [] {
      checkUpgrades(entry.value.contract, root["streams"]?.entry(entry.name)?.value["contract"])
      let node = root["streams"]?.entry(entry.name)?.value["transforms"]
      checkBehindExplode(entry.value.transforms, node, explodes: explodes)
      checkTimes(entry.value.transforms, node, source)
    }
  }

  private mutating func checkUpgrades(_ spec: ContractSpec?, _ contract: ConfigNode?) {
    for entry in spec?.versions?.entries ?? [] {
      let node = contract?["versions"]?[entry.name]?["upgrade"]
      for (index, step) in entry.spec.upgrade.enumerated() where step.dedupe != nil {
        loader.error(
          "config.conflict", node?.list?[index]["dedupe"] ?? root, "`dedupe` has no place in the upgrade of a version",
          hint: "write it under `transforms`: events of all versions are compared with each other there")
      }
    }
  }

  private mutating func checkBehindExplode(_ steps: [TransformSpec], _ node: ConfigNode?, explodes: Bool) {
    var explodes = explodes
    for (index, step) in steps.enumerated() {
      explodes = explodes || step.explode != nil
      guard step.dedupe != nil, explodes else { continue }
      loader.error(
        "config.conflict", node?.list?[index]["dedupe"] ?? root, "`dedupe` compares whole events, not parts of them",
        hint: "write it before `explode`")
    }
  }

  private mutating func checkTimes(_ steps: [TransformSpec], _ node: ConfigNode?, _ source: About?) {
    guard let source, !source.hasTimes else { return }
    for (index, step) in steps.enumerated() {
      guard let dedupe = step.dedupe, dedupe.$window.isGiven, !dedupe.$time.isGiven else { continue }
      loader.error(
        "transform.no_time", node?.list?[index]["dedupe"]?["window"] ?? root,
        "events of a source `\(source.type)` have no time of their own, which the window is measured by",
        hint: "add time: timestamp(record.created_at), or remove `window`: then the last `records` keys are compared")
    }
  }
}
