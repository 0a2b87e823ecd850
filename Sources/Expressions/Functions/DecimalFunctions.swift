import Records

/// Exact decimal numbers.
enum DecimalFunctions {
  static let all: [Function] = [
    Function(
      "decimal", .data, "An exact decimal number of a text or number; of a double the shortest text that names it.",
      [.string, .int, .uint, .double, .decimal].map { .form($0, to: .decimal) }, shared: .one(decimal),
      examples: ["decimal('0.1') + decimal('0.2')": "decimal('0.3')", "decimal('19.99') * 3": "decimal('59.97')"]),
    Function(
      "round", .data,
      "A decimal with so many digits behind the point; half_even, or half_up, half_down, up, down, ceiling, floor.",
      [
        .method(.decimal, .int, .decimal) { number, scale throws(EvaluationError) in
          try round(number, scale, .halfEven)
        },
        .method(.decimal, .int, .string, .decimal) { number, scale, mode throws(EvaluationError) in
          let name = try mode.string()
          guard let mode = DecimalMath.Rounding(rawValue: name) else {
            let names = DecimalMath.Rounding.allCases.map(\.rawValue)
            throw EvaluationError(
              .badArgument, "there is no way of rounding `\(name)`",
              hint: Suggestion.among(names, for: name) ?? "there is \(names.joined(separator: ", "))")
          }
          return try round(number, scale, mode)
        },
      ],
      examples: [
        "decimal('2.345').round(2)": "decimal('2.34')", "decimal('2.345').round(2, 'half_up')": "decimal('2.35')",
      ]),
  ]

  static func decimal(_ value: CELValue) throws(EvaluationError) -> CELValue {
    switch value {
    case .decimal: return value
    case .int, .uint: return value.exact.map { .decimal($0) } ?? value
    case .double(let number): return try decimal(.string(DoubleText.positional(number)))
    default:
      guard value.isOf(.string) else { throw .noSuchOverload }
      guard let decimal = value.withText({ Decimal($0) }) else {
        throw EvaluationError(.badConversion, "\(value.shown) is no decimal of at most \(Decimal.digitsMax) digits")
      }
      return .decimal(decimal)
    }
  }

  private static func round(
    _ number: CELValue, _ scale: CELValue, _ mode: DecimalMath.Rounding
  ) throws(EvaluationError) -> CELValue {
    let places = try scale.int()
    guard (0...Int64(Decimal.digitsMax)).contains(places) else {
      throw EvaluationError(.badArgument, "a decimal has 0 to \(Decimal.digitsMax) digits behind the point")
    }
    guard let rounded = DecimalMath.round(try number.decimal(), to: Int(places), mode) else {
      throw .overflow("decimal")
    }
    return .decimal(rounded)
  }
}

/// What decimals need beyond their own arithmetic.
enum DecimalMath {
  enum Rounding: String, CaseIterable, Sendable {
    case halfEven = "half_even"
    case halfUp = "half_up"
    case halfDown = "half_down"
    case up, down, ceiling, floor
  }

  /// The number with `scale` digits behind the point; nil where it then has too many.
  static func round(_ number: Decimal, to scale: Int, _ mode: Rounding) -> Decimal? {
    if scale >= number.scale { return number.rescaled(to: scale) }
    let unit = power10(number.scale - scale)
    let (quotient, rest) = number.digits.quotientAndRemainder(dividingBy: unit)
    let step: Int128 = number.digits < 0 ? -1 : 1
    return Decimal(quotient + (goesAway(quotient, rest, unit, mode) ? step : 0), scale: scale)
  }

  /// Whether the rest takes the quotient one step away from zero.
  private static func goesAway(_ quotient: Int128, _ rest: Int128, _ unit: Int128, _ mode: Rounding) -> Bool {
    guard rest != 0 else { return false }
    let half = rest.magnitude * 2
    switch mode {
    case .down: return false
    case .up: return true
    case .ceiling: return rest > 0
    case .floor: return rest < 0
    case .halfUp: return half >= unit.magnitude
    case .halfDown: return half > unit.magnitude
    case .halfEven: return half > unit.magnitude || half == unit.magnitude && quotient % 2 != 0
    }
  }

  /// 10 to the power of 0 ... 38.
  static func power10(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

  /// The whole part.
  static func whole(_ number: Decimal) -> Int128 { number.digits / power10(number.scale) }

  /// The most digits of a quotient that does not end, as in IEEE 754's decimal128.
  private static let quotientDigits = 34

  /// The quotient: exact where it ends, and else rounded half to even to 34 digits. nil where it has no room.
  static func divide(_ a: Decimal, _ b: Decimal) throws(EvaluationError) -> Decimal? {
    guard b.digits != 0 else { throw Arithmetic.divideByZero }
    var (quotient, rest) = a.digits.quotientAndRemainder(dividingBy: b.digits)
    var scale = a.scale - b.scale
    while rest != 0, digitCount(quotient) < quotientDigits {
      let (wider, overflow) = rest.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      quotient = quotient * 10 + wider / b.digits
      rest = wider % b.digits
      scale += 1
    }
    if rest != 0, goesAway(quotient, rest.magnitude.asSigned, b.digits, .halfEven) {
      quotient += (a.digits < 0) == (b.digits < 0) ? 1 : -1
    }
    guard scale < 0 else { return scale <= Decimal.digitsMax ? Decimal(quotient, scale: scale) : nil }
    let (whole, overflow) = quotient.multipliedReportingOverflow(by: power10(-scale))
    return overflow ? nil : Decimal(whole)
  }

  private static func digitCount(_ number: Int128) -> Int { "\(number.magnitude)".utf8.count }
}

extension UInt128 {
  fileprivate var asSigned: Int128 { Int128(truncatingIfNeeded: self) }
}
