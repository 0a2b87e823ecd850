import ConnectorKit
import Contracts
import Expressions
import Records

extension PlanBuilder {
  /// Checks all expressions once more, now that it is known what a record looks like.
  ///
  /// What a transform changes is not followed: behind the first one that changes the record, anything may be there.
  mutating func checkExpressions(_ spec: PipelineSpec, _ scope: EventScope) {
    guard scope.isDeclared else { return }
    let streams = spec.streams?.entries.map(\.value).filter { !$0.skip && !$0.$contract.isGiven } ?? []
    let ways =
      spec.streams == nil
      ? [(spec.transforms, spec.mappings)]
      : streams.map { (spec.transforms + $0.transforms, $0.mappings ?? spec.mappings) }
    for (transforms, mappings) in ways { checkExpressions(transforms, mappings, scope) }
  }

  /// - Parameter owner: who says what a record looks like.
  mutating func checkExpressions(
    _ transforms: [TransformSpec], _ mappings: MappingSpec?, _ scope: EventScope, of owner: String = "the contract"
  ) {
    let changing = transforms.firstIndex { $0.changesRecord }
    for transform in transforms.prefix(changing.map { $0 + 1 } ?? transforms.count) {
      for node in transform.expressions { check(node.node, scope, node.result, owner) }
    }
    guard changing == nil else { return }
    for field in mappings?.fields ?? [] {
      guard let from = field.spec.from, let typed = check(from.node, scope, nil, owner) else { continue }
      // What is known without the scope was said before.
      guard from.expression.expression.type.nonNull == .dyn else { continue }
      checkSteps(field, typed.expression.type, typed.path.flatMap { scope.values(of: $0) })
    }
  }

  @discardableResult
  private mutating func check(
    _ node: ConfigNode, _ scope: EventScope, _ result: CELType?, _ owner: String
  ) -> EventExpression? {
    guard let expression = loader.expression(node, noun: "an expression", in: scope, giving: result) else { return nil }
    let paths = expression.path.map { [$0] } ?? expression.reads
    for path in paths where path.root == .record { checkDeclared(path, scope.record, node, owner) }
    return expression
  }

  /// A field that an open contract does not name may be there all the same; one that looks like a slip is pointed out.
  private mutating func checkDeclared(_ path: Path, _ type: CELType, _ node: ConfigNode, _ owner: String) {
    var type = type
    for step in path.steps {
      guard case .object(let object) = type.nonNull, case .member(let name) = step else { return }
      guard let field = object.fields.first(where: { $0.name == name }) else {
        guard let nearest = Suggestion.nearest(to: name, among: object.fields.map(\.name)) else { return }
        return loader.warning(
          "expression.undeclared_field", node, "\(owner) declares no field `\(name)`",
          hint: "did you mean `\(nearest)`?")
      }
      type = field.type
    }
  }
}

extension TransformSpec {
  /// Its expressions, with what each must give.
  fileprivate var expressions: [(node: ConfigNode, result: CELType?)] {
    let conditions =
      [filter?.node, assert?.that.node].compactMap { $0 } + (route?.ways.map(\.when.node) ?? [])
    var values = [sample?.by?.node, dedupe?.time?.node, dedupe?.version?.node].compactMap { $0 }
    values += (dedupe?.by.parts.map(\.node) ?? []) + (set?.entries.map(\.value.node) ?? [])
    return conditions.map { ($0, .bool) } + values.map { ($0, nil) }
  }

  /// Whether the record is another one behind it.
  var changesRecord: Bool {
    self.set != nil || unset != nil || rename != nil || explode != nil || flatten != nil || redact != nil || hash != nil
  }
}

extension ContractPlan {
  /// What the records look like that take the pipeline's mappings: those of the newest version, where all others have a
  /// way of their own to it; otherwise nothing is known.
  var scope: EventScope {
    let isKnown = versions.dropLast().allSatisfy { !$0.upgrade.isEmpty || $0.mapping != nil }
    return isKnown ? versions.last?.scope ?? EventScope() : EventScope()
  }
}

extension ContractPlan.Version {
  /// What the records of the version look like.
  var scope: EventScope {
    var reader = DeclaredTypes(contract.declarations)
    var scope = EventScope(record: reader.record, before: .dyn)
    scope.allowed = contract.declarations.allowed
    return scope
  }
}

extension Declarations {
  /// Members deeper than that are not looked at.
  private static let depthMax = 6

  /// The paths of the record whose values are listed.
  fileprivate var allowed: [EventScope.AllowedValues] {
    var found: [EventScope.AllowedValues] = []
    collect(root, Path(.record), into: &found)
    return found
  }

  private func collect(_ shape: Shape, _ path: Path, into found: inout [EventScope.AllowedValues]) {
    if let values = shape.values { found.append(EventScope.AllowedValues(path, values)) }
    guard path.steps.count < Self.depthMax else { return }
    for field in shape.fields ?? [] {
      collect(shapes[field.shape], Path(.record, path.steps + [.member(field.name)]), into: &found)
    }
  }
}

/// Types of expressions for what a contract declares.
private struct DeclaredTypes {
  private let declarations: Declarations
  private var known: [Int: CELType] = [:]

  init(_ declarations: Declarations) { self.declarations = declarations }

  /// A record is an object, whether or not its schema says so.
  var record: CELType {
    mutating get { object(declarations.root) }
  }

  mutating func type(of index: Int) -> CELType {
    if let known = known[index] { return known }
    // Where a shape holds itself, anything may be inside.
    known[index] = .dyn
    let type = made(declarations.shapes[index])
    known[index] = type
    return type
  }

  private mutating func made(_ shape: Declarations.Shape) -> CELType {
    let kinds = shape.kinds.subtracting([.null])
    guard kinds.count == 1, let kind = kinds.first else { return .dyn }
    let isNullable = shape.kinds.contains(.null)
    switch kind {
    case .boolean: return isNullable ? .nullable(.bool) : .bool
    case .integer: return isNullable ? .nullable(.int) : .int
    case .string: return isNullable ? .nullable(.string) : .string
    case .array:
      guard let element = shape.element, !isNullable else { return .dyn }
      return .list(type(of: element))
    case .object: return isNullable ? .dyn : object(shape)
    // A number may be written whole, and is an int then.
    case .number, .null: return .dyn
    }
  }

  private mutating func object(_ shape: Declarations.Shape) -> CELType {
    guard let fields = shape.fields else { return .dyn }
    var made: [ObjectType.Field] = []
    for field in fields { made.append(ObjectType.Field(field.name, type(of: field.shape))) }
    return .object(ObjectType("the contract", made, isOpen: !shape.isClosed || !shape.patterns.isEmpty))
  }
}
