import Records

extension String: SettingValue {
  package static var shape: SettingShape { .text() }
  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> String? {
    loader.text(node, noun: "text")
  }
  package var written: Value { .string(self) }
  package var isEmptyText: Bool { isEmpty }
}

extension Bool: SettingValue {
  package static var shape: SettingShape { .flag }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Bool? {
    if case .bool(let flag) = node.core { return flag }
    guard let scalar = node.scalar, let meant = scalar.booleanWord else {
      return loader.mismatch(node, expected: shape.noun)
    }
    loader.error("config.boolean_word", node, "`\(scalar.text)` is text in YAML 1.2", hint: "write \(meant)")
    return nil
  }

  package var written: Value { .bool(self) }
}

extension Int: SettingValue {
  package static var shape: SettingShape { .integer }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Int? {
    switch node.core {
    case .int(let number): return Int(number)
    case .number(let text) where !text.contains(where: { $0 == "." || $0 == "e" }):
      loader.error("config.out_of_range", node, "`\(text)` is beyond 64 bits")
      return nil
    case .text where node.scalar.flatMap { Int($0.text) } != nil:
      return loader.mismatch(node, expected: shape.noun, hint: "remove the quotes")
    default: return loader.mismatch(node, expected: shape.noun)
    }
  }

  package var written: Value { .int(Int64(self)) }
  package var magnitude: Int? { self }
}

extension Double: SettingValue {
  package static var shape: SettingShape { .number }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Double? {
    switch node.core {
    case .int(let number): return Double(number)
    case .number(let text):
      if let number = Double(text), number.isFinite { return number }
      loader.error("config.out_of_range", node, "`\(text)` is beyond what a number can hold")
      return nil
    default: return loader.mismatch(node, expected: shape.noun)
    }
  }

  package var written: Value {
    if let whole = Int64(exactly: self) { return .int(whole) }
    return .number(description)
  }
}

/// A setting that is one of a few words: `enum Format: String, SettingChoice { case ndjson, json, csv }`.
package protocol SettingChoice: SettingValue, CaseIterable, RawRepresentable where RawValue == String {}

extension SettingChoice {
  package static var words: [String] { allCases.map(\.rawValue) }
  package static var shape: SettingShape { .choice(words) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> Self? {
    // A word may be `null`, which YAML takes for nothing.
    if let choice = node.scalar.flatMap({ Self(rawValue: $0.text) }) { return choice }
    guard let scalar = node.scalar, node.core != .null else { return loader.mismatch(node, expected: shape.noun) }
    loader.error(
      "config.unknown_value", node, "unknown value `\(scalar.text)`",
      hint: Suggestion.hint(for: scalar.text, among: words, noun: "one of"))
    return nil
  }

  package var written: Value { .string(rawValue) }
}
