import Records

/// What may be written for a setting: the source of its schema, its documentation and its diagnostics.
package indirect enum SettingShape: Sendable, Equatable {
  /// A scalar that YAML reads as text. `pattern` is a regular expression of JSON Schema that all of them match.
  case text(_ noun: String = "text", pattern: String? = nil)
  case secret
  case flag
  case integer
  case number
  case choice([String])
  case list(SettingShape)
  case map(SettingShape)
  case group(SettingGroupShape)
  /// What any of these allows.
  case either([SettingShape])
  /// A JSON value.
  case anything
  /// What cannot be said by the others: how messages call it, and its schema.
  case custom(_ noun: String, schema: Value)

  /// How messages and documentation call it, with its article.
  package var noun: String {
    switch self {
    case .text(let noun, _), .custom(let noun, _): noun
    case .secret: "text (secret)"
    case .flag: "`true` or `false`"
    case .integer: "a whole number"
    case .number: "a number"
    case .choice(let words): "one of " + words.map { "`\($0)`" }.joined(separator: ", ")
    case .list(let item): "a list (each: \(item.noun))"
    case .map(let value): "a mapping of keys (each value: \(value.noun))"
    case .group(let group): group.noun
    case .either(let shapes): shapes.map(\.noun).joined(separator: ", or ")
    case .anything: "any value"
    }
  }
}

/// A mapping with known keys.
package struct SettingGroupShape: Sendable, Equatable {
  package var settings: [SettingDeclaration]
  /// Whether exactly one of the settings must be given.
  package var isOneOf: Bool
  /// How many settings may stand beside the one.
  package var beside = 0
  /// The setting that a value stands for that is no mapping.
  package var short: String?

  package init(_ settings: [SettingDeclaration], isOneOf: Bool = false, short: String? = nil) {
    self.settings = settings
    self.isOneOf = isOneOf
    self.short = short
  }

  package var noun: String {
    let names = settings.map { "`\($0.name)`" }.joined(separator: ", ")
    return isOneOf ? "a mapping with exactly one of \(names)" : "a mapping with the keys \(names)"
  }
}

/// All that is declared about a setting.
package struct SettingDeclaration: Sendable, Equatable {
  /// As it stands in YAML.
  package var name: String
  /// One sentence: what it is for.
  package var sentence: String
  /// A value as it could stand in YAML.
  package var example: String?
  /// nil where the setting has no default: it is required, or its absence means something of its own.
  package var defaultValue: Value?
  package var isRequired: Bool
  /// Whether it may change between runs without changing what positions and rows mean.
  package var isTuning: Bool
  /// The bounds of a number, or of a size in bytes, a duration in milliseconds.
  package var range: ClosedRange<Int>?
  package var shape: SettingShape
}
