import Records

/// The applicator and unevaluated vocabularies.
extension ContractCompiler {
  mutating func compileApplicators(_ schema: SchemaReading) {
    if schema["propertyNames"] != nil { add(.propertyNames, for: .object, child(schema, "propertyNames")) }
    compileElements(schema)
    compileContains(schema)
    compileLists(schema)
    if schema["not"] != nil { add(.not, for: .all, childInPlace(schema, "not")) }
    compileConditional(schema)
    compileDependentSchemas(schema)
  }

  mutating func compileUnevaluated(_ schema: SchemaReading, _ shape: inout Shape) {
    let keywords: [(String, Rule.Kind, TypeSet)] = [
      ("unevaluatedItems", .unevaluatedItems, .array), ("unevaluatedProperties", .unevaluatedProperties, .object),
    ]
    for (keyword, kind, types) in keywords where schema[keyword] != nil {
      add(kind, for: types, child(schema, keyword))
      shape.usesEvaluated = true
    }
  }

  private mutating func compileLists(_ schema: SchemaReading) {
    for (keyword, kind) in [("allOf", Rule.Kind.allOf), ("anyOf", .anyOf), ("oneOf", .oneOf)] {
      guard let count = listCount(schema, keyword) else { continue }
      let schemas = (0..<count).map { childInPlace(schema, keyword, "\($0)") }
      add(kind, for: .all, list(schemas))
    }
  }

  /// nil where the keyword is not there or is no list of schemas.
  private mutating func listCount(_ schema: SchemaReading, _ keyword: String) -> Int? {
    guard let value = schema[keyword] else { return nil }
    guard let items = value.array, !items.isEmpty else {
      invalid(schema, keyword, "\(keyword) is a list of at least one schema")
      return nil
    }
    return items.count
  }

  private mutating func compileConditional(_ schema: SchemaReading) {
    guard schema["if"] != nil else { return }
    let condition = childInPlace(schema, "if")
    let then = schema["then"] == nil ? -1 : childInPlace(schema, "then")
    let otherwise = schema["else"] == nil ? -1 : childInPlace(schema, "else")
    add(.conditional, for: .all, list([condition, then, otherwise]))
  }

  private mutating func compileDependentSchemas(_ schema: SchemaReading) {
    for member in members(schema, "dependentSchemas") {
      add(.dependentSchema, for: .object, name(member.name), childInPlace(schema, "dependentSchemas", member.name))
    }
  }

  /// The members of a keyword's object; none where it is not there or is something else.
  private mutating func members(_ schema: SchemaReading, _ keyword: String) -> [Value.Member] {
    guard schema.dialect.applicator, let value = schema[keyword] else { return [] }
    guard case .object(let members) = value else {
      invalid(schema, keyword, "\(keyword) is an object of schemas")
      return []
    }
    return members
  }
}

// Arrays.
extension ContractCompiler {
  private mutating func compileElements(_ schema: SchemaReading) {
    var plan = ElementPlan()
    if let count = listCount(schema, "prefixItems") {
      let schemas = (0..<count).map { child(schema, "prefixItems", "\($0)") }
      plan.firstPrefix = Int32(code.lists.count)
      plan.prefixCount = Int32(count)
      code.lists.append(contentsOf: schemas.map(Int32.init))
    }
    if schema["items"] != nil { plan.rest = Int32(child(schema, "items")) }
    guard plan.prefixCount > 0 || plan.rest >= 0 else { return }
    code.elementPlans.append(plan)
    add(.elements, for: .array, code.elementPlans.count - 1)
  }

  private mutating func compileContains(_ schema: SchemaReading) {
    guard schema["contains"] != nil else { return }
    var plan = ContainsPlan(schema: Int32(child(schema, "contains")), minimum: 1, maximum: .max)
    if schema.dialect.validation {
      plan.minimum = count(schema, "minContains").map(Int32.init) ?? 1
      plan.maximum = count(schema, "maxContains").map(Int32.init) ?? .max
    }
    code.containsPlans.append(plan)
    add(.contains, for: .array, code.containsPlans.count - 1)
  }
}

// Objects.
extension ContractCompiler {
  /// Of two vocabularies, because one walk over an object serves them all.
  mutating func compileMembers(_ schema: SchemaReading) {
    var known: [Int: MemberPlan.Slot] = [:]
    for member in members(schema, "properties") {
      let name = name(member.name)
      known[name] = MemberPlan.Slot(name: Int32(name), schema: Int32(child(schema, "properties", member.name)))
    }
    addRequired(schema, to: &known)
    var plan = MemberPlan()
    plan.requiredCount = Int32(known.values.count(where: \.isRequired))
    plan.firstPattern = Int32(code.namePatterns.count)
    for member in members(schema, "patternProperties") {
      let place = "\(text(schema, "patternProperties"))/\(JSONPointer.escaped(member.name))"
      guard let pattern = pattern(member.name, at: place) else { continue }
      let schema = child(schema, "patternProperties", member.name)
      code.namePatterns.append(MemberPlan.NamePattern(pattern: Int32(pattern), schema: Int32(schema)))
    }
    plan.endPattern = Int32(code.namePatterns.count)
    if schema.dialect.applicator, schema["additionalProperties"] != nil {
      plan.additional = Int32(child(schema, "additionalProperties"))
    }
    guard !known.isEmpty || plan.endPattern > plan.firstPattern || plan.additional >= 0 else { return }
    place(known, in: &plan)
    code.memberPlans.append(plan)
    add(.members, for: .object, code.memberPlans.count - 1)
  }

  private mutating func addRequired(_ schema: SchemaReading, to known: inout [Int: MemberPlan.Slot]) {
    guard schema.dialect.validation, let value = schema["required"] else { return }
    guard let names = names(value) else { return invalid(schema, "required", "required is a list of names") }
    for text in names {
      let name = name(text)
      known[name, default: MemberPlan.Slot(name: Int32(name))].isRequired = true
    }
  }

  private mutating func place(_ known: [Int: MemberPlan.Slot], in plan: inout MemberPlan) {
    var size = 1
    while size < known.count * 2 + 1 { size *= 2 }
    plan.firstSlot = Int32(code.slots.count)
    plan.slotMask = Int32(size - 1)
    code.slots.append(contentsOf: repeatElement(MemberPlan.Slot(), count: size))
    for slot in known.values.sorted(by: { $0.name < $1.name }) {
      var index = MemberPlan.hash(slot.name) & plan.slotMask
      while code.slots[Int(plan.firstSlot + index)].name >= 0 { index = (index + 1) & plan.slotMask }
      code.slots[Int(plan.firstSlot + index)] = slot
    }
  }
}
