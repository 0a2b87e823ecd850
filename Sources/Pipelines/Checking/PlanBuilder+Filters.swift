import ConnectorKit
import Expressions

extension PlanBuilder {
  /// Points out filters that let nothing through, because an earlier one holds back what they ask for.
  mutating func checkFilters(_ spec: PipelineSpec) {
    checkFilters(spec.transforms)
    for entry in spec.streams?.entries ?? [] where !entry.value.transforms.isEmpty {
      checkFilters(spec.transforms + entry.value.transforms, from: spec.transforms.count)
    }
  }

  /// - Parameter start: filters before it were looked at.
  private mutating func checkFilters(_ steps: [TransformSpec], from start: Int = 0) {
    var before: [Constraint] = []
    for (index, step) in steps.enumerated() {
      if step.changesRecord { before = [] }
      guard let filter = step.filter else { continue }
      let own = filter.expression.constraints
      if index >= start, let (first, second) = Constraint.contradiction(of: before, with: own) {
        loader.warning(
          "expression.never_true", filter.node.starting(at: second.offset),
          "no event is left for `\(second.text)`: an earlier filter wants `\(first.text)`",
          hint: "one condition with || lets both through")
      }
      before += own
    }
  }
}

extension ConfigNode {
  /// The node with the place of a byte of its text.
  fileprivate func starting(at offset: Int) -> ConfigNode {
    var node = self
    node.place = place(at: (scalar?.text ?? "").utf8.prefix(offset).count { $0 & 0xc0 != 0x80 })
    return node
  }
}
