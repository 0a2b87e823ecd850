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
    let shape = tables.shapes.base + schema
    if shape.pointee.isTrue { return true }
    guard enter(shape.pointee.resource) else { return false }
    let type = index < 0 ? TypeSet.string : TypeSet(of: nodes[index].kind)
    let look = Look(schema: schema, index: index, frame: frame)
    let holds: Bool
    if !shape.pointee.types.overlaps(type), !isIntegral(index, type, for: shape.pointee.types) {
      holds = failType(shape.pointee.types, look)
    } else if type.overlaps(.containers) {
      holds = followContainer(shape, type, look)
    } else {
      holds = follow(shape, type, look)
    }
    leave()
    return holds
  }

  @inline(__always)
  private func enter(_ resource: Int32) -> Bool {
    guard depth < Self.depthMax, checksLeft > 0 else { return hitLimit() }
    depth &+= 1
    checksLeft &-= 1
    if usesScope { scope.append(resource) }
    return true
  }

  @inline(__always)
  private func leave() {
    depth &-= 1
    if usesScope { scope.setCount(scope.count - 1) }
  }

  /// From here on, nothing more is checked.
  @inline(never)
  private func hitLimit() -> Bool {
    if limitHit == nil {
      limitHit =
        checksLeft > 0
        ? "more than \(Self.depthMax) schemas apply within each other; a reference may lead in circles"
        : "the value takes more than \(Self.checksMax) checks; the schema's alternatives multiply each other"
    }
    checksLeft = 0
    return false
  }

  /// Whether a number written with a point or an exponent is an integer, where one is wanted.
  private func isIntegral(_ index: Int, _ type: TypeSet, for types: TypeSet) -> Bool {
    guard type.overlaps(.number), types.overlaps(.integer) else { return false }
    return numberView(nodes[index])?.isIntegral == true
  }

  private func followContainer(_ shape: UnsafeMutablePointer<Shape>, _ type: TypeSet, _ look: Look) -> Bool {
    prepare(look.index)
    guard shape.pointee.usesEvaluated else { return follow(shape, type, look) }
    let own = frames.push(count: childCount(look.index))
    let holds = follow(shape, type, Look(schema: look.schema, index: look.index, frame: own))
    if holds { frames.merge(own, into: look.frame) }
    frames.pop(own)
    return holds
  }

  @inline(__always)
  private func follow(_ shape: UnsafeMutablePointer<Shape>, _ type: TypeSet, _ look: Look) -> Bool {
    var holds = true
    var rule = tables.rules.base + Int(shape.pointee.firstRule)
    let end = tables.rules.base + Int(shape.pointee.endRule)
    while rule < end {
      if rule.pointee.types.overlaps(type), !run(rule.pointee, look) {
        holds = false
        if !wantsMore { break }
      }
      rule += 1
    }
    return holds
  }

  /// Whether a failed check goes on to find more.
  var wantsMore: Bool { isCollecting && violations.count < violationsLimit && limitHit == nil }

  /// On its own, so that the loop around it stays small.
  @inline(never)
  private func run(_ rule: Rule, _ look: Look) -> Bool {
    switch rule.kind {
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
    case .not: checkNot(rule, look)
    case .conditional: checkConditional(rule, look)
    case .unevaluatedItems, .unevaluatedProperties: checkUnevaluated(rule, look)
    default: runAssertion(rule, look)
    }
  }

  /// Rules that apply no other schema, apart from those that do: these lie on the stack once a level.
  @inline(never)
  private func runAssertion(_ rule: Rule, _ look: Look) -> Bool {
    switch rule.kind {
    case .const, .enum: checkConstants(rule, look)
    case .minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum: checkBound(rule, look)
    case .multipleOf: checkMultiple(rule, look)
    case .minLength, .maxLength: checkLength(rule, look)
    case .pattern, .format: checkText(rule, look)
    case .minItems, .maxItems, .minProperties, .maxProperties: checkCount(rule, look)
    case .uniqueItems: checkUnique(look)
    default: fail(look, "false", "no value is allowed here")
    }
  }
}
