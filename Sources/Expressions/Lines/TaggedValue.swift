import Records

/// Values with their types, as JSON: `{"t": "int", "v": "1"}`.
///
/// Integers are decimal text, doubles text too (`NaN`, `Infinity`), bytes base64, a map a list of pairs, a timestamp
/// RFC 3339, a duration `{s, n}`; decimals and dates are text.
enum TaggedValue {
  static func tagged(_ value: CELValue) -> Value {
    switch value {
    case .null: return ["t": "null"]
    case .bool(let flag): return tag("bool", .bool(flag))
    case .int(let number): return tag("int", .string("\(number)"))
    case .uint(let number): return tag("uint", .string("\(number)"))
    case .double(let number): return tag("double", .string(text(number)))
    case .string(let text): return tag("string", .string(text))
    case .slice(let text): return tag("string", .string(text.string))
    case .bytes(let bytes): return tag("bytes", .string(Base64.encode(bytes)))
    case .list(let list): return tag("list", .array(list.items.map(tagged)))
    case .map(let map): return tag("map", .array(zip(map.keys, map.values).map { [tagged($0), tagged($1)] }))
    case .array, .object: return tagged(value.detached)
    case .timestamp(let time): return tag("timestamp", .string("\(time)"))
    case .duration(let nanoseconds):
      return tag("duration", ["s": .int(nanoseconds / 1_000_000_000), "n": .int(nanoseconds % 1_000_000_000)])
    case .decimal(let number): return tag("decimal", .string(number.decimal.description))
    case .date(let date): return tag("date", .string(date.description))
    case .type(let value): return tag("type", .string(value.type.name))
    case .optional(let optional): return tag("optional", optional.value.map(tagged) ?? .null)
    case .failure(let error): return tag("error", .string(error.message))
    }
  }

  private static func tag(_ type: String, _ value: Value) -> Value { ["t": .string(type), "v": value] }

  private static func text(_ number: Double) -> String {
    number.isNaN ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)"
  }

  /// The value behind its tag; nil where that is not well formed.
  static func value(_ tagged: Value) -> CELValue? {
    let content = tagged["v"] ?? .null
    switch tagged["t"]?.string {
    case "null": return .null
    case "bool": return content.bool.map { .bool($0) }
    case "int": return number(content).flatMap { Int64($0) }.map { .int($0) }
    case "uint": return number(content).flatMap { UInt64($0) }.map { .uint($0) }
    case "double": return number(content).flatMap { Double($0) }.map { .double($0) }
    case "string": return content.string.map { .string($0) }
    case "bytes": return content.string.flatMap { Base64.decode($0.utf8) }.map { .bytes($0) }
    case "list": return values(content).map { .list($0) }
    case "map": return map(content)
    case "timestamp": return content.string.flatMap { Timestamp($0) }.map { .timestamp($0) }
    case "duration": return duration(content)
    case "type": return content.string.flatMap { TypeReader.type($0) }.map { .type(CELTypeValue($0)) }
    case "decimal": return content.string.flatMap { Decimal($0) }.map { .decimal($0) }
    case "date":
      return content.string.flatMap { CivilDay($0.utf8) }.map { .date(CivilDate(days: Int32($0.daysSince1970))) }
    case "optional": return content.isNull ? .noValue : value(content).map { .some($0) }
    default: return nil
    }
  }

  private static func number(_ content: Value) -> String? {
    switch content {
    case .string(let text), .number(let text): text
    case .int(let number): "\(number)"
    default: nil
    }
  }

  private static func values(_ content: Value) -> [CELValue]? {
    guard let items = content.array else { return nil }
    let values = items.compactMap(value)
    return values.count == items.count ? values : nil
  }

  private static func map(_ content: Value) -> CELValue? {
    var builder = MapBuilder()
    for pair in content.array ?? [] {
      guard let pair = pair.array, pair.count == 2, let key = value(pair[0]), let value = value(pair[1]),
        (try? builder.add(key, value)) != nil
      else { return nil }
    }
    return .map(builder.map)
  }

  private static func duration(_ content: Value) -> CELValue? {
    guard let seconds = content["s"]?.int, let rest = content["n"]?.int else { return nil }
    let whole = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let sum = whole.partialValue.addingReportingOverflow(rest)
    return whole.overflow || sum.overflow ? nil : .duration(sum.partialValue)
  }
}
