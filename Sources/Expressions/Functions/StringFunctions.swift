/// The strings extension: places and lengths count code points.
enum StringFunctions {
  static let all: [Function] = [
    Function(
      "charAt", .strings, "The character at a place; empty at the end.",
      [.method(.string, .int, .string) { text, at throws(EvaluationError) in try charAt(text.string(), at.int()) }],
      examples: ["'tacocat'.charAt(3)": "'o'"]),
    Function(
      "indexOf", .strings, "The place of the first occurrence, from a place on; -1 where there is none.",
      [
        .method(.string, .string, .int) { text, part throws(EvaluationError) in
          try indexOf(text.string(), part.string(), 0)
        },
        .method(.string, .string, .int, .int) { text, part, from throws(EvaluationError) in
          try indexOf(text.string(), part.string(), from.int())
        },
      ], examples: ["'hello mellow'.indexOf('ello', 2)": "7"]),
    Function(
      "lastIndexOf", .strings, "The place of the last occurrence, at most at a place; -1 where there is none.",
      [
        .method(.string, .string, .int) { text, part throws(EvaluationError) in
          try lastIndexOf(text.string(), part.string(), nil)
        },
        .method(.string, .string, .int, .int) { text, part, from throws(EvaluationError) in
          try lastIndexOf(text.string(), part.string(), from.int())
        },
      ], examples: ["'hello mellow'.lastIndexOf('ello')": "7"]),
    Function(
      "join", .strings, "The texts of a list one after the other, with a separator.",
      [
        .method(.list(.string), .string) { list throws(EvaluationError) in try join(list.items(), "") },
        .method(.list(.string), .string, .string) { list, separator throws(EvaluationError) in
          try join(list.items(), separator.string())
        },
      ], examples: ["['a', 'b'].join('-')": "'a-b'"]),
    Function(
      "split", .strings, "The parts between separators, at most so many.",
      [
        .method(.string, .string, .list(.string)) { text, separator throws(EvaluationError) in
          try split(text.string(), separator.string(), -1)
        },
        .method(.string, .string, .int, .list(.string)) { text, separator, limit throws(EvaluationError) in
          try split(text.string(), separator.string(), limit.int())
        },
      ], examples: ["'a,b,c'.split(',', 2)": "['a', 'b,c']"]),
    Function(
      "replace", .strings, "The text with a part exchanged, everywhere or so many times.",
      [
        .method(.string, .string, .string, .string) { text, old, new throws(EvaluationError) in
          try replace(text, old, new, -1)
        },
        Overload(
          true, [.string, .string, .string, .int], .string,
          .many { values throws(EvaluationError) in
            try replace(values[0], values[1], values[2], values[3].int())
          }),
      ], examples: ["'hello hello'.replace('he', 'we', 1)": "'wello hello'"]),
    Function(
      "substring", .strings, "The characters from a place on, up to another.",
      [
        .method(.string, .int, .string) { text, start throws(EvaluationError) in
          try substring(text.string(), start.int(), nil)
        },
        .method(.string, .int, .int, .string) { text, start, end throws(EvaluationError) in
          try substring(text.string(), start.int(), end.int())
        },
      ], examples: ["'tacocat'.substring(0, 4)": "'taco'"]),
    Function(
      "trim", .strings, "The text without white space at its ends.",
      [.method(.string, .string) { text throws(EvaluationError) in .string(trim(try text.string())) }],
      examples: ["'  a b '.trim()": "'a b'"]),
    Function(
      "lowerAscii", .strings, "The text with A to Z in lower case.",
      [
        .method(.string, .string) { text throws(EvaluationError) in
          try mapBytes(text) { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        }
      ],
      examples: ["'TacoCÆt'.lowerAscii()": "'tacocÆt'"]),
    Function(
      "upperAscii", .strings, "The text with a to z in upper case.",
      [
        .method(.string, .string) { text throws(EvaluationError) in
          try mapBytes(text) { (0x61...0x7A).contains($0) ? $0 & 0xDF : $0 }
        }
      ],
      examples: ["'taco'.upperAscii()": "'TACO'"]),
    Function(
      "reverse", .strings, "The characters in reverse order.",
      [
        .method(.string, .string) { text throws(EvaluationError) in
          .string(String(String.UnicodeScalarView(try text.string().unicodeScalars.reversed())))
        }
      ],
      examples: ["'gums'.reverse()": "'smug'"]),
    Function(
      "strings.quote", .strings, "The text in double quotes, with escapes where they are needed.",
      [.function(.string, .string) { text throws(EvaluationError) in .string(quote(try text.string())) }],
      examples: ["strings.quote('a \"b\"')": "'\"a \\\\\"b\\\\\"\"'"]),
  ]

  private static func outOfRange(_ place: Int64) -> EvaluationError {
    EvaluationError(.outOfRange, "there is no place \(place) in the text")
  }

  private static func charAt(_ text: String, _ at: Int64) throws(EvaluationError) -> CELValue {
    let scalars = Array(text.unicodeScalars)
    guard at >= 0, at <= scalars.count else { throw outOfRange(at) }
    return .string(at == scalars.count ? "" : String(scalars[Int(at)]))
  }

  private static func indexOf(_ text: String, _ part: String, _ from: Int64) throws(EvaluationError) -> CELValue {
    guard from >= 0 else { throw outOfRange(from) }
    let (text, part) = (Array(text.unicodeScalars), Array(part.unicodeScalars))
    if part.isEmpty { return .int(min(from, Int64(text.count))) }
    guard from <= text.count - part.count else { return .int(-1) }
    let found = (Int(from)...(text.count - part.count)).first { text[$0...].starts(with: part) }
    return .int(found.map { Int64($0) } ?? -1)
  }

  private static func lastIndexOf(_ text: String, _ part: String, _ from: Int64?) throws(EvaluationError) -> CELValue {
    let (text, part) = (Array(text.unicodeScalars), Array(part.unicodeScalars))
    let last = from ?? Int64(text.count)
    guard last >= 0 else { throw outOfRange(last) }
    if part.isEmpty { return .int(min(last, Int64(text.count))) }
    guard part.count <= text.count, from == nil || last < text.count else { return .int(-1) }
    let start = min(Int(last), text.count - part.count)
    let found = (0...start).reversed().first { text[$0...].starts(with: part) }
    return .int(found.map { Int64($0) } ?? -1)
  }

  private static func join(_ items: [CELValue], _ separator: String) throws(EvaluationError) -> CELValue {
    var text = ""
    for (index, item) in items.enumerated() {
      if index > 0 { text += separator }
      text += try item.string()
      guard text.utf8.count <= ExpressionLimits.textBytes else { throw .tooLarge("the text") }
    }
    return .string(text)
  }

  private static func split(_ text: String, _ separator: String, _ limit: Int64) throws(EvaluationError) -> CELValue {
    if limit == 0 { return .strings([]) }
    let most = limit < 0 ? Int.max : Int(limit)
    if separator.isEmpty { return .strings(characters(text, most)) }
    let (bytes, mark) = (Array(text.utf8), Array(separator.utf8))
    var parts: [String] = []
    var start = 0
    while parts.count + 1 < most, let found = find(mark, in: bytes, from: start) {
      parts.append(String(decoding: bytes[start..<found], as: UTF8.self))
      start = found + mark.count
    }
    parts.append(String(decoding: bytes[start...], as: UTF8.self))
    return .strings(parts)
  }

  /// Each character a part of its own; the last part holds what is left.
  private static func characters(_ text: String, _ most: Int) -> [String] {
    let scalars = Array(text.unicodeScalars)
    guard scalars.count > most else { return scalars.map { String($0) } }
    let rest = String(String.UnicodeScalarView(scalars[(most - 1)...]))
    return scalars.prefix(most - 1).map { String($0) } + [rest]
  }

  private static func find(_ part: [UInt8], in text: [UInt8], from start: Int) -> Int? {
    text.withUnsafeBytes { text in part.withUnsafeBytes { part in TextSearch.find(part, in: text, from: start) } }
  }

  private static func replace(
    _ text: CELValue, _ old: CELValue, _ new: CELValue, _ limit: Int64
  ) throws(EvaluationError) -> CELValue {
    guard text.isOf(.string), old.isOf(.string), new.isOf(.string) else { throw .noSuchOverload }
    if old.withText(\.isEmpty) { return try intersperse(text.string(), new.string(), limit) }
    let made = text.withText { text in
      old.withText { old in new.withText { new in replaced(text, old, new, limit < 0 ? .max : limit) } }
    }
    guard let made else { throw .tooLarge("the text") }
    return .string(made)
  }

  /// nil where it would be too large.
  private static func replaced(
    _ text: UnsafeRawBufferPointer, _ old: UnsafeRawBufferPointer, _ new: UnsafeRawBufferPointer, _ most: Int64
  ) -> String? {
    var count = 0
    var start = 0
    while count < most, let found = TextSearch.find(old, in: text, from: start) {
      start = found + old.count
      count += 1
    }
    let size = text.count + count * (new.count - old.count)
    guard size <= ExpressionLimits.textBytes else { return nil }
    return String(unsafeUninitializedCapacity: size) { out in
      var (start, end) = (0, 0)
      for _ in 0..<count {
        guard let found = TextSearch.find(old, in: text, from: start) else { break }
        end = TextSearch.copy(UnsafeRawBufferPointer(rebasing: text[start..<found]), to: out, at: end)
        end = TextSearch.copy(new, to: out, at: end)
        start = found + old.count
      }
      return TextSearch.copy(UnsafeRawBufferPointer(rebasing: text[start...]), to: out, at: end)
    }
  }

  /// Nothing stands before, between and behind all characters.
  private static func intersperse(_ text: String, _ new: String, _ limit: Int64) throws(EvaluationError) -> CELValue {
    let most = limit < 0 ? Int64.max : limit
    guard
      (text.utf8.count + 1).multipliedReportingOverflow(by: new.utf8.count).partialValue <= ExpressionLimits.textBytes
    else {
      throw .tooLarge("the text")
    }
    var made = String.UnicodeScalarView()
    var count: Int64 = 0
    for scalar in text.unicodeScalars {
      if count < most { made += new.unicodeScalars }
      count += 1
      made.append(scalar)
    }
    if count < most { made += new.unicodeScalars }
    return .string(String(made))
  }

  private static func substring(_ text: String, _ start: Int64, _ end: Int64?) throws(EvaluationError) -> CELValue {
    let scalars = Array(text.unicodeScalars)
    let end = end ?? Int64(scalars.count)
    guard start >= 0, start <= scalars.count else { throw outOfRange(start) }
    guard end >= 0, end <= scalars.count else { throw outOfRange(end) }
    guard start <= end else {
      throw EvaluationError(.outOfRange, "the part from \(start) to \(end) ends before it starts")
    }
    return .string(String(String.UnicodeScalarView(scalars[Int(start)..<Int(end)])))
  }

  static func trim(_ text: String) -> String {
    let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace }
    guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
    return String(scalars[...last])
  }

  private static func mapBytes(_ text: CELValue, _ change: (UInt8) -> UInt8) throws(EvaluationError) -> CELValue {
    guard text.isOf(.string) else { throw .noSuchOverload }
    return .string(
      text.withText { bytes in
        String(unsafeUninitializedCapacity: bytes.count) { out in
          for (index, byte) in bytes.enumerated() { out[index] = change(byte) }
          return bytes.count
        }
      })
  }

  static func quote(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\u{07}": out += "\\a"
      case "\u{08}": out += "\\b"
      case "\u{0C}": out += "\\f"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{0B}": out += "\\v"
      case "\\": out += "\\\\"
      case "\"": out += "\\\""
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
