/// Says why a call fits no overload of its function, and how to mend it.
struct OverloadReport {
  let function: Function
  let isMethod: Bool
  let types: [CELType]

  func problem(for operands: [Expr], in source: SourceText, at offset: Int) -> CompileProblem {
    CompileProblem(.noMatchingOverload, message, hint: hint(operands.map { source.text(in: $0.range) }), at: offset)
  }

  var message: String {
    let words = types.map(\.word)
    if let symbol = Self.symbol(of: function.name) {
      return words.count == 1
        ? "\(symbol)\(words[0]) is not defined" : "\(words.joined(separator: " \(symbol) ")) is not defined"
    }
    if function.name == "_[_]" || function.name == "_[?_]" { return "\(words[0])[\(words[1])] is not defined" }
    if function.name == "_?_:_" { return conditionMessage(words) }
    let call = isMethod && !words.isEmpty ? "\(words[0])." : ""
    return "\(call)\(function.name)(\(words.dropFirst(isMethod ? 1 : 0).joined(separator: ", "))) is not defined"
  }

  private func conditionMessage(_ words: [String]) -> String {
    words[0] == "bool" || words[0] == "dyn"
      ? "the branches of `?` have different types, \(words[1]) and \(words[2])"
      : "the condition before `?` is \(words[0]), and not bool"
  }

  /// What to write instead.
  func hint(_ texts: [String]) -> String? {
    if function.name == "_?_:_" { return types.contains(.null) ? "write dyn(null) for null" : nil }
    guard let symbol = Self.symbol(of: function.name), types.count == 2 else { return overloadHint(texts) }
    if types.contains(.null) {
      let empty = types.contains(.string) ? "''" : "0"
      return "null has no \(symbol): write coalesce(…, \(empty)), or test with == null first"
    }
    if let numbers = numberHint(symbol, texts) { return numbers }
    if let time = timeHint(symbol, texts) { return time }
    if symbol == "+", types.contains(.string), let other = types.first(where: { $0 != .string }), other != .string {
      return "write " + zip(texts, types).map { $1 == .string ? $0 : "string(\($0))" }.joined(separator: " + ")
    }
    return nil
  }

  /// `double(record.qty) * record.price`
  private func numberHint(_ symbol: String, _ texts: [String]) -> String? {
    guard let target = Self.commonNumber(types[0], types[1]) else { return nil }
    let converted = zip(texts, types).map { text, type in type == target ? text : Self.number(text, as: target) }
    return "write \(converted[0]) \(symbol) \(converted[1])"
  }

  /// `2.0`, `double(record.qty)`
  private static func number(_ text: String, as type: CELType) -> String {
    let isLiteral = !text.isEmpty && text.utf8.allSatisfy(isDigit)
    return type == .double && isLiteral ? "\(text).0" : "\(type.name)(\(text))"
  }

  /// `record.created_at > timestamp('2026-01-01T00:00:00Z')`
  private func timeHint(_ symbol: String, _ texts: [String]) -> String? {
    guard let target = types.first(where: { [.timestamp, .duration, .date].contains($0) }), types.contains(.string)
    else {
      return nil
    }
    let converted = zip(texts, types).map { text, type in type == .string ? "\(target.word)(\(text))" : text }
    return "write \(converted[0]) \(symbol) \(converted[1])"
  }

  private static func commonNumber(_ a: CELType, _ b: CELType) -> CELType? {
    let order: [CELType] = [.uint, .int, .double, .decimal]
    guard let x = order.firstIndex(of: a), let y = order.firstIndex(of: b), x != y else { return nil }
    return order[max(x, y)]
  }

  /// The forms that the function has.
  private func overloadHint(_ texts: [String]) -> String? {
    guard Self.symbol(of: function.name) == nil, !function.name.hasPrefix("_") else { return nil }
    if let null = types.firstIndex(of: .null), null < texts.count {
      return "\(texts[null]) is null: write coalesce(\(texts[null]), …), or test with == null first"
    }
    if !isMethod, types.count > 0, function.overloads.allSatisfy(\.isMethod) {
      return "call it on the value: \(texts[0]).\(function.name)(\(texts.dropFirst().joined(separator: ", ")))"
    }
    let forms = function.overloads.prefix(4).map { $0.signature(of: function.name) }
    return "there is " + forms.joined(separator: ", ")
  }

  /// The sign of an operator.
  static func symbol(of name: String) -> String? {
    if name == "@in" { return "in" }
    guard name.hasPrefix("_"), name.hasSuffix("_"), name.utf8.count > 2, !name.contains("?"), !name.contains("[") else {
      return name == "!_" || name == "-_" ? String(name.prefix(1)) : nil
    }
    return String(name.dropFirst().dropLast())
  }
}
