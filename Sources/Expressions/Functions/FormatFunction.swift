import Records

/// `format`: text with clauses `%s %d %f %e %b %x %X %o %%`.
enum FormatFunction {
  static let all: [Function] = [
    Function(
      "format", .strings, "The text with its clauses filled in: %s %d %f %e %b %x %X %o, %.2f with a precision.",
      [
        .method(.string, .list(.dyn), .string) { text, arguments throws(EvaluationError) in
          var formatter = Formatter(text: Array(try text.string().utf8), arguments: try arguments.items())
          return .string(try formatter.format())
        }
      ], examples: ["'%s has %d, %.1f'.format(['a', 2, 1.25])": "'a has 2, 1.2'"])
  ]
}

private struct Formatter {
  let text: [UInt8]
  let arguments: [CELValue]
  private var at = 0
  private var used = 0
  private var out: [UInt8] = []

  init(text: [UInt8], arguments: [CELValue]) {
    self.text = text
    self.arguments = arguments
  }

  mutating func format() throws(EvaluationError) -> String {
    while at < text.count {
      let byte = text[at]
      at += 1
      if byte == UInt8(ascii: "%") { try clause() } else { out.append(byte) }
      guard out.count <= ExpressionLimits.textBytes else { throw .tooLarge("the text") }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private func problem(_ message: String) -> EvaluationError { EvaluationError(.badArgument, "format(): \(message)") }

  private mutating func clause() throws(EvaluationError) {
    if at < text.count, text[at] == UInt8(ascii: "%") {
      out.append(text[at])
      at += 1
      return
    }
    guard used < arguments.count else { throw problem("there is no argument \(used) for the clause") }
    let precision = try self.precision()
    guard at < text.count else { throw problem("the text ends within a clause") }
    let code = text[at]
    at += 1
    out += try Array(formatted(arguments[used], code, precision).utf8)
    used += 1
  }

  private mutating func precision() throws(EvaluationError) -> Int {
    guard at < text.count, text[at] == UInt8(ascii: ".") else { return 6 }
    let digits = text[(at + 1)...].prefix(while: isDigit)
    at += 1 + digits.count
    guard let precision = Int(String(decoding: digits, as: UTF8.self)), precision <= ExpressionLimits.precision else {
      throw problem("a precision has 1 to \(ExpressionLimits.precision) digits")
    }
    return precision
  }

  private func formatted(_ value: CELValue, _ code: UInt8, _ precision: Int) throws(EvaluationError) -> String {
    switch code {
    case UInt8(ascii: "s"): return try FormattedText.text(value)
    case UInt8(ascii: "d"): return try decimal(value)
    case UInt8(ascii: "f"):
      return DoubleText.formatted(try number(value, "%f"), precision: precision, scientific: false)
    case UInt8(ascii: "e"): return DoubleText.formatted(try number(value, "%e"), precision: precision, scientific: true)
    case UInt8(ascii: "b"): return try binary(value)
    case UInt8(ascii: "o"): return try integer(value, radix: 8, "%o")
    case UInt8(ascii: "x"): return try hex(value, upper: false)
    case UInt8(ascii: "X"): return try hex(value, upper: true)
    default: throw problem("there is no clause %\(String(Unicode.Scalar(code)))")
    }
  }

  private func refuse(_ clause: String, _ takes: String, _ value: CELValue) -> EvaluationError {
    problem("\(clause) takes \(takes), and this is \(value.type.simpleWord)")
  }

  private func decimal(_ value: CELValue) throws(EvaluationError) -> String {
    switch value {
    case .int(let number): return "\(number)"
    case .uint(let number): return "\(number)"
    case .double(let number): return DoubleText.positional(number)
    case .decimal(let number): return number.decimal.description
    default: throw refuse("%d", "numbers", value)
    }
  }

  private func number(_ value: CELValue, _ clause: String) throws(EvaluationError) -> Double {
    guard value.isNumber, case .double(let number) = try Conversions.double(value) else {
      throw refuse(clause, "numbers", value)
    }
    return number
  }

  private func integer(
    _ value: CELValue, radix: Int, _ clause: String, upper: Bool = false
  ) throws(EvaluationError) -> String {
    switch value {
    case .int(let number): return String(number, radix: radix, uppercase: upper)
    case .uint(let number): return String(number, radix: radix, uppercase: upper)
    default: throw refuse(clause, "int and uint", value)
    }
  }

  private func binary(_ value: CELValue) throws(EvaluationError) -> String {
    if case .bool(let flag) = value { return flag ? "1" : "0" }
    return try integer(value, radix: 2, "%b")
  }

  private func hex(_ value: CELValue, upper: Bool) throws(EvaluationError) -> String {
    switch value {
    case .bytes(let bytes): return Hex.text(bytes, upper: upper)
    case .string, .slice: return Hex.text(Array(try value.string().utf8), upper: upper)
    default: return try integer(value, radix: 16, upper ? "%X" : "%x", upper: upper)
    }
  }
}

/// Values as `%s` writes them.
enum FormattedText {
  static func text(_ value: CELValue) throws(EvaluationError) -> String {
    switch value {
    case .null: return "null"
    case .double(let number): return DoubleText.positional(number)
    case .bytes(let bytes): return repaired(bytes)
    case .type(let value): return value.type.name
    case .list, .array: return try list(value.items())
    case .map, .object: return try map(value.map())
    case .optional, .failure: throw EvaluationError(.badArgument, "format(): %s does not take \(value.type.simpleWord)")
    default: return try Conversions.string(value).string()
    }
  }

  /// The text of bytes; a run of what is no UTF-8 becomes one U+FFFD.
  private static func repaired(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var repaired = String.UnicodeScalarView()
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars
    where scalar != "\u{FFFD}" || repaired.last != "\u{FFFD}" {
      repaired.append(scalar)
    }
    return String(repaired)
  }

  private static func list(_ items: [CELValue]) throws(EvaluationError) -> String {
    var parts: [String] = []
    for item in items { parts.append(try text(item)) }
    return "[\(parts.joined(separator: ", "))]"
  }

  private static func map(_ map: CELMap) throws(EvaluationError) -> String {
    var entries: [(key: String, value: String)] = []
    for (key, value) in zip(map.keys, map.values) { entries.append((try text(key), try text(value))) }
    entries.sort { CodePoints($0.key) < CodePoints($1.key) }
    return "{\(entries.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
  }
}

enum Hex {
  static func text(_ bytes: some Sequence<UInt8>, upper: Bool = false) -> String {
    let digits = Array((upper ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
    var text: [UInt8] = []
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}
