import ConnectorKit
import Expressions
import Records

/// What a mapping object says against itself.
extension FieldSpec {
  package func problems() -> [Problem] {
    originProblems + stepProblems + fallbackProblems
  }

  private func conflict(_ setting: String, _ message: String, hint: String? = nil) -> Problem {
    Problem(setting, code: "config.conflict", message, hint: hint)
  }

  private var originProblems: [Problem] {
    switch ($from.isGiven, $const.isGiven) {
    case (false, false):
      [Problem("", code: "config.one_of", "names neither `from` nor `const`", hint: "write from: record.field")]
    case (true, true): [Problem("", code: "config.one_of", "names both `from` and `const`", hint: "remove one of them")]
    case (true, false): []
    case (false, true):
      [
        ("values", $values.isGiven), ("unit", $unit.isGiven), ("as", $as.isGiven), ("trim", trim),
        ("max_length", $maxLength.isGiven), ("default", $default.isGiven), ("required", required),
        ("on_error", $onError.isGiven),
      ].filter(\.1).map { name, _ in
        conflict(name, "`\(name)` has no meaning with `const`", hint: "write the final value as `const`")
      }
    }
  }

  private var stepProblems: [Problem] {
    var problems: [Problem] = []
    if $otherwise.isGiven, !$values.isGiven {
      problems.append(conflict("otherwise", "`otherwise` needs `values`", hint: "for a missing value write `default`"))
    }
    if truncate, !$maxLength.isGiven { problems.append(conflict("truncate", "`truncate` needs `max_length`")) }
    if let cast = self.as, !cast.makesText {
      for (name, isGiven) in [("trim", trim), ("max_length", $maxLength.isGiven)] where isGiven {
        problems.append(conflict(name, "`\(name)` works on text, and `as: \(cast.rawValue)` makes none"))
      }
    }
    if $unit.isGiven, let pairs = values?.pairs, pairs.allSatisfy({ $0.to.string != nil }) {
      problems.append(conflict("unit", "`unit` works on numbers, and `values` gives texts only"))
    }
    return problems
  }

  private var fallbackProblems: [Problem] {
    var problems: [Problem] = []
    if onError == .default, !$default.isGiven {
      problems.append(conflict("on_error", "`on_error: default` needs `default`"))
    }
    if required, $default.isGiven {
      problems.append(
        Problem(
          "required", code: "config.conflict", "`required` never fails where `default` stands in",
          hint: "remove one of them", severity: .warning))
    }
    guard let fallback = self.default, !fallback.isNull else { return problems }
    if let cast = self.as, !cast.makes(fallback) {
      problems.append(
        Problem(
          "default", code: "config.default_type", "`\(fallback.json)` is no \(cast.rawValue)",
          hint: "the default is taken as it is, after `as`"))
    }
    if let text = fallback.string, let maxLength, text.unicodeScalars.count > maxLength {
      problems.append(conflict("default", "is longer than `max_length`"))
    }
    return problems
  }
}

extension CastSpec {
  /// Whether the result is a text that `trim` and `max_length` can work on.
  fileprivate var makesText: Bool {
    switch self {
    case .string, .uuid, .json: true
    default: false
    }
  }

  /// Whether the value could be a result of this cast.
  fileprivate func makes(_ value: Value) -> Bool {
    switch self {
    case .json: true
    case .string, .bytes: value.string != nil
    case .int, .epochSeconds, .epochMilliseconds: value.int != nil
    case .double, .decimal: value.isNumber
    case .bool: value.bool != nil
    case .date: value.string.map { CivilDay($0.utf8) != nil } ?? false
    case .timestamp: value.string.map { Timestamp($0) != nil } ?? false
    case .uuid: value.string.map(isUUID) ?? false
    }
  }

  /// 8-4-4-4-12 hexadecimal digits.
  private func isUUID(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.utf8.count) == [8, 4, 4, 4, 12]
      && parts.allSatisfy { $0.unicodeScalars.allSatisfy(\.properties.isASCIIHexDigit) }
  }
}

extension Value {
  fileprivate var isNumber: Bool {
    switch self {
    case .int, .number: true
    default: false
    }
  }
}
