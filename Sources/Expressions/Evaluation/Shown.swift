import Glibc
import Records

extension CELValue {
  /// As an expression that gives this value, for messages and documentation: `[1, 'a', 2.0]`.
  package var shown: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .uint(let value): "\(value)u"
    case .double(let value): DoubleText.literal(value)
    case .string(let text): Self.quoted(text)
    case .slice(let text): Self.quoted(text.string)
    case .bytes(let bytes): "b" + Self.quoted(String(decoding: bytes, as: UTF8.self))
    case .list(let list): "[" + list.items.map(\.shown).joined(separator: ", ") + "]"
    case .map(let map): "{" + zip(map.keys, map.values).map { "\($0.shown): \($1.shown)" }.joined(separator: ", ") + "}"
    case .array, .object: detached.shown
    case .timestamp(let time): "timestamp('\(time)')"
    case .duration(let nanoseconds): "duration('\(Time.text(ofDuration: nanoseconds))')"
    case .decimal(let value): "decimal('\(value.decimal)')"
    case .date(let date): "date('\(date)')"
    case .type(let value): value.type.name
    case .optional(let optional): optional.value.map { "optional.of(\($0.shown))" } ?? "optional.none()"
    case .failure(let error): "error: \(error.message)"
    }
  }

  private static func quoted(_ text: String) -> String {
    var out = "'"
    for scalar in text.unicodeScalars {
      switch scalar {
      case "'": out += "\\'"
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "'"
  }
}

extension CivilDate: CustomStringConvertible {
  package var description: String { CivilDay(daysSince1970: Int64(days)).description }
}

/// Doubles as text, with the fewest digits that read back as the same number.
enum DoubleText {
  /// As `string()` gives it, like the standard's implementations: an exponent below 1e-4 and from 1e6 on.
  static func plain(_ value: Double) -> String { text(value, exponents: -4...5) }

  private static func text(_ value: Double, exponents: ClosedRange<Int>) -> String {
    if let special = special(value) { return special }
    let (digits, point) = Self.digits(of: value.magnitude)
    let sign = value.sign == .minus ? "-" : ""
    guard exponents.contains(point - 1) else { return sign + scientific(digits, point) }
    return sign + positional(digits, point)
  }

  /// Never with an exponent, as `%s` of `format` gives it.
  static func positional(_ value: Double) -> String {
    if let special = special(value, infinity: "Infinity") { return special }
    let (digits, point) = Self.digits(of: value.magnitude)
    return (value.sign == .minus ? "-" : "") + positional(digits, point)
  }

  /// As a literal of the language, which has a point or an exponent.
  static func literal(_ value: Double) -> String {
    guard value.isFinite else { return "double('\(plain(value))')" }
    let text = text(value, exponents: -5...20)
    return text.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") } ? text : text + ".0"
  }

  private static func special(_ value: Double, infinity: String = "Inf") -> String? {
    if value.isNaN { return "NaN" }
    guard value.isInfinite else { return nil }
    return value < 0 ? "-\(infinity)" : infinity == "Inf" ? "+Inf" : infinity
  }

  /// The shortest digits and where the point stands among them: 12.5 is ("125", 2).
  private static func digits(of value: Double) -> (digits: [UInt8], point: Int) {
    if value == 0 { return ([0x30], 1) }
    var digits: [UInt8] = []
    var point: Int?
    var exponent = 0
    let text = Array("\(value)".utf8)
    for (index, byte) in text.enumerated() {
      if byte == UInt8(ascii: ".") {
        point = digits.count
      } else if byte == UInt8(ascii: "e") {
        exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0
        break
      } else {
        digits.append(byte)
      }
    }
    let leading = digits.prefix { $0 == 0x30 }.count
    let place = (point ?? digits.count) + exponent - leading
    digits.removeFirst(leading)
    while digits.last == 0x30 { digits.removeLast() }
    return (digits, place)
  }

  private static func positional(_ digits: [UInt8], _ point: Int) -> String {
    let text = String(decoding: digits, as: UTF8.self)
    if point <= 0 { return "0." + String(repeating: "0", count: -point) + text }
    if point >= digits.count { return text + String(repeating: "0", count: point - digits.count) }
    return text.prefix(point) + "." + text.dropFirst(point)
  }

  private static func scientific(_ digits: [UInt8], _ point: Int) -> String {
    let text = String(decoding: digits, as: UTF8.self)
    let mantissa = digits.count == 1 ? text : text.prefix(1) + "." + text.dropFirst(1)
    let exponent = point - 1
    let padded = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
    return mantissa + "e" + (exponent < 0 ? "-" : "+") + padded
  }

  /// With a number of digits behind the point or of the mantissa, rounded half to even as C does it.
  static func formatted(_ value: Double, precision: Int, scientific: Bool) -> String {
    if let special = special(value, infinity: "Infinity") { return special }
    var buffer = [CChar](repeating: 0, count: 400 + precision)
    let length = withVaList([Int32(precision), value]) {
      vsnprintf(&buffer, buffer.count, scientific ? "%.*e" : "%.*f", $0)
    }
    return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
