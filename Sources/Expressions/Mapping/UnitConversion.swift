import Records

/// `kg -> g`: from one unit to another of the same dimension.
///
/// The result is (value × `numerator` + `offset`) / `denominator`; three whole numbers describe every conversion of the
/// table exactly, temperatures included (`degF -> degC` is (5 × value − 160) / 9).
package struct UnitConversion: Sendable, Equatable {
  /// As written, for messages.
  package var text: String
  package var numerator: Int64
  /// Positive.
  package var denominator: Int64
  package var offset: Int64

  package init(text: String, numerator: Int64, denominator: Int64, offset: Int64 = 0) {
    self.text = text
    self.numerator = numerator
    self.denominator = denominator
    self.offset = offset
  }

  /// The digits of a result that never ends (`kg -> lb`): those of IEEE 754's decimal128, the last one rounded half
  /// to even.
  package static let repeatingDigits = 34

  /// The converted value; nil where it is finite but longer than a ``Decimal``.
  package func apply(_ value: Decimal) -> Decimal? {
    guard let product = Decimal.multiply(value, Decimal(Int128(numerator))),
      let sum = Decimal.add(product, Decimal(Int128(offset)))
    else { return nil }
    return repeats(sum) ? rounded(sum) : Decimal.divideExactly(sum, by: Int128(denominator))?.normalized
  }

  /// Whether the quotient never ends: the denominator, in lowest terms, has a prime factor that 10 has not.
  private func repeats(_ sum: Decimal) -> Bool {
    var rest = Int128(denominator) / Self.gcd(sum.digits, Int128(denominator))
    while rest % 2 == 0 { rest /= 2 }
    while rest % 5 == 0 { rest /= 5 }
    return rest != 1
  }

  private func rounded(_ sum: Decimal) -> Decimal? {
    let (divisor, limit) = (UInt128(denominator), Self.power10(Self.repeatingDigits))
    var (quotient, remainder) = sum.digits.magnitude.quotientAndRemainder(dividingBy: divisor)
    var scale = sum.scale
    // Long division: one more digit each time, as long as there is room for it.
    while quotient < limit / 10, scale < Decimal.digitsMax {
      let (digit, rest) = (remainder * 10).quotientAndRemainder(dividingBy: divisor)
      (quotient, remainder, scale) = (quotient * 10 + digit, rest, scale + 1)
    }
    if remainder * 2 > divisor || (remainder * 2 == divisor && quotient % 2 == 1) { quotient += 1 }
    let digits = Int128(quotient)
    return Decimal(sum.digits < 0 ? -digits : digits, scale: scale).normalized
  }

  private static func power10(_ exponent: Int) -> UInt128 {
    var power: UInt128 = 1
    for _ in 0..<exponent { power *= 10 }
    return power
  }

  static func gcd(_ a: Int128, _ b: Int128) -> Int128 {
    var (a, b) = (a.magnitude, b.magnitude)
    while b != 0 { (a, b) = (b, a % b) }
    return a == 0 ? 1 : Int128(a)
  }
}

extension UnitConversion {
  /// Reads `kg -> g`.
  package init(parsing text: String) throws(UnitProblem) {
    let names = Self.split(text)
    guard names.count == 2, names.allSatisfy({ !$0.isEmpty }) else {
      throw UnitProblem(
        "unit.syntax", "`\(text)` is no conversion of units", hint: "write FROM -> TO, for instance kg -> g")
    }
    let (from, to) = try Unit.pair(names[0], names[1])
    guard let conversion = Self.between(from, to, text: "\(names[0]) -> \(names[1])") else {
      throw UnitProblem("unit.range", "`\(text)` is beyond 64 bits")
    }
    self = conversion
  }

  private static func split(_ text: String) -> [String] {
    guard let dash = text.utf8.firstIndex(of: UInt8(ascii: "-")), text[dash...].hasPrefix("->") else { return [text] }
    return [trim(text[..<dash]), trim(text[dash...].dropFirst(2))]
  }

  private static func trim(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// In lowest terms; nil where that takes more than 64 bits.
  private static func between(_ from: Unit, _ to: Unit, text: String) -> UnitConversion? {
    let numerator = from.numerator * to.denominator
    let denominator = from.denominator * to.numerator
    let offset = from.offset * to.denominator - to.offset * from.denominator
    let common = gcd(gcd(numerator, denominator), offset)
    guard let numerator = Int64(exactly: numerator / common), let denominator = Int64(exactly: denominator / common),
      let offset = Int64(exactly: offset / common)
    else { return nil }
    return UnitConversion(text: text, numerator: numerator, denominator: denominator, offset: offset)
  }
}
