/// A JSON number as its significant digits and a power of ten, exact whatever its length; it points into its text.
///
/// `0.0`, `-0` and `0e9` are zero; `1.0`, `10e-1` and `1` are the same number, because zeros at either end of the digits
/// are left out.
struct NumberView: BitwiseCopyable {
  /// Exponents are cut to ± this; numbers further out are compared as if they were there.
  static let exponentMax = 1 << 40

  /// From the first significant digit to the last, possibly with a point in between.
  private(set) var start: UnsafePointer<UInt8>
  private(set) var length: Int
  /// How many digits that is; 0 for zero.
  private(set) var digits: Int
  /// The power of ten of the last one.
  private(set) var exponent: Int
  private(set) var isNegative: Bool

  /// nil where the text is no JSON number.
  init?(_ text: UnsafeRawBufferPointer) {
    guard let base = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
    let count = text.count
    var index = 0
    isNegative = count > 0 && base[0] == UInt8(ascii: "-")
    if isNegative { index = 1 }
    var first = -1
    var last = -1
    var point = -1
    while index < count {
      let byte = base[index]
      if byte &- UInt8(ascii: "0") < 10 {
        if byte != UInt8(ascii: "0") {
          if first < 0 { first = index }
          last = index
        }
      } else if byte == UInt8(ascii: "."), point < 0 {
        point = index
      } else {
        break
      }
      index += 1
    }
    let end = index
    guard end - (isNegative ? 1 : 0) - (point < 0 ? 0 : 1) > 0 else { return nil }
    var power = 0
    if index < count {
      guard let read = Self.exponent(base + index, count - index) else { return nil }
      power = read
    }
    guard first >= 0 else {
      (start, length, digits, exponent, isNegative) = (base, 0, 0, 0, false)
      return
    }
    let whole = point < 0 ? end : point
    start = base + first
    length = last - first + 1
    digits = point > first && point < last ? length - 1 : length
    exponent = power + (last < whole ? whole - 1 - last : whole - last)
  }

  /// Reads `e+12`; nil where it is something else.
  private static func exponent(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int? {
    guard text[0] | 0x20 == UInt8(ascii: "e") else { return nil }
    var index = 1
    var isNegative = false
    if index < count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
      isNegative = text[index] == UInt8(ascii: "-")
      index += 1
    }
    guard index < count else { return nil }
    var value = 0
    while index < count {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = min(value * 10 + Int(digit), exponentMax)
      index += 1
    }
    return isNegative ? -value : value
  }

  var isZero: Bool { digits == 0 }
  var isIntegral: Bool { digits == 0 || exponent >= 0 }

  /// Calls with each significant digit, the highest first.
  @inline(__always)
  func forEachDigit(_ body: (UInt8) -> Void) {
    for index in 0..<length where start[index] != UInt8(ascii: ".") { body(start[index] &- UInt8(ascii: "0")) }
  }
}

extension NumberView {
  /// Negative, zero or positive, as `a` is smaller, equal or greater.
  static func order(_ a: NumberView, _ b: NumberView) -> Int {
    if a.isZero || b.isZero { return a.sign - b.sign }
    guard a.isNegative == b.isNegative else { return a.isNegative ? -1 : 1 }
    let order = magnitudeOrder(a, b)
    return a.isNegative ? -order : order
  }

  private var sign: Int { isZero ? 0 : isNegative ? -1 : 1 }

  private static func magnitudeOrder(_ a: NumberView, _ b: NumberView) -> Int {
    let lead = (a.exponent + a.digits) - (b.exponent + b.digits)
    if lead != 0 { return lead }
    var (i, j) = (0, 0)
    while i < a.length, j < b.length {
      if a.start[i] == UInt8(ascii: ".") { i += 1 }
      if b.start[j] == UInt8(ascii: ".") { j += 1 }
      if a.start[i] != b.start[j] { return Int(a.start[i]) - Int(b.start[j]) }
      i += 1
      j += 1
    }
    return a.digits - b.digits
  }
}
