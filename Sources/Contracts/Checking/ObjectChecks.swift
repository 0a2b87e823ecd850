import Records

/// Goes over the members of an object or the elements of an array.
struct MemberCursor: BitwiseCopyable {
  private var following: Int
  private let end: Int
  /// The value's node.
  private(set) var value = 0
  /// The node with the name's text; -1 where the name has an id.
  private(set) var keyText = -1
  /// How many came before it.
  private(set) var place = -1

  @inline(__always)
  init(_ container: Int, _ nodes: UnsafeMutablePointer<Node>) {
    following = container + 1
    end = Int(nodes[container].next)
  }

  @inline(__always)
  mutating func next(_ nodes: UnsafeMutablePointer<Node>) -> Bool {
    guard following < end else { return false }
    keyText = -1
    value = following
    if case .keyText = nodes[value].kind {
      keyText = value
      value += 1
    }
    following = Int(nodes[value].next)
    place += 1
    return true
  }
}

/// Objects.
extension ContractValidator {
  /// Looks at a container before its rules do: text without nodes must be read, repeated names are noted.
  func prepare(_ index: Int) {
    if nodes[index].flags.rawValue & Node.Flags.textOnly.rawValue != 0 { needsReading = true }
    if case .object = nodes[index].kind { noteRepeated(index) }
  }

  private func noteRepeated(_ index: Int) {
    if seen.count < names.known { growSeen() }
    turn &+= 1
    let (seen, turn, known) = (self.seen.base, self.turn, names.known)
    let end = Int(nodes[index].next)
    var child = index + 1
    var isRepeated = false
    while child < end {
      let node = nodes + child
      if case .keyText = node.pointee.kind { return noteRepeatedTexts(index) }
      let key = Int(node.pointee.key)
      precondition(key < known, "a key id that its batch does not name")
      isRepeated = isRepeated || seen[key] == turn
      seen[key] = turn
      child = Int(node.pointee.next)
    }
    if isRepeated { noteRepeatedTexts(index) }
  }

  private func growSeen() {
    while seen.count < max(names.known, 64) { seen.append(0) }
  }

  /// The slow way, by text: for names without ids, and where a name is repeated.
  private func noteRepeatedTexts(_ index: Int) {
    set.reset(count: childCount(index))
    var members = MemberCursor(index, nodes)
    while members.next(nodes) {
      let start = set.bytes.count
      set.bytes.append(memberName(members))
      if let earlier = set.insert(from: start, node: members.value) { shadowed.insert(earlier) }
    }
  }

  @inline(__always)
  func isShadowed(_ value: Int) -> Bool { !shadowed.isEmpty && shadowed.contains(value) }

  func shadowedCount(_ index: Int) -> Int {
    var count = 0
    var members = MemberCursor(index, nodes)
    while members.next(nodes) { if isShadowed(members.value) { count += 1 } }
    return count
  }

  /// The name of a member, valid until the next look at a text.
  func memberName(_ member: MemberCursor) -> UnsafeRawBufferPointer {
    if member.keyText >= 0 { return plainText(nodes[member.keyText]) }
    return names.text(ofKey: nodes[member.value].key)
  }

  @inline(__always)
  private func number(of member: MemberCursor) -> Int32 {
    if member.keyText < 0 { return names.name(ofKey: nodes[member.value].key) }
    return names.name(ofText: plainText(nodes[member.keyText]))
  }

  func checkMembers(_ plan: MemberPlan, _ look: Look) -> Bool {
    var holds = true
    var required = plan.requiredCount
    var members = MemberCursor(look.index, nodes)
    while members.next(nodes) {
      if isShadowed(members.value) { continue }
      let slot = self.slot(of: number(of: members), in: plan)
      if slot.isRequired { required -= 1 }
      if !checkMember(members, slot, plan, look) {
        holds = false
        if !wantsMore { return false }
      }
    }
    return required == 0 ? holds : failRequired(plan, look)
  }

  @inline(__always)
  private func slot(of name: Int32, in plan: MemberPlan) -> MemberPlan.Slot {
    guard name >= 0 else { return MemberPlan.Slot() }
    let slots = tables.slots.base + Int(plan.firstSlot)
    var index = MemberPlan.hash(name) & plan.slotMask
    while slots[Int(index)].name != name {
      if slots[Int(index)].name < 0 { return MemberPlan.Slot() }
      index = (index + 1) & plan.slotMask
    }
    return slots[Int(index)]
  }

  @inline(__always)
  private func checkMember(_ member: MemberCursor, _ slot: MemberPlan.Slot, _ plan: MemberPlan, _ look: Look) -> Bool {
    var isKnown = false
    if slot.schema >= 0 {
      isKnown = true
      frames.mark(member.place, in: look.frame)
      guard checkInner(Int(slot.schema), member.value, look, "properties") else { return false }
    }
    for pattern in Int(plan.firstPattern)..<Int(plan.endPattern) where matches(pattern, member) {
      isKnown = true
      frames.mark(member.place, in: look.frame)
      let schema = Int(tables.namePatterns.base[pattern].schema)
      guard checkInner(schema, member.value, look, "patternProperties") else { return false }
    }
    guard !isKnown, plan.additional >= 0 else { return true }
    frames.mark(member.place, in: look.frame)
    return checkInner(Int(plan.additional), member.value, look, "additionalProperties")
  }

  private func matches(_ pattern: Int, _ member: MemberCursor) -> Bool {
    if member.keyText < 0 { return names.matches(pattern, key: nodes[member.value].key) }
    return names.matches(pattern, text: plainText(nodes[member.keyText]))
  }

  /// Whether an object has a member of that name.
  func has(_ name: Int32, _ index: Int) -> Bool {
    var members = MemberCursor(index, nodes)
    while members.next(nodes) { if number(of: members) == name { return true } }
    return false
  }

  func checkDependent(_ rule: Rule, _ look: Look) -> Bool {
    guard has(rule.a, look.index) else { return true }
    if rule.kind == .dependentSchema { return check(Int(rule.b), look.index, look.frame) }
    for place in 0..<count(rule.b) {
      let name = Int32(schema(rule.b, place))
      if !has(name, look.index) {
        return fail(look, rule, "with \(text(ofName: rule.a)) there must be \(text(ofName: name)), which is missing")
      }
    }
    return true
  }

  func checkNames(_ schema: Int, _ look: Look) -> Bool {
    var holds = true
    var members = MemberCursor(look.index, nodes)
    while members.next(nodes) {
      if checkName(schema, members, look) { continue }
      holds = false
      if !wantsMore { break }
    }
    return holds
  }

  /// The name is copied, because the texts that its schema looks at may take its place.
  private func checkName(_ schema: Int, _ member: MemberCursor, _ look: Look) -> Bool {
    nameText.removeAll()
    nameText.append(memberName(member))
    name = nameText.bytes
    nameOwner = look.index
    let wasCollecting = isCollecting
    isCollecting = false
    let holds = check(schema, -1, .none)
    isCollecting = wasCollecting
    return holds || failName(schema, look)
  }
}
