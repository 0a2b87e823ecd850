import Records

/// Numbers, texts and constants.
extension ContractValidator {
  /// The raw bytes of a node.
  @inline(__always)
  private func raw(_ node: Node) -> UnsafeRawBufferPointer {
    precondition(Int(node.offset) + Int(node.length) <= byteCount, "a node points outside of its batch")
    return UnsafeRawBufferPointer(start: bytes + Int(node.offset), count: Int(node.length))
  }

  /// A text without its escapes, valid until the next call.
  func plainText(_ node: Node) -> UnsafeRawBufferPointer {
    guard node.flags.rawValue & Node.Flags.escaped.rawValue != 0 else { return raw(node) }
    text.removeAll()
    JSONText.unescape(raw(node), into: &text)
    return text.bytes
  }

  /// The text of the value at an index, or the name that is being looked at.
  func plainText(at index: Int) -> UnsafeRawBufferPointer { index < 0 ? name : plainText(nodes[index]) }

  /// A number's digits, valid until the next call; nil where it is no JSON number (a database's NaN).
  func numberView(_ node: Node) -> NumberView? {
    guard node.flags.rawValue & Node.Flags.inline.rawValue != 0 else { return NumberView(raw(node)) }
    number.removeAll()
    NodeJSON.appendInteger(node.inlineInteger, to: &number)
    return NumberView(number.bytes)
  }

  func checkBound(_ rule: Rule, _ look: Look) -> Bool {
    guard let order = order(nodes[look.index], Int(rule.a)) else {
      return fail(look, rule, "the value is no finite number")
    }
    let holds =
      switch rule.kind {
      case .minimum: order >= 0
      case .maximum: order <= 0
      case .exclusiveMinimum: order > 0
      default: order < 0
      }
    return holds || failBound(rule, look)
  }

  /// How a value compares with a number of the contract; nil where it is no JSON number.
  private func order(_ node: Node, _ number: Int) -> Int? {
    let small = tables.integers.base[number]
    if small != Tables.noInteger, let value = integer(node) { return value == small ? 0 : value < small ? -1 : 1 }
    return numberView(node).map { NumberView.order($0, tables.numbers.base[number]) }
  }

  /// A short integer, at once; nil for any other number.
  @inline(__always)
  private func integer(_ node: Node) -> Int64? {
    guard case .integer = node.kind else { return nil }
    if node.flags.rawValue & Node.Flags.inline.rawValue != 0 { return node.inlineInteger }
    let text = raw(node)
    guard text.count <= 18 else { return nil }
    var value: Int64 = 0
    for byte in text {
      let digit = byte &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value &* 10 &+ Int64(digit)
    }
    return value
  }

  func checkMultiple(_ rule: Rule, _ look: Look) -> Bool {
    guard let value = numberView(nodes[look.index]) else { return fail(look, rule, "the value is no finite number") }
    return tables.divisors.base[Int(rule.a)].divides(value)
      || fail(look, rule, "\(shown(look.index)) is no multiple of \(code.numbers[Int(rule.b)])")
  }

  /// Lengths are in code points. A text has no more of them than bytes, and no fewer than a quarter, so most need no
  /// count.
  func checkLength(_ rule: Rule, _ look: Look) -> Bool {
    let limit = tables.counts.base[Int(rule.a)]
    let text = plainText(at: look.index)
    if rule.kind == .minLength {
      if text.count / 4 >= limit { return true }
      return text.count >= limit && Self.length(text) >= limit || failLength(rule, look, limit)
    }
    return text.count <= limit || Self.length(text) <= limit || failLength(rule, look, limit)
  }

  static func length(_ text: UnsafeRawBufferPointer) -> Int {
    var count = 0
    for byte in text where byte & 0xc0 != 0x80 { count += 1 }
    return count
  }

  func checkText(_ rule: Rule, _ look: Look) -> Bool {
    let text = plainText(at: look.index)
    if rule.kind == .format {
      let format = tables.formats.base[Int(rule.a)]
      return format.matches(text) || fail(look, rule, "\(shown(look.index)) is no \(format.rawValue)")
    }
    return patterns[Int(rule.a)].matches(text)
      || fail(look, rule, "\(shown(look.index)) does not match \(code.patternTexts[Int(rule.a)])")
  }

  func checkConstants(_ rule: Rule, _ look: Look) -> Bool {
    form.removeAll()
    appendForm(look.index, to: &form)
    let found = constants.find(form.bytes)
    if found >= 0 {
      for place in 0..<count(rule.a) where schema(rule.a, place) == Int(found) { return true }
    }
    return failConstants(rule, look)
  }
}

/// Canonical forms of nodes; see ``CanonicalForm``.
extension ContractValidator {
  func appendForm(_ index: Int, to out: inout ByteBuffer) {
    if index < 0 { return CanonicalForm.append(string: name, to: &out) }
    let node = nodes[index]
    switch node.kind {
    case .absent, .null, .keyText: CanonicalForm.append(tag: .null, to: &out)
    case .true: CanonicalForm.append(tag: .true, to: &out)
    case .false: CanonicalForm.append(tag: .false, to: &out)
    case .integer, .number:
      if let number = numberView(node) {
        CanonicalForm.append(number, to: &out)
      } else {
        CanonicalForm.append(string: raw(node), to: &out)
      }
    case .string: CanonicalForm.append(string: plainText(node), to: &out)
    case .array: appendArrayForm(index, to: &out)
    case .object: appendObjectForm(index, to: &out)
    }
  }

  private func appendArrayForm(_ index: Int, to out: inout ByteBuffer) {
    CanonicalForm.append(tag: .array, to: &out)
    CanonicalForm.append(count: childCount(index), to: &out)
    var child = index + 1
    while child < Int(nodes[index].next) {
      appendForm(child, to: &out)
      child = Int(nodes[child].next)
    }
  }

  private func appendObjectForm(_ index: Int, to out: inout ByteBuffer) {
    var forms: [[UInt8]: [UInt8]] = [:]
    var members = MemberCursor(index, nodes)
    while members.next(nodes) {
      var form = ByteBuffer()
      appendForm(members.value, to: &form)
      // The last member of a name wins.
      forms[Array(memberName(members))] = Array(form.bytes)
    }
    CanonicalForm.append(members: forms.map { ($0.key, $0.value) }, to: &out)
  }
}
