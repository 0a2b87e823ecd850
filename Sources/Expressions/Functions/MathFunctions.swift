import Records

/// The math extension.
enum MathFunctions {
  static let all: [Function] = extremes + rounding + tests + numbers + bits

  private static let extremes = [
    Function(
      "math.greatest", .math, "The greatest of numbers, or of a list of them.", extremeForms(keepsFirst: { $0 >= 0 }),
      examples: ["math.greatest(1, 7, 3)": "7", "math.greatest([1.5, -2.0])": "1.5"]),
    Function(
      "math.least", .math, "The least of numbers, or of a list of them.", extremeForms(keepsFirst: { $0 <= 0 }),
      examples: ["math.least(1, -7, 3)": "-7"]),
  ]

  private static func extremeForms(keepsFirst: @escaping @Sendable (Int) -> Bool) -> [Overload] {
    let types: [CELType] = [.int, .uint, .double, .decimal]
    let single = types.map { Overload.function($0, $0) { value throws(EvaluationError) in value } }
    let pairs = types.flatMap { a in
      types.map { b in
        Overload.function(a, b, a == b ? a : .dyn) { x, y throws(EvaluationError) in
          try Comparison.order(x, y).map(keepsFirst) ?? true ? x : y
        }
      }
    }
    let lists = types.map { type in
      Overload.function(.list(type), type) { list throws(EvaluationError) in
        try extreme(list.items(), keepsFirst: keepsFirst)
      }
    }
    return single + pairs + lists
  }

  static func extreme(
    _ items: [CELValue], keepsFirst: (Int) -> Bool
  ) throws(EvaluationError) -> CELValue {
    guard var best = items.first else {
      throw EvaluationError(.badArgument, "an empty list has no greatest and no least")
    }
    guard items.allSatisfy(\.isNumber) else { throw .noSuchOverload }
    for item in items.dropFirst() where try !(Comparison.order(best, item).map(keepsFirst) ?? true) { best = item }
    return best
  }

  private static let rounding = [
    onDouble("math.ceil", "The next whole number upwards.", "math.ceil(1.2)", "2.0") { $0.rounded(.up) },
    onDouble("math.floor", "The next whole number downwards.", "math.floor(-1.2)", "-2.0") { $0.rounded(.down) },
    onDouble("math.round", "The nearest whole number; halves away from zero.", "math.round(-1.5)", "-2.0") {
      $0.rounded(.toNearestOrAwayFromZero)
    },
    onDouble("math.trunc", "The whole part.", "math.trunc(-1.3)", "-1.0") { $0.rounded(.towardZero) },
  ]

  private static func onDouble(
    _ name: String, _ summary: String, _ example: String, _ result: String,
    _ change: @escaping @Sendable (Double) -> Double
  ) -> Function {
    Function(
      name, .math, summary,
      [.function(.double, .double) { value throws(EvaluationError) in .double(change(try value.double())) }],
      examples: [example: result])
  }

  private static let tests = [
    test("math.isNaN", "Whether it is not a number.", "math.isNaN(0.0 / 0.0)") { $0.isNaN },
    test("math.isInf", "Whether it is infinite.", "math.isInf(1.0 / 0.0)") { $0.isInfinite },
    test("math.isFinite", "Whether it is a number and not infinite.", "math.isFinite(1.2)") { $0.isFinite },
  ]

  private static func test(
    _ name: String, _ summary: String, _ example: String, _ holds: @escaping @Sendable (Double) -> Bool
  ) -> Function {
    Function(
      name, .math, summary,
      [.function(.double, .bool) { value throws(EvaluationError) in .bool(holds(try value.double())) }],
      examples: [example: "true"])
  }

  private static let numbers = [
    Function(
      "math.abs", .math, "The number without its sign.",
      [.form(.int, to: .int), .form(.uint, to: .uint), .form(.double, to: .double), .form(.decimal, to: .decimal)],
      shared: .one { value throws(EvaluationError) in
        switch value {
        case .uint: value
        case .double(let number): .double(number.magnitude)
        case .int(let number): number < 0 ? try Arithmetic.negate(value) : value
        case .decimal(let number): number.decimal.digits < 0 ? try Arithmetic.negate(value) : value
        default: throw .noSuchOverload
        }
      }, examples: ["math.abs(-5)": "5"]),
    Function(
      "math.sign", .math, "-1, 0 or 1, as the number is negative, zero or positive.",
      [.form(.int, to: .int), .form(.uint, to: .uint), .form(.double, to: .double), .form(.decimal, to: .int)],
      shared: .one { value throws(EvaluationError) in
        switch value {
        case .int(let number): .int(number.signum())
        case .uint(let number): .uint(number == 0 ? 0 : 1)
        case .double(let number): .double(number.isNaN ? number : number > 0 ? 1 : number < 0 ? -1 : 0)
        case .decimal(let number): .int(Int64(number.decimal.digits.signum()))
        default: throw .noSuchOverload
        }
      }, examples: ["math.sign(-42)": "-1"]),
    Function(
      "math.sqrt", .math, "The square root, as a double.",
      [.form(.double, to: .double), .form(.int, to: .double), .form(.uint, to: .double)],
      shared: .one { value throws(EvaluationError) in
        if case .decimal = value { throw .noSuchOverload }
        guard value.isNumber, case .double(let number) = try Conversions.double(value) else { throw .noSuchOverload }
        return .double(number.squareRoot())
      }, examples: ["math.sqrt(81)": "9.0"]),
  ]

  private static let bits = [
    pairwise("math.bitAnd", "The bits that both numbers have.", "math.bitAnd(5, 3)", "1", { $0 & $1 }, { $0 & $1 }),
    pairwise(
      "math.bitOr", "The bits that one of the numbers has.", "math.bitOr(1u, 2u)", "3u", { $0 | $1 }, { $0 | $1 }),
    pairwise(
      "math.bitXor", "The bits that only one of the numbers has.", "math.bitXor(1, 3)", "2", { $0 ^ $1 }, { $0 ^ $1 }),
    Function(
      "math.bitNot", .math, "The bits that the number does not have.",
      [
        .function(.int, .int) { value throws(EvaluationError) in .int(~(try value.int())) },
        .function(.uint, .uint) { value throws(EvaluationError) in .uint(~(try value.uint())) },
      ], examples: ["math.bitNot(1)": "-2"]),
    shift("math.bitShiftLeft", "The bits moved to the left; zeros follow.", "math.bitShiftLeft(1, 2)", "4") {
      $0 << $1
    },
    shift(
      "math.bitShiftRight", "The bits moved to the right; zeros follow, whatever the sign.",
      "math.bitShiftRight(1024, 2)", "256"
    ) { $0 >> $1 },
  ]

  private static func pairwise(
    _ name: String, _ summary: String, _ example: String, _ result: String,
    _ ints: @escaping @Sendable (Int64, Int64) -> Int64, _ uints: @escaping @Sendable (UInt64, UInt64) -> UInt64
  ) -> Function {
    Function(
      name, .math, summary,
      [
        .function(.int, .int, .int) { a, b throws(EvaluationError) in .int(ints(try a.int(), try b.int())) },
        .function(.uint, .uint, .uint) { a, b throws(EvaluationError) in .uint(uints(try a.uint(), try b.uint())) },
      ], examples: [example: result])
  }

  private static func shift(
    _ name: String, _ summary: String, _ example: String, _ result: String,
    _ move: @escaping @Sendable (UInt64, UInt64) -> UInt64
  ) -> Function {
    Function(
      name, .math, summary,
      [
        .function(.int, .int, .int) { value, by throws(EvaluationError) in
          .int(Int64(bitPattern: move(UInt64(bitPattern: try value.int()), try distance(by))))
        },
        .function(.uint, .int, .uint) { value, by throws(EvaluationError) in
          .uint(move(try value.uint(), try distance(by)))
        },
      ], examples: [example: result])
  }

  private static func distance(_ by: CELValue) throws(EvaluationError) -> UInt64 {
    let places = try by.int()
    guard places >= 0 else { throw EvaluationError(.badArgument, "bits cannot be moved by \(places) places") }
    return UInt64(places)
  }
}
