import Records

/// Arrays, and counts of both kinds of containers.
extension ContractValidator {
  /// The elements of an array, or the members of an object with all that are repeated.
  func childCount(_ index: Int) -> Int {
    let end = Int(nodes[index].next)
    var child = index + 1
    var count = 0
    while child < end {
      if case .keyText = nodes[child].kind { child += 1 }
      child = Int(nodes[child].next)
      count += 1
    }
    return count
  }

  func checkCount(_ rule: Rule, _ look: Look) -> Bool {
    let limit = tables.counts.base[Int(rule.a)]
    var count = childCount(look.index)
    if nodes[look.index].kind == .object, !shadowed.isEmpty { count -= shadowedCount(look.index) }
    let isMinimum = rule.kind == .minItems || rule.kind == .minProperties
    return (isMinimum ? count >= limit : count <= limit) || failCount(rule, look, count, limit)
  }

  func checkElements(_ plan: ElementPlan, _ look: Look) -> Bool {
    let end = Int(nodes[look.index].next)
    var child = look.index + 1
    var place = 0
    var holds = true
    while child < end {
      let isPrefix = place < Int(plan.prefixCount)
      let schema = isPrefix ? Int(tables.lists.base[Int(plan.firstPrefix) + place]) : Int(plan.rest)
      if schema < 0 { break }
      frames.mark(place, in: look.frame)
      if !checkInner(schema, child, look, isPrefix ? "prefixItems" : "items") {
        holds = false
        if !wantsMore { break }
      }
      child = Int(nodes[child].next)
      place += 1
    }
    return holds
  }

  func checkContains(_ plan: ContainsPlan, _ look: Look) -> Bool {
    let end = Int(nodes[look.index].next)
    // Without an upper limit, and when nobody asks which elements fit, the first few decide.
    let isEnough = plan.maximum == .max && look.frame.isNone
    var child = look.index + 1
    var place = 0
    var count: Int32 = 0
    while child < end, !(isEnough && count >= plan.minimum) {
      if probe(Int(plan.schema), Look(schema: look.schema, index: child, frame: .none)) {
        frames.mark(place, in: look.frame)
        count += 1
      }
      child = Int(nodes[child].next)
      place += 1
    }
    if count < plan.minimum {
      return fail(
        look, plan.minimum == 1 ? "contains" : "minContains",
        "\(count) elements fit the schema of contains; at least \(plan.minimum) must")
    }
    return count <= plan.maximum
      || fail(look, "maxContains", "\(count) elements fit the schema of contains; at most \(plan.maximum) may")
  }

  func checkUnique(_ look: Look) -> Bool {
    let end = Int(nodes[look.index].next)
    let count = childCount(look.index)
    guard count > 1 else { return true }
    set.reset(count: count)
    var child = look.index + 1
    while child < end {
      let start = set.bytes.count
      appendForm(child, to: &set.bytes)
      if let same = set.insert(from: start, node: child) {
        return fail(look, "uniqueItems", "the elements \(position(same)) and \(position(child)) are equal")
      }
      child = Int(nodes[child].next)
    }
    return true
  }

  /// Checks a member or an element. What the schema `false` rules out is told by the keyword that holds it.
  func checkInner(_ schema: Int, _ child: Int, _ look: Look, _ keyword: StaticString) -> Bool {
    guard tables.shapes.base[schema].isFalse else { return check(schema, child, .none) }
    return failInner(child, look, "\(keyword)")
  }

  func checkUnevaluated(_ rule: Rule, _ look: Look) -> Bool {
    let isObject = rule.kind == .unevaluatedProperties
    var holds = true
    var children = MemberCursor(look.index, nodes)
    while children.next(nodes) {
      if frames.isMarked(children.place, in: look.frame) { continue }
      if isObject, isShadowed(children.value) { continue }
      frames.mark(children.place, in: look.frame)
      let keyword: StaticString = isObject ? "unevaluatedProperties" : "unevaluatedItems"
      if !checkInner(Int(rule.a), children.value, look, keyword) {
        holds = false
        if !wantsMore { break }
      }
    }
    return holds
  }
}
