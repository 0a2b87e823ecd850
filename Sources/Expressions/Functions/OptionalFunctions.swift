import Records

/// The optionals extension: values that may be absent.
enum OptionalFunctions {
  static let all: [Function] = [
    Function(
      "optional.of", .optionals, "An optional that holds a value.",
      [.function(.T, .optional(.T)) { value throws(EvaluationError) in .some(value) }],
      examples: ["optional.of(1).hasValue()": "true"]),
    Function(
      "optional.ofNonZeroValue", .optionals,
      "An optional that holds a value, or none for null, false, 0 and what is empty.",
      [.function(.T, .optional(.T)) { value throws(EvaluationError) in value.isZero ? .noValue : .some(value) }],
      examples: ["optional.ofNonZeroValue('')": "optional.none()"]),
    Function(
      "optional.none", .optionals, "An optional without a value; a mapped field of it is left out.",
      [.function(.optional(.T)) { () throws(EvaluationError) in .noValue }],
      examples: ["optional.none().hasValue()": "false"]),
    Function(
      "value", .optionals, "The value of an optional; an error where there is none.",
      [
        .method(.optional(.T), .T) { optional throws(EvaluationError) in
          guard let value = try optional.optional().value else {
            throw EvaluationError(.noValue, "the optional holds no value", hint: "orValue(…) gives another")
          }
          return value
        }
      ], examples: ["optional.of(1).value()": "1"]),
    Function(
      "hasValue", .optionals, "Whether an optional holds a value.",
      [
        .method(.optional(.T), .bool) { optional throws(EvaluationError) in .bool(try optional.optional().value != nil)
        }
      ],
      examples: ["{'a': 1}.?b.hasValue()": "false"]),
    Function(
      "or", .optionals, "The optional, or another where it holds no value.",
      [Overload(isMethod: true, parameters: [.optional(.T), .optional(.T)], result: .optional(.T))],
      examples: ["optional.none().or(optional.of(2))": "optional.of(2)"]),
    Function(
      "orValue", .optionals, "The value of an optional, or another where it holds none.",
      [Overload(isMethod: true, parameters: [.optional(.T), .T], result: .T)],
      examples: ["{'a': 1}.?b.orValue(0)": "0"]),
    Function(
      "optional.unwrap", .optionals, "The values of a list of optionals, without those that hold none.",
      [.function(.list(.optional(.T)), .listOfT) { list throws(EvaluationError) in try unwrap(list.items()) }],
      examples: ["optional.unwrap([optional.of(1), optional.none()])": "[1]"]),
    Function(
      "unwrapOpt", .optionals, "The values of a list of optionals, without those that hold none.",
      [.method(.list(.optional(.T)), .listOfT) { list throws(EvaluationError) in try unwrap(list.items()) }],
      examples: ["[optional.of(1), optional.none()].unwrapOpt()": "[1]"]),
  ]

  private static func unwrap(_ items: [CELValue]) throws(EvaluationError) -> CELValue {
    var values: [CELValue] = []
    for item in items {
      if let value = try item.optional().value { values.append(value) }
    }
    return .list(values)
  }
}

extension CELValue {
  /// Whether it is null, false, zero or empty.
  fileprivate var isZero: Bool {
    switch self {
    case .null: true
    case .bool(let flag): !flag
    case .int(let number): number == 0
    case .uint(let number): number == 0
    case .double(let number): number == 0
    case .string(let text): text.isEmpty
    case .slice(let text): text.count == 0
    case .bytes(let bytes): bytes.isEmpty
    case .list(let list): list.items.isEmpty
    case .map(let map): map.count == 0
    case .array(let node), .object(let node): node.count == 0
    case .duration(let nanoseconds): nanoseconds == 0
    case .decimal(let number): number.decimal.digits == 0
    case .timestamp(let time): time == Timestamp(seconds: -62_135_596_800)
    case .optional(let optional): optional.value == nil
    case .date, .type, .failure: false
    }
  }
}
