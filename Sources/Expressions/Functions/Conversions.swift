import Glibc
import Records

/// From one type to another; what does not fit is an error.
enum Conversions {
  static let all: [Function] = [
    Function(
      "bool", .standard, "A bool from its text.", [.form(.bool, to: .bool), .form(.string, to: .bool)],
      shared: .one(bool),
      examples: ["bool('true')": "true"]),
    Function(
      "int", .standard,
      "A whole number: of a double without its fraction, of a text, of a timestamp in seconds since 1970.",
      forms([.int, .uint, .double, .string, .timestamp, .decimal], .int) + [.form(.duration, to: .int)],
      shared: .one(int),
      examples: ["int(3.9)": "3", "int('42')": "42"]),
    Function(
      "uint", .standard, "A whole number that is not negative.",
      forms([.uint, .int, .double, .string, .decimal], .uint),
      shared: .one(uint), examples: ["uint(3)": "3u"]),
    Function(
      "double", .standard, "A floating-point number.", forms([.double, .int, .uint, .string, .decimal], .double),
      shared: .one(double), examples: ["double('1.5')": "1.5"]),
    Function(
      "string", .standard, "The value as text.",
      forms([.string, .bool, .int, .uint, .double, .bytes, .timestamp, .duration, .decimal, .date], .string),
      shared: .one(string), examples: ["string(12)": "'12'", "string(timestamp(0))": "'1970-01-01T00:00:00Z'"]),
    Function(
      "bytes", .standard, "The UTF-8 of a text.", forms([.bytes, .string], .bytes), shared: .one(bytes),
      examples: ["bytes('ä')": "b'\\303\\244'"]),
    Function(
      "timestamp", .standard, "A moment from RFC 3339 text, or from seconds since 1970.",
      forms([.timestamp, .string, .int], .timestamp), shared: .one(timestamp),
      examples: ["timestamp('1970-01-02T00:00:00Z')": "timestamp(86400)"]),
    Function(
      "duration", .standard, "A span of time from text with units.",
      forms([.duration, .string, .int], .duration), shared: .one(duration),
      examples: ["duration('1h30m')": "duration('5400s')"]),
  ]

  private static func forms(_ from: [CELType], _ to: CELType) -> [Overload] { from.map { .form($0, to: to) } }

  private static func refuse(_ text: String, _ type: String, hint: String? = nil) -> EvaluationError {
    EvaluationError(.badConversion, "\(CELValue.string(text).shown) is no \(type)", hint: hint)
  }

  static func bool(_ value: CELValue) throws(EvaluationError) -> CELValue {
    if case .bool = value { return value }
    let text = try value.string()
    switch text {
    case "true", "True", "TRUE", "t", "T", "1": return .bool(true)
    case "false", "False", "FALSE", "f", "F", "0": return .bool(false)
    default: throw refuse(text, "bool", hint: "true and false are")
    }
  }

  static func int(_ value: CELValue) throws(EvaluationError) -> CELValue {
    switch value {
    case .int: return value
    case .uint(let number):
      guard let int = Int64(exactly: number) else { throw .overflow("int") }
      return .int(int)
    case .double(let number):
      guard number > -0x1p63, number < 0x1p63 else { throw .overflow("int") }
      return .int(Int64(number))
    case .decimal(let number):
      guard let int = Int64(exactly: DecimalMath.whole(number.decimal)) else { throw .overflow("int") }
      return .int(int)
    case .timestamp(let time): return .int(time.seconds)
    case .duration(let nanoseconds): return .int(nanoseconds)
    default:
      guard value.isOf(.string) else { throw .noSuchOverload }
      if let int = value.withText(NumberText.whole) { return .int(int) }
      throw refuse(try value.string(), "int", hint: "try(int(…), …) allows for that")
    }
  }

  static func uint(_ value: CELValue) throws(EvaluationError) -> CELValue {
    switch value {
    case .uint: return value
    case .int(let number):
      guard let uint = UInt64(exactly: number) else { throw .overflow("uint") }
      return .uint(uint)
    case .double(let number):
      guard number >= 0, number < 0x1p64 else { throw .overflow("uint") }
      return .uint(UInt64(number))
    case .decimal(let number):
      guard let uint = UInt64(exactly: DecimalMath.whole(number.decimal)) else { throw .overflow("uint") }
      return .uint(uint)
    default:
      let text = try value.string()
      guard !text.hasPrefix("+"), let uint = UInt64(text) else { throw refuse(text, "uint") }
      return .uint(uint)
    }
  }

  static func double(_ value: CELValue) throws(EvaluationError) -> CELValue {
    switch value {
    case .double: return value
    case .int(let number): return .double(Double(number))
    case .uint(let number): return .double(Double(number))
    case .decimal(let number): return .double(strtod(number.decimal.description, nil))
    default:
      let text = try value.string()
      guard let double = parsed(text) else { throw refuse(text, "double", hint: "try(double(…), …) allows for that") }
      return .double(double)
    }
  }

  private static func parsed(_ text: String) -> Double? {
    switch text.lowercased() {
    case "nan": return .nan
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default:
      let isPlain = text.utf8.allSatisfy { isDigit($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }
      guard isPlain, let double = Double(text), double.isFinite else { return nil }
      return double
    }
  }

  static func string(_ value: CELValue) throws(EvaluationError) -> CELValue {
    switch value {
    case .string, .slice: return value
    case .bool(let flag): return .string(flag ? "true" : "false")
    case .int(let number): return .string("\(number)")
    case .uint(let number): return .string("\(number)")
    case .double(let number): return .string(DoubleText.plain(number))
    case .decimal(let number): return .string(number.decimal.description)
    case .timestamp(let time): return .string(time.description)
    case .duration(let nanoseconds): return .string(Time.text(ofDuration: nanoseconds))
    case .date(let date): return .string(date.description)
    case .bytes(let bytes):
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw EvaluationError(
          .badConversion, "these bytes are no UTF-8", hint: "base64.encode(…) makes text of any bytes")
      }
      return .string(text)
    default: throw .noSuchOverload
    }
  }

  private static func bytes(_ value: CELValue) throws(EvaluationError) -> CELValue {
    if case .bytes = value { return value }
    return .bytes(Array(try value.string().utf8))
  }

  private static func timestamp(_ value: CELValue) throws(EvaluationError) -> CELValue {
    switch value {
    case .timestamp: return value
    case .int(let seconds): return .timestamp(try Time.timestamp(seconds: seconds))
    default: return .timestamp(try Time.timestamp(ofText: value))
    }
  }

  private static func duration(_ value: CELValue) throws(EvaluationError) -> CELValue {
    switch value {
    case .duration: return value
    case .int(let nanoseconds): return .duration(nanoseconds)
    default: return .duration(try Time.duration(try value.string()))
    }
  }
}
