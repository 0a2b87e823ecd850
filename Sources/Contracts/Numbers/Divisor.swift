/// The value of `multipleOf`: decides exactly whether a number of any length is a whole multiple of it.
struct Divisor: BitwiseCopyable, Sendable {
  /// The most significant digits of a divisor, in decimal digits.
  static let digitsMax = 36
  /// A divisor below 2^128 has at most this many factors of two, so further powers of ten change nothing.
  private static let powersMax = 128

  private let digits: UInt128
  private let exponent: Int

  /// nil where it has more than ``digitsMax`` digits, or is not positive.
  init?(_ number: NumberView) {
    guard !number.isZero, !number.isNegative, number.digits <= Self.digitsMax else { return nil }
    var value: UInt128 = 0
    number.forEachDigit { value = value * 10 + UInt128($0) }
    digits = value
    exponent = number.exponent
  }

  /// With a = A·10^m and d = D·10^n, the digits of A not ending in zero: for m < n it would need A to be a multiple of ten.
  func divides(_ number: NumberView) -> Bool {
    if number.isZero { return true }
    let shift = number.exponent - exponent
    guard shift >= 0 else { return false }
    if let small = UInt64(exactly: digits), small < 1 << 60 { return remainder(number, small, shift) == 0 }
    return remainder(number, digits, shift) == 0
  }

  @inline(__always)
  private func remainder<Word: FixedWidthInteger & UnsignedInteger>(
    _ number: NumberView, _ divisor: Word, _ shift: Int
  ) -> Word {
    var rest: Word = 0
    number.forEachDigit { rest = (rest * 10 + Word($0)) % divisor }
    for _ in 0..<min(shift, Self.powersMax) { rest = rest * 10 % divisor }
    return rest
  }
}
