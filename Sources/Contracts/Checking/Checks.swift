import Records

/// The step from a schema to its rules.
extension ContractValidator {
  typealias Frame = EvaluatedFrames.Frame

  /// A schema, the value that it looks at, and who asks what was evaluated.
  struct Look: BitwiseCopyable {
    var schema: Int
    /// A node; -1 for a member's name.
    var index: Int
    var frame: Frame
  }

  func check(_ schema: Int, _ index: Int, _ frame: Frame) -> Bool {
    let shape = tables.shapes.base[schema]
    if shape.isTrue { return true }
    guard enter(shape) else { return false }
    let node = index < 0 ? Node(.string) : nodes[index]
    let type = Self.type(of: node)
    let holds =
      accepts(shape, type, node)
      ? follow(shape, type, Look(schema: schema, index: index, frame: frame))
      : failType(shape, Look(schema: schema, index: index, frame: frame))
    leave(shape)
    return holds
  }

  @inline(__always)
  private func enter(_ shape: Shape) -> Bool {
    guard limitHit == nil else { return false }
    depth += 1
    checks += 1
    if depth > Self.depthMax || checks > Self.checksMax {
      depth -= 1
      limitHit =
        depth == Self.depthMax
        ? "more than \(Self.depthMax) schemas apply within each other"
        : "more than \(Self.checksMax) checks for one value"
      return false
    }
    if tables.dynamicReferences.count > 0 { scope.append(shape.resource) }
    return true
  }

  @inline(__always)
  private func leave(_ shape: Shape) {
    depth -= 1
    if tables.dynamicReferences.count > 0 { scope.setCount(scope.count - 1) }
  }

  static func type(of node: Node) -> TypeSet {
    switch node.kind {
    case .absent, .null, .keyText: .null
    case .true, .false: .boolean
    case .integer, .number: .number
    case .string: .string
    case .array: .array
    case .object: .object
    }
  }

  @inline(__always)
  private func accepts(_ shape: Shape, _ type: TypeSet, _ node: Node) -> Bool {
    if shape.types.overlaps(type) { return true }
    guard type == .number, shape.types.overlaps(.integer) else { return false }
    return node.kind == .integer || numberView(node)?.isIntegral == true
  }

  private func follow(_ shape: Shape, _ type: TypeSet, _ look: Look) -> Bool {
    let isContainer = type == .object || type == .array
    if isContainer { prepare(look.index, type) }
    guard shape.usesEvaluated, isContainer else { return follow(shape.firstRule, shape.endRule, type, look) }
    let own = frames.push(count: childCount(look.index))
    let holds = follow(
      shape.firstRule, shape.endRule, type, Look(schema: look.schema, index: look.index, frame: own))
    if holds { frames.merge(own, into: look.frame) }
    frames.pop(own)
    return holds
  }

  private func follow(_ first: Int32, _ end: Int32, _ type: TypeSet, _ look: Look) -> Bool {
    var holds = true
    for place in Int(first)..<Int(end) {
      let rule = tables.rules.base[place]
      guard rule.types.overlaps(type), !run(rule, look) else { continue }
      holds = false
      if !wantsMore { break }
    }
    return holds
  }

  /// Whether a failed check goes on to find more.
  var wantsMore: Bool { isCollecting && violations.count < violationsLimit && limitHit == nil }

  private func run(_ rule: Rule, _ look: Look) -> Bool {
    switch rule.kind {
    case .never: fail(look, "false", "no value is allowed here")
    case .const, .enum: checkConstants(rule, look)
    case .minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum: checkBound(rule, look)
    case .multipleOf: checkMultiple(rule, look)
    case .minLength, .maxLength: checkLength(rule, look)
    case .pattern, .format: checkText(rule, look)
    case .minItems, .maxItems, .minProperties, .maxProperties: checkCount(rule, look)
    case .uniqueItems: checkUnique(look)
    case .elements: checkElements(tables.elementPlans.base[Int(rule.a)], look)
    case .contains: checkContains(tables.containsPlans.base[Int(rule.a)], look)
    case .members: checkMembers(tables.memberPlans.base[Int(rule.a)], look)
    case .propertyNames: checkNames(Int(rule.a), look)
    case .dependentRequired, .dependentSchema: checkDependent(rule, look)
    case .ref: check(Int(rule.a), look.index, look.frame)
    case .dynamicRef: check(dynamicTarget(Int(rule.a)), look.index, look.frame)
    case .allOf: checkAll(rule, look)
    case .anyOf: checkAny(rule, look)
    case .oneOf: checkOne(rule, look)
    case .not:
      !probe(Int(rule.a), look, keepsEvaluated: false) || fail(look, "not", "the value is of a kind that is ruled out")
    case .conditional: checkConditional(rule, look)
    case .unevaluatedItems, .unevaluatedProperties: checkUnevaluated(rule, look)
    }
  }
}
