import Records

/// What is said of a value that breaks the contract.
extension ContractValidator {
  /// The most of a value that a message shows, in characters.
  static let shownMax = 60

  /// Always false, so that a check can end with it. The message is only made where violations are collected.
  func fail(_ look: Look, _ keyword: String, _ message: @autoclosure () -> String) -> Bool {
    if wantsMore { report(look.schema, keyword, look.index, message()) }
    return false
  }

  func fail(_ look: Look, _ rule: Rule, _ message: @autoclosure () -> String) -> Bool {
    fail(look, "\(rule.kind)", message())
  }

  func report(_ schema: Int, _ keyword: String, _ index: Int, _ message: String) {
    guard isCollecting, violations.count < violationsLimit else { return }
    violations.append(
      Violation(
        instancePath: pointer(to: index < 0 ? nameOwner : index), schemaPath: "\(code.places[schema])/\(keyword)",
        keyword: keyword, message: message))
  }

  func failType(_ types: TypeSet, _ look: Look) -> Bool {
    fail(look, "type", "\(shown(look.index)) is \(kind(look.index).phrase), and must be \(Self.phrase(types))")
  }

  private static func phrase(_ types: TypeSet) -> String {
    TypeSet.named.filter { types.overlaps($0.type) }.map { phrase($0.name) }.joined(separator: " or ")
  }

  private static func phrase(_ type: String) -> String {
    switch type {
    case "null": "null"
    case "integer", "array", "object": "an \(type)"
    default: "a \(type)"
    }
  }

  func failBound(_ rule: Rule, _ look: Look) -> Bool {
    let demand =
      switch rule.kind {
      case .minimum: "at least"
      case .maximum: "at most"
      case .exclusiveMinimum: "greater than"
      default: "less than"
      }
    return fail(look, rule, "\(shown(look.index)) must be \(demand) \(code.numbers[Int(rule.a)])")
  }

  func failLength(_ rule: Rule, _ look: Look, _ limit: Int) -> Bool {
    let length = Self.length(plainText(at: look.index))
    let demand = rule.kind == .minLength ? "at least" : "at most"
    return fail(look, rule, "the text has \(length) characters, and must have \(demand) \(limit)")
  }

  func failCount(_ rule: Rule, _ look: Look, _ count: Int, _ limit: Int) -> Bool {
    let isMinimum = rule.kind == .minItems || rule.kind == .minProperties
    let what = kind(look.index) == .object ? "object has \(count) members" : "array has \(count) elements"
    return fail(look, rule, "the \(what), and must have \(isMinimum ? "at least" : "at most") \(limit)")
  }

  func failConstants(_ rule: Rule, _ look: Look) -> Bool {
    guard wantsMore else { return false }
    let texts = (0..<count(rule.a)).map { code.constantTexts[schema(rule.a, $0)] }
    let known = rule.kind == .const ? texts.joined() : "one of \(texts.joined(separator: ", "))"
    return fail(look, rule, "\(shown(look.index)) must be \(Self.clipped(known, to: 4 * Self.shownMax))")
  }

  func failInner(_ child: Int, _ look: Look, _ keyword: String) -> Bool {
    guard wantsMore else { return false }
    let isObject = kind(look.index) == .object
    let what = isObject ? "the field \(Self.clipped(lastToken(child)))" : "the element \(lastToken(child))"
    let why = keyword.hasPrefix("additional") || keyword.hasPrefix("unevaluated") ? "is not declared" : "is not allowed"
    report(look.schema, keyword, child, "\(what) \(why): \(keyword) is false")
    return false
  }

  /// One violation for each name that is missing.
  func failRequired(_ plan: MemberPlan, _ look: Look) -> Bool {
    guard wantsMore else { return false }
    for place in 0...Int(plan.slotMask) {
      let slot = tables.slots[Int(plan.firstSlot) + place]
      guard slot.isRequired, !has(slot.name, look.index) else { continue }
      report(look.schema, "required", look.index, "the field \(text(ofName: slot.name)) is missing")
    }
    return false
  }

  func failName(_ schema: Int, _ look: Look) -> Bool {
    guard wantsMore else { return false }
    let shown = Self.clipped(String(decoding: name, as: UTF8.self))
    let kept = violations
    violations = []
    _ = check(schema, -1, .none)
    let reason = violations.first?.message ?? "it is ruled out"
    violations = kept
    return fail(look, "propertyNames", "the name \(shown) is not allowed: \(reason)")
  }
}

/// Values and places in words.
extension ContractValidator {
  func kind(_ index: Int) -> Node.Kind { index < 0 ? .string : nodes[index].kind }

  /// A value as JSON, cut where it is long.
  func shown(_ index: Int) -> String {
    guard isCollecting, let batch else { return "" }
    if index < 0 { return Self.clipped(Value.string(String(decoding: name, as: UTF8.self)).json) }
    return Self.clipped(batch.json(at: index))
  }

  static func clipped(_ text: String, to limit: Int = shownMax) -> String {
    text.unicodeScalars.count <= limit
      ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) + "…"
  }

  func text(ofName name: Int32) -> String { String(decoding: code.names.all[Int(name)], as: UTF8.self) }

  /// The place of an element in its array.
  func position(_ element: Int) -> String { lastToken(element) }

  private func lastToken(_ index: Int) -> String { path(to: index).last ?? "" }

  /// The JSON pointer to a node of the value in hand.
  func pointer(to index: Int) -> String { batch?.pointer(to: index, from: root) ?? "" }

  private func path(to index: Int) -> [String] { batch?.path(to: index, from: root) ?? [] }
}
