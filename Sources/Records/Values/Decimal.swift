/// An exact decimal number: `digits` × 10^-`scale`, up to 38 digits.
///
/// Numbers of records stay text until they are computed with; this is what they are computed as.
public struct Decimal: BitwiseCopyable, Sendable {
  /// The most digits a number may have, in decimal digits.
  public static let digitsMax = 38
  private static let magnitudeMax: Int128 = power10(38) - 1

  public var digits: Int128
  /// How many of the digits stand behind the point; never negative.
  public var scale: Int

  public init(_ digits: Int128, scale: Int = 0) {
    self.digits = digits
    self.scale = scale
  }

  /// Reads `-12.50`, `+3`, `.5`, `1e3`; nil where it is no number or has more than 38 digits.
  public init?(_ text: some Sequence<UInt8>) {
    if let short = text.withContiguousStorageIfAvailable({ Self.short($0) }) ?? nil {
      self = short
      return
    }
    var scan = Scan()
    for byte in text { guard scan.take(byte) else { return nil } }
    guard let value = scan.value else { return nil }
    self = value
  }

  public init?(_ text: String) { self.init(text.utf8) }

  /// So many digits fit 64 bits, whatever they are.
  private static let shortMax = 18

  /// A number of few digits without an exponent; nil where it is another, or none.
  private static func short(_ text: UnsafeBufferPointer<UInt8>) -> Decimal? {
    guard let first = text.first, text.count <= shortMax else { return nil }
    let hasSign = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
    var number: Int64 = 0
    var point = -1
    for index in (hasSign ? 1 : 0)..<text.count {
      let digit = text[index] &- UInt8(ascii: "0")
      if digit < 10 {
        number = number &* 10 &+ Int64(digit)
      } else if text[index] == UInt8(ascii: "."), point < 0 {
        point = index
      } else {
        return nil
      }
    }
    guard let last = text.last, last &- UInt8(ascii: "0") < 10 else { return nil }
    let scale = point < 0 ? 0 : text.count - 1 - point
    return Decimal(Int128(first == UInt8(ascii: "-") ? -number : number), scale: scale)
  }

  /// 10 to the power of `exponent`, 0 ... 38.
  static func power10(_ exponent: Int) -> Int128 {
    var power: Int128 = 1
    for _ in 0..<exponent { power *= 10 }
    return power
  }

  /// Without zeros at the end behind the point.
  public var normalized: Decimal {
    var result = self
    while result.scale > 0, result.digits % 10 == 0 {
      result.digits /= 10
      result.scale -= 1
    }
    return result
  }

  public var isIntegral: Bool { normalized.scale == 0 }

  /// The number where it is whole and fits.
  public var int64: Int64? {
    let whole = normalized
    return whole.scale == 0 ? Int64(exactly: whole.digits) : nil
  }

  private func checked() -> Decimal? {
    digits.magnitude <= UInt128(Self.magnitudeMax) && scale <= Self.digitsMax ? self : nil
  }

  /// The same number with more digits behind the point; nil where that leaves the 38 digits.
  public func rescaled(to newScale: Int) -> Decimal? {
    guard newScale >= scale, newScale - scale <= Self.digitsMax else { return nil }
    let (product, overflow) = digits.multipliedReportingOverflow(by: Self.power10(newScale - scale))
    return overflow ? nil : Decimal(product, scale: newScale).checked()
  }
}

extension Decimal {
  /// nil where the result has more than 38 digits.
  public static func add(_ a: Decimal, _ b: Decimal) -> Decimal? {
    let scale = Swift.max(a.scale, b.scale)
    guard let a = a.rescaled(to: scale), let b = b.rescaled(to: scale) else { return nil }
    let (sum, overflow) = a.digits.addingReportingOverflow(b.digits)
    return overflow ? nil : Decimal(sum, scale: scale).checked()
  }

  public static func subtract(_ a: Decimal, _ b: Decimal) -> Decimal? {
    add(a, Decimal(-b.digits, scale: b.scale))
  }

  public static func multiply(_ a: Decimal, _ b: Decimal) -> Decimal? {
    let (product, overflow) = a.digits.multipliedReportingOverflow(by: b.digits)
    if !overflow, let result = Decimal(product, scale: a.scale + b.scale).checked() { return result }
    let (x, y) = (a.normalized, b.normalized)
    let (shorter, overflows) = x.digits.multipliedReportingOverflow(by: y.digits)
    return overflows ? nil : Decimal(shorter, scale: x.scale + y.scale).checked()
  }

  /// The quotient where it ends within 38 digits; nil where it repeats or is longer.
  public static func divideExactly(_ a: Decimal, by divisor: Int128) -> Decimal? {
    guard divisor != 0 else { return nil }
    var result = a
    while result.digits % divisor != 0 {
      let (wider, overflow) = result.digits.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      result = Decimal(wider, scale: result.scale + 1)
      guard result.checked() != nil else { return nil }
    }
    return Decimal(result.digits / divisor, scale: result.scale)
  }
}

extension Decimal: Comparable, Hashable {
  public static func == (a: Decimal, b: Decimal) -> Bool { order(a, b) == 0 }
  public static func < (a: Decimal, b: Decimal) -> Bool { order(a, b) < 0 }

  public func hash(into hasher: inout Hasher) {
    let same = normalized
    hasher.combine(same.digits)
    hasher.combine(same.scale)
  }

  private static func order(_ a: Decimal, _ b: Decimal) -> Int {
    if let difference = subtract(a, b) { return difference.digits.signum().asInt }
    // Too far apart in scale for one number: the sign, or else the length before the point, decides.
    let (x, y) = (a.normalized, b.normalized)
    if x.digits.signum() != y.digits.signum() { return x.digits.signum() < y.digits.signum() ? -1 : 1 }
    let longer = x.integerDigits - y.integerDigits
    if longer != 0 { return (longer > 0) == (x.digits > 0) ? 1 : -1 }
    return x.compareAligned(y)
  }

  /// How many digits stand before the point; negative for zeros behind it.
  private var integerDigits: Int { "\(digits.magnitude)".utf8.count - scale }

  private func compareAligned(_ other: Decimal) -> Int {
    var (a, b) = ("\(digits.magnitude)", "\(other.digits.magnitude)")
    while a.utf8.count < b.utf8.count { a += "0" }
    while b.utf8.count < a.utf8.count { b += "0" }
    guard a != b else { return 0 }
    return (a < b) == (digits > 0) ? -1 : 1
  }
}

extension Int128 {
  fileprivate var asInt: Int { Int(truncatingIfNeeded: self) }
}

extension Decimal: CustomStringConvertible {
  /// Plain digits, never an exponent: `-0.50`.
  public var description: String {
    // All digits of 128 bits, or as many zeros as stand behind the point; a sign, a zero before the point, the point.
    let capacity = Swift.max(scale, 39) + 3
    return String(unsafeUninitializedCapacity: capacity) { out in
      let start = write(backwardsFrom: capacity, in: out)
      for index in start..<capacity { out[index - start] = out[index] }
      return capacity - start
    }
  }

  /// Writes the text so that it ends at `end`.
  ///
  /// - Returns: where it begins.
  private func write(backwardsFrom end: Int, in out: UnsafeMutableBufferPointer<UInt8>) -> Int {
    var place = end
    var written = 0
    var high = digits.magnitude
    // The digits that are next, of which `left` are there however few are not zero.
    var low: UInt64 = 0
    var left = 0
    while high > 0 || low > 0 || written <= scale {
      if left == 0 { left = Self.takeDigits(of: &high, &low) }
      if written == scale, scale > 0 {
        place -= 1
        out[place] = UInt8(ascii: ".")
      }
      let (quotient, digit) = low.quotientAndRemainder(dividingBy: 10)
      place -= 1
      out[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
      low = quotient
      left -= 1
      written += 1
    }
    if digits < 0 {
      place -= 1
      out[place] = UInt8(ascii: "-")
    }
    return place
  }

  /// Moves the lowest digits out of `high`, where they are cheaper to compute with.
  ///
  /// - Returns: how many.
  private static func takeDigits(of high: inout UInt128, _ low: inout UInt64) -> Int {
    if let all = UInt64(exactly: high) {
      (high, low) = (0, all)
      return .max
    }
    let (quotient, rest) = high.quotientAndRemainder(dividingBy: 1_000_000_000_000_000_000)
    (high, low) = (quotient, UInt64(truncatingIfNeeded: rest))
    return 18
  }
}

extension Decimal {
  /// Reads a number byte by byte.
  private struct Scan {
    private var digits: Int128 = 0
    private var scale = 0
    private var isNegative = false
    private var exponent = 0
    private var exponentIsNegative = false
    private var part = Part.start

    private enum Part { case start, sign, whole, point, fraction, exponentStart, exponentSign, exponent }

    mutating func take(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): return takeDigit(Int128(byte - UInt8(ascii: "0")))
      case UInt8(ascii: "-"), UInt8(ascii: "+"): return takeSign(byte == UInt8(ascii: "-"))
      case UInt8(ascii: "."): return takePoint()
      case UInt8(ascii: "e"), UInt8(ascii: "E"): return takeExponent()
      default: return false
      }
    }

    private mutating func takeDigit(_ digit: Int128) -> Bool {
      switch part {
      case .start, .sign: part = .whole
      case .point: part = .fraction
      case .exponentStart, .exponentSign: part = .exponent
      default: break
      }
      if part == .exponent {
        exponent = exponent * 10 + Int(digit)
        return exponent < 1_000
      }
      if part == .fraction { scale += 1 }
      guard digits <= (Decimal.magnitudeMax - digit) / 10 else { return false }
      digits = digits * 10 + digit
      return scale <= Decimal.digitsMax
    }

    private mutating func takeSign(_ negative: Bool) -> Bool {
      switch part {
      case .start:
        isNegative = negative
        part = .sign
      case .exponentStart:
        exponentIsNegative = negative
        part = .exponentSign
      default: return false
      }
      return true
    }

    private mutating func takePoint() -> Bool {
      guard part == .start || part == .sign || part == .whole else { return false }
      part = .point
      return true
    }

    private mutating func takeExponent() -> Bool {
      guard part == .whole || part == .fraction else { return false }
      part = .exponentStart
      return true
    }

    /// nil where the text ended too early or the exponent leads out of range.
    var value: Decimal? {
      guard part == .whole || part == .fraction || part == .exponent else { return nil }
      let signed = isNegative ? -digits : digits
      let places = scale - (exponentIsNegative ? -exponent : exponent)
      if digits == 0 { return Decimal(0, scale: Swift.min(Swift.max(places, 0), Decimal.digitsMax)) }
      if places >= 0 {
        return places <= Decimal.digitsMax ? Decimal(signed, scale: places) : nil
      }
      guard -places <= Decimal.digitsMax else { return nil }
      let (product, overflow) = signed.multipliedReportingOverflow(by: Decimal.power10(-places))
      return overflow ? nil : Decimal(product).checked()
    }
  }
}
