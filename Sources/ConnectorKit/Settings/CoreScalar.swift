/// What a scalar means by the core schema of YAML 1.2: only plain scalars mean anything but text, and only `true` and
/// `false` are booleans.
package enum CoreScalar: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A whole number that fits 64 bits.
  case int(Int64)
  /// Any other finite decimal number, as JSON writes it: without a leading `+`, with digits on both sides of the point.
  case number(String)
  /// `.inf` and `.nan`, which no record can hold.
  case notFinite
  case text

  package init(_ scalar: ConfigScalar) {
    guard scalar.style == .plain else {
      self = .text
      return
    }
    self = Self.word(scalar.text) ?? Self.number(Array(scalar.text.utf8)) ?? .text
  }

  private static func word(_ text: String) -> CoreScalar? {
    switch text {
    case "", "~", "null", "Null", "NULL": .null
    case "true", "True", "TRUE": .bool(true)
    case "false", "False", "FALSE": .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN":
      .notFinite
    default: nil
    }
  }

  private static func number(_ bytes: [UInt8]) -> CoreScalar? {
    if bytes.starts(with: [UInt8(ascii: "0"), UInt8(ascii: "x")]) { return radix(bytes, 16) }
    if bytes.starts(with: [UInt8(ascii: "0"), UInt8(ascii: "o")]) { return radix(bytes, 8) }
    return decimal(bytes)
  }

  private static func radix(_ bytes: [UInt8], _ radix: Int) -> CoreScalar? {
    let digits = String(decoding: bytes.dropFirst(2), as: UTF8.self)
    guard digits.utf8.first != UInt8(ascii: "+"), digits.utf8.first != UInt8(ascii: "-") else { return nil }
    return Int64(digits, radix: radix).map(CoreScalar.int)
  }

  /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
  private static func decimal(_ bytes: [UInt8]) -> CoreScalar? {
    var rest = bytes[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    let whole = takeDigits(&rest)
    var fraction: ArraySlice<UInt8>?
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = takeDigits(&rest)
    }
    guard !whole.isEmpty || fraction?.isEmpty == false, let exponent = takeExponent(&rest), rest.isEmpty else {
      return nil
    }
    let sign = isNegative ? "-" : ""
    let digits = String(decoding: whole, as: UTF8.self)
    if fraction == nil, exponent.isEmpty {
      return Int64(sign + digits).map(CoreScalar.int) ?? .number(sign + withoutLeadingZeros(digits))
    }
    let decimals = fraction.map { $0.isEmpty ? "" : "." + String(decoding: $0, as: UTF8.self) } ?? ""
    return .number(sign + withoutLeadingZeros(digits) + decimals + exponent)
  }

  private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    rest = rest[digits.endIndex...]
    return digits
  }

  /// The exponent with its `e`, empty where there is none; nil for a broken one.
  private static func takeExponent(_ rest: inout ArraySlice<UInt8>) -> String? {
    guard rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") else { return "" }
    rest.removeFirst()
    var sign = ""
    if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      sign = first == UInt8(ascii: "-") ? "-" : ""
      rest.removeFirst()
    }
    let digits = takeDigits(&rest)
    return digits.isEmpty ? nil : "e" + sign + String(decoding: digits, as: UTF8.self)
  }

  private static func withoutLeadingZeros(_ digits: String) -> String {
    let kept = digits.drop { $0 == "0" }
    return kept.isEmpty ? "0" : String(kept)
  }
}

extension ConfigScalar {
  /// A plain `yes`, `no`, `on`, `off`, `y`, `n`: a boolean in YAML 1.1 and in many heads, text in YAML 1.2.
  package var booleanWord: Bool? {
    guard style == .plain else { return nil }
    return switch text.lowercased() {
    case "yes", "on", "y": true
    case "no", "off", "n": false
    default: nil
    }
  }

  /// A plain whole number like `007`, whose zeros a number loses.
  package var hasLeadingZeros: Bool {
    guard style == .plain, case .int = CoreScalar(self) else { return false }
    let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
    let isDecimal = digits.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    return isDecimal && digits.count > 1 && digits.first == UInt8(ascii: "0")
  }
}
