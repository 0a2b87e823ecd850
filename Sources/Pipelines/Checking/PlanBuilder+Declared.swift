import ConnectorKit
import Contracts
import Expressions

extension PlanBuilder {
  /// Checks the expressions of the file once more, now that a contract says what a record looks like.
  mutating func checkExpressions(_ spec: PipelineSpec, _ contract: ContractPlan) {
    guard let newest = contract.versions.last else { return }
    var record = newest.contract.declarations.recordType
    check(spec.transforms, &record)
    if let mappings = spec.mappings { check(mappings, record) }
    for stream in spec.streams?.entries ?? [] {
      var own = record
      check(stream.value.transforms, &own)
      if let mappings = stream.value.mappings { check(mappings, own) }
    }
  }

  /// Behind a step that may give the record other fields, any field may be there.
  mutating func check(_ transforms: [TransformSpec], _ record: inout CELType) {
    for transform in transforms {
      guard let condition = transform.filter ?? transform.assert?.that ?? transform.route?.when else {
        if transform.sample == nil { record = record.opened }
        continue
      }
      let scope = EventScope(record: record)
      _ = loader.expression(condition.node, noun: ConditionSpec.shape.noun, in: scope, giving: .bool)
    }
  }

  mutating func check(_ mappings: MappingSpec, _ record: CELType) {
    for field in mappings.fields {
      guard let from = field.spec.from else { continue }
      _ = loader.expression(from.node, noun: ExpressionSpec.shape.noun, in: EventScope(record: record))
    }
  }
}

extension CELType {
  /// The same with room for fields that are not declared.
  fileprivate var opened: CELType {
    guard case .object(let object) = self else { return self }
    return .object(ObjectType(object.name, object.fields, isOpen: true))
  }
}
