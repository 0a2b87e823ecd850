import Records

/// Keywords that apply schemas to the same value.
extension ContractValidator {
  func schema(_ list: Int32, _ place: Int32) -> Int {
    Int(tables.lists.base[Int(tables.ranges.base[Int(list)].first + place)])
  }

  func count(_ list: Int32) -> Int32 { tables.ranges.base[Int(list)].count }

  /// Tries a schema without a word; what it evaluated counts only when it holds.
  func probe(_ schema: Int, _ look: Look, keepsEvaluated: Bool = true) -> Bool {
    let wasCollecting = isCollecting
    isCollecting = false
    defer { isCollecting = wasCollecting }
    if look.frame.isNone { return check(schema, look.index, .none) }
    let own = frames.push(words: look.frame.words)
    let holds = check(schema, look.index, own)
    if holds, keepsEvaluated { frames.merge(own, into: look.frame) }
    frames.pop(own)
    return holds
  }

  func checkAll(_ rule: Rule, _ look: Look) -> Bool {
    var holds = true
    for place in 0..<count(rule.a) where !check(schema(rule.a, place), look.index, look.frame) {
      holds = false
      if !wantsMore { break }
    }
    return holds
  }

  /// All are tried where somebody asks what they evaluated.
  func checkAny(_ rule: Rule, _ look: Look) -> Bool {
    var holds = false
    for place in 0..<count(rule.a) where probe(schema(rule.a, place), look) {
      holds = true
      if look.frame.isNone { break }
    }
    return holds || failAny(rule, look, "anyOf")
  }

  func checkOne(_ rule: Rule, _ look: Look) -> Bool {
    var matched: Int32 = -1
    for place in 0..<count(rule.a) where probe(schema(rule.a, place), look) {
      if matched >= 0 {
        return fail(
          look, "oneOf", "the value fits alternatives \(matched + 1) and \(place + 1); it must fit exactly one")
      }
      matched = place
    }
    return matched >= 0 || failAny(rule, look, "oneOf")
  }

  func checkNot(_ rule: Rule, _ look: Look) -> Bool {
    !probe(Int(rule.a), look, keepsEvaluated: false)
      || fail(look, "not", "the value is of a kind that is ruled out")
  }

  func checkConditional(_ rule: Rule, _ look: Look) -> Bool {
    let next = schema(rule.a, probe(schema(rule.a, 0), look) ? 1 : 2)
    return next < 0 || check(next, look.index, look.frame)
  }

  /// The outermost schema with the reference's name.
  func dynamicTarget(_ reference: Int) -> Int {
    let reference = tables.dynamicReferences.base[reference]
    for place in 0..<scope.count {
      for index in 0..<tables.dynamicAnchors.count {
        let anchor = tables.dynamicAnchors.base[index]
        if anchor.anchor == reference.anchor, anchor.resource == scope.base[place] { return Int(anchor.schema) }
      }
    }
    return Int(reference.schema)
  }

  /// Says why the nearest alternative does not fit: the one that fails deepest in the value.
  private func failAny(_ rule: Rule, _ look: Look, _ keyword: String) -> Bool {
    guard isCollecting else { return false }
    var nearest: Violation?
    for place in 0..<count(rule.a) {
      guard let first = firstViolation(of: schema(rule.a, place), look) else { continue }
      if nearest.map({ $0.instancePath.utf8.count < first.instancePath.utf8.count }) ?? true { nearest = first }
    }
    let reason = nearest.map { ": \($0.instancePath.isEmpty ? "" : "\($0.instancePath): ")\($0.message)" } ?? ""
    return fail(look, keyword, "the value fits none of \(count(rule.a)) alternatives; the nearest fails\(reason)")
  }

  private func firstViolation(of schema: Int, _ look: Look) -> Violation? {
    let kept = (violations, violationsLimit)
    (violations, violationsLimit) = ([], 1)
    defer { (violations, violationsLimit) = kept }
    let own = look.frame.isNone ? Frame.none : frames.push(words: look.frame.words)
    _ = check(schema, look.index, own)
    if !own.isNone { frames.pop(own) }
    return violations.first
  }
}
