/// Regular expressions, in RE2's syntax and in linear time.
enum RegexFunctions {
  static let all: [Function] = [
    Function(
      "matches", .regex, "Whether a part of the text matches a pattern; ^ and $ anchor it.",
      [
        .method(.string, .string, .bool) { text, pattern throws(EvaluationError) in
          try matches(text, Pattern(pattern.string()))
        },
        .function(.string, .string, .bool) { text, pattern throws(EvaluationError) in
          try matches(text, Pattern(pattern.string()))
        },
      ], examples: ["'abc-123'.matches('^[a-z]+-[0-9]+$')": "true"]),
    Function(
      "regex.extract", .regex, "The first match, or its group in parentheses; none where nothing matches.",
      [
        .function(.string, .string, .optional(.string)) { text, pattern throws(EvaluationError) in
          try extract(text, Pattern(pattern.string()))
        }
      ], examples: [#"regex.extract('item-A, item-B', r'item-(\w+)')"#: "optional.of('A')"]),
    Function(
      "regex.extractAll", .regex, "All matches, or their groups in parentheses.",
      [
        .function(.string, .string, .list(.string)) { text, pattern throws(EvaluationError) in
          try extractAll(text, Pattern(pattern.string()))
        }
      ], examples: [#"regex.extractAll('id:123, id:456', r'id:(\d+)')"#: "['123', '456']"]),
    Function(
      "regex.replace", .regex, "The text with its matches exchanged, all or so many; \\1 to \\9 are the groups.",
      [
        .function(.string, .string, .string, .string) { text, pattern, new throws(EvaluationError) in
          try replace(text, Pattern(pattern.string()), new, .int(-1))
        },
        .function([.string, .string, .string, .int], .string) { values throws(EvaluationError) in
          try replace(values[0], Pattern(values[1].string()), values[2], values[3])
        },
      ], examples: [#"regex.replace('foo bar', '(fo)o (ba)r', r'\2 \1')"#: "'ba fo'"]),
  ]

  /// Which argument of these functions is the pattern.
  static let patternPlace = ["matches": 1, "regex.extract": 1, "regex.extractAll": 1, "regex.replace": 1]

  /// The call of such a function with a pattern that is compiled already; nil where the call does not fit.
  static func code(_ pattern: Pattern, _ codes: [Code], _ site: CallSite) -> Code? {
    switch (site.function.name, codes.count) {
    case ("matches", 2):
      return OneCall(site, codes[0]) { text throws(EvaluationError) in
        try matches(text, pattern)
      }
    case ("regex.extract", 2):
      return OneCall(site, codes[0]) { text throws(EvaluationError) in
        try extract(text, pattern)
      }
    case ("regex.extractAll", 2):
      return OneCall(site, codes[0]) { text throws(EvaluationError) in
        try extractAll(text, pattern)
      }
    case ("regex.replace", 3):
      return TwoCall(site, codes[0], codes[2]) { text, new throws(EvaluationError) in
        try replace(text, pattern, new, .int(-1))
      }
    default: return nil
    }
  }

  private static func matches(_ text: CELValue, _ pattern: Pattern) throws(EvaluationError) -> CELValue {
    guard text.isOf(.string) else { throw .noSuchOverload }
    return .bool(text.withText { pattern.matches($0) })
  }

  private static func extract(_ text: CELValue, _ pattern: Pattern) throws(EvaluationError) -> CELValue {
    try requireOneGroup(pattern)
    let found = try texts(text, pattern, most: 1)
    return found.first.map { .some(.string($0)) } ?? .noValue
  }

  private static func extractAll(_ text: CELValue, _ pattern: Pattern) throws(EvaluationError) -> CELValue {
    try requireOneGroup(pattern)
    return .strings(try texts(text, pattern, most: .max))
  }

  private static func requireOneGroup(_ pattern: Pattern) throws(EvaluationError) {
    guard pattern.groupCount <= 1 else {
      throw EvaluationError(
        .badPattern, "the pattern has more than one group", hint: "write (?:…) for a group that is not extracted")
    }
  }

  /// The matches, or what their group matched where that is not empty.
  private static func texts(_ text: CELValue, _ pattern: Pattern, most: Int) throws(EvaluationError) -> [String] {
    guard text.isOf(.string) else { throw .noSuchOverload }
    return text.withText { bytes in
      pattern.matches(in: bytes, most: most).compactMap { match in
        guard let range = match[match.count - 1], match.count == 1 || !range.isEmpty else { return nil }
        return String(decoding: bytes[range], as: UTF8.self)
      }
    }
  }

  private static func replace(
    _ text: CELValue, _ pattern: Pattern, _ new: CELValue, _ count: CELValue
  ) throws(EvaluationError) -> CELValue {
    let limit = try count.int()
    let source = Array(try text.string().utf8)
    if limit == 0 { return .string(try text.string()) }
    let matches = source.withUnsafeBytes { pattern.matches(in: $0, most: limit < 0 ? .max : Int(limit)) }
    if matches.isEmpty { return .string(try text.string()) }
    let replacement = try Replacement(new.string(), groups: pattern.groupCount)
    var made: [UInt8] = []
    var at = 0
    for match in matches {
      guard let whole = match[0] else { continue }
      made += source[at..<whole.lowerBound]
      replacement.append(to: &made, match, source)
      guard made.count <= ExpressionLimits.textBytes else { throw .tooLarge("the text") }
      at = whole.upperBound
    }
    return .string(String(decoding: made + source[at...], as: UTF8.self))
  }
}

/// What stands in for a match: text and `\0` … `\9`.
private struct Replacement {
  private enum Part {
    case text([UInt8])
    case group(Int)
  }
  private var parts: [Part] = []

  init(_ text: String, groups: Int) throws(EvaluationError) {
    var plain: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        plain.append(byte)
        continue
      }
      guard let code = rest.popFirst(), code == UInt8(ascii: "\\") || isDigit(code) else {
        throw EvaluationError(.badArgument, "in a replacement a backslash stands before a digit or another backslash")
      }
      if code == UInt8(ascii: "\\") {
        plain.append(code)
        continue
      }
      let group = Int(code - UInt8(ascii: "0"))
      guard group <= groups else {
        throw EvaluationError(.badArgument, "the replacement names group \(group), and the pattern has \(groups)")
      }
      parts += [.text(plain), .group(group)]
      plain = []
    }
    parts.append(.text(plain))
  }

  func append(to out: inout [UInt8], _ match: [Range<Int>?], _ source: [UInt8]) {
    for part in parts {
      switch part {
      case .text(let bytes): out += bytes
      case .group(let number): if let range = match[number] { out += source[range] }
      }
    }
  }
}
