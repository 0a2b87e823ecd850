import Records

/// JSON, hashes, sums and maps.
enum DataFunctions {
  static let all: [Function] = text + lists + maps

  private static let text = [
    Function(
      "json.parse", .data, "The value that a JSON text holds.",
      [.function(.string, .dyn) { text throws(EvaluationError) in try parse(text.string()) }],
      examples: [#"json.parse('{"a": [1, 2.5]}').a"#: "[1, 2.5]"]),
    Function(
      "json.format", .data, "A value as compact JSON.",
      [.function(.dyn, .string) { value throws(EvaluationError) in .string(try value.json().json) }],
      examples: ["json.format({'a': [1, null]})": #"'{"a":[1,null]}'"#]),
    Function(
      "hash.sha256", .data, "The SHA-256 of a text or bytes, in hexadecimal.",
      [.form(.string, to: .string), .form(.bytes, to: .string)],
      shared: .one { value throws(EvaluationError) in .string(Hex.text(SHA256.hash(try octets(value)))) },
      examples: ["hash.sha256('abc').substring(0, 16)": "'ba7816bf8f01cfea'"]),
    Function(
      "uuid.v5", .data, "The UUID that a namespace (a UUID) and a name always give, after RFC 9562.",
      [
        .function(.string, .string, .string) { space, name throws(EvaluationError) in
          guard let space = UUIDv5.bytes(try space.string()) else {
            throw EvaluationError(.badArgument, "the namespace \(space.shown) is no UUID")
          }
          return .string(UUIDv5.text(space, Array(try name.string().utf8)))
        }
      ],
      examples: [
        "uuid.v5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')": "'2ed6657d-e927-568b-95e1-2665a8aea6a2'"
      ]),
  ]

  private static func parse(_ text: String) throws(EvaluationError) -> CELValue {
    do throws(JSONProblem) {
      return CELValue(json: try Value(json: text))
    } catch {
      throw EvaluationError(.badConversion, "this text is no JSON, from byte \(error.offset) on")
    }
  }

  static func octets(_ value: CELValue) throws(EvaluationError) -> [UInt8] {
    if case .bytes(let bytes) = value { return bytes }
    return Array(try value.string().utf8)
  }

  private static let numbers: [CELType] = [.int, .uint, .double, .decimal]

  private static let lists = [
    Function(
      "sum", .data, "The sum of a list of numbers or durations of one type; 0 of an empty one.",
      (numbers + [.duration]).map { .methodForm(.list($0), to: $0) },
      shared: .one { list throws(EvaluationError) in
        let items = try list.items()
        if items.contains(where: { if case .null = $0 { true } else { false } }) { throw nullInSum }
        guard var total = items.first else { return .int(0) }
        guard total.isNumber || total.isOf(.duration) else { throw .noSuchOverload }
        for item in items.dropFirst() { total = try Arithmetic.add(total, item) }
        return total
      }, examples: ["[1, 2, 3].sum()": "6", "[decimal('0.1'), decimal('0.2')].sum()": "decimal('0.3')"]),
    extreme("min", "The least element of a list; an error where it is empty.", "1") { $0 < 0 },
    extreme("max", "The greatest element of a list; an error where it is empty.", "3") { $0 > 0 },
  ]

  private static let nullInSum = EvaluationError(
    .noSuchOverload, "the list has a null, which cannot be added", hint: "write ….filter(x, x != null).sum()")

  private static func extreme(
    _ name: String, _ summary: String, _ result: String, _ wins: @escaping @Sendable (Int) -> Bool
  ) -> Function {
    Function(
      name, .data, summary, Sorting.types.map { .methodForm(.list($0), to: $0) },
      shared: .one { list throws(EvaluationError) in
        let items = try list.items()
        guard var best = items.first else { throw EvaluationError(.badArgument, "an empty list has no \(name)") }
        for item in items.dropFirst() {
          if try Comparison.order(item, best).map(wins) ?? false { best = item }
        }
        return best
      }, examples: ["[3, 1, 2].\(name)()": result])
  }

  private static let maps = [
    Function(
      "merge", .data, "The entries of two maps; where both have a key, the second's value stands.",
      [
        .method(.mapOfKV, .mapOfKV, .mapOfKV) { first, second throws(EvaluationError) in
          var builder = MapBuilder()
          for map in [try first.map(), try second.map()] {
            for (key, value) in zip(map.keys, map.values) { try builder.set(key, value) }
          }
          return .map(builder.map)
        }
      ], examples: ["{'a': 1, 'b': 2}.merge({'b': 3})": "{'a': 1, 'b': 3}"]),
    Function(
      "pick", .data, "The entries with these keys.",
      [
        .method(.mapOfKV, .list(.K), .mapOfKV) { map, keys throws(EvaluationError) in try choose(map, keys, keeps: true)
        }
      ],
      examples: ["{'a': 1, 'b': 2}.pick(['a'])": "{'a': 1}"]),
    Function(
      "omit", .data, "The entries without these keys.",
      [
        .method(.mapOfKV, .list(.K), .mapOfKV) { map, keys throws(EvaluationError) in
          try choose(map, keys, keeps: false)
        }
      ],
      examples: ["{'a': 1, 'b': 2}.omit(['a'])": "{'b': 2}"]),
  ]

  private static func choose(_ map: CELValue, _ keys: CELValue, keeps: Bool) throws(EvaluationError) -> CELValue {
    let named = Set(try keys.items().compactMap { MapKey($0) })
    let map = try map.map()
    let kept = map.keys.indices.filter { index in
      (MapKey(map.keys[index]).map { named.contains($0) } ?? false) == keeps
    }
    return .map(CELMap(uniqueKeys: kept.map { map.keys[$0] }, values: kept.map { map.values[$0] }))
  }
}

extension CELValue {
  /// The value of JSON: whole numbers are ints where they fit, others doubles.
  package init(json: Value) {
    switch json {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .int(let number): self = .int(number)
    case .number(let text): self = Self.number(text)
    case .string(let text): self = .string(text)
    case .bytes(let bytes): self = .bytes(bytes)
    case .array(let items): self = .list(items.map { CELValue(json: $0) })
    case .object(let members):
      self = .map(
        CELMap(uniqueKeys: members.map { .string($0.name) }, values: members.map { CELValue(json: $0.value) }))
    }
  }

  private static func number(_ text: String) -> CELValue {
    let isWhole = text != "-0" && !text.utf8.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
    return CELValue.string(text).withText { isWhole ? NumberText.integer($0) : NumberText.double($0) }
  }

  /// As JSON: decimals as numbers with all their digits, times as text, what is not finite as text.
  package func json() throws(EvaluationError) -> Value {
    switch self {
    case .null: return .null
    case .bool(let flag): return .bool(flag)
    case .int(let number): return .int(number)
    case .uint(let number): return Int64(exactly: number).map { .int($0) } ?? .number("\(number)")
    case .double(let number):
      return number.isFinite ? .number(DoubleText.positional(number)) : .string(DoubleText.positional(number))
    case .decimal(let number): return .number(number.decimal.description)
    case .bytes(let bytes): return .bytes(bytes)
    case .list, .array: return .array(try Self.json(items()))
    case .map, .object: return .object(try Self.json(map()))
    case .optional(let optional): return try optional.value?.json() ?? .null
    case .type(let value): return .string(value.type.name)
    case .failure(let error): throw error
    case .string, .slice, .timestamp, .duration, .date: return .string(try Conversions.string(self).string())
    }
  }

  private static func json(_ items: [CELValue]) throws(EvaluationError) -> [Value] {
    var values: [Value] = []
    for item in items { values.append(try item.json()) }
    return values
  }

  private static func json(_ map: CELMap) throws(EvaluationError) -> [Value.Member] {
    var members: [Value.Member] = []
    for (key, value) in zip(map.keys, map.values) {
      members.append(Value.Member(try Conversions.string(key).string(), try value.json()))
    }
    return members
  }
}
