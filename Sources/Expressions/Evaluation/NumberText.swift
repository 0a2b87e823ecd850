import Glibc

/// Numbers as JSON writes them.
enum NumberText {
  /// A whole number: an int where it fits, a uint beyond that, and else a double.
  static func integer(_ text: UnsafeRawBufferPointer) -> CELValue {
    let isNegative = text.first == UInt8(ascii: "-")
    var value: Int64 = 0
    for byte in text.dropFirst(isNegative ? 1 : 0) {
      let digit = Int64(byte &- 0x30)
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, carry) = isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      if overflow || carry { return wide(text) }
      value = next
    }
    return .int(value)
  }

  /// The int that a text spells, with a sign or without; nil where it is none.
  static func whole(_ text: UnsafeRawBufferPointer) -> Int64? {
    let isNegative = text.first == UInt8(ascii: "-")
    let start = isNegative || text.first == UInt8(ascii: "+") ? 1 : 0
    guard text.count > start else { return nil }
    var value: Int64 = 0
    for index in start..<text.count {
      let digit = Int64(text[index]) - 0x30
      guard digit >= 0, digit < 10 else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, carry) = isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = next
    }
    return value
  }

  private static func wide(_ text: UnsafeRawBufferPointer) -> CELValue {
    UInt64(String(decoding: text, as: UTF8.self)).map { .uint($0) } ?? double(text)
  }

  private static let powers: [Double] = (0...22).map { pow(10, Double($0)) }

  /// Numbers of up to 15 digits with a small exponent are exact in one division or multiplication (Clinger); the rest
  /// goes through strtod.
  static func double(_ text: UnsafeRawBufferPointer) -> CELValue {
    var digits: UInt64 = 0
    var count = 0
    var fraction = 0
    var seenPoint = false
    let isNegative = text.first == UInt8(ascii: "-")
    for byte in text.dropFirst(isNegative ? 1 : 0) {
      if byte == UInt8(ascii: ".") {
        seenPoint = true
      } else if isDigit(byte) {
        digits = digits &* 10 &+ UInt64(byte &- 0x30)
        count += 1
        if seenPoint { fraction += 1 }
      } else {
        return slow(text)
      }
    }
    guard count <= 15, fraction <= 22 else { return slow(text) }
    let value = Double(digits) / powers[fraction]
    return .double(isNegative ? -value : value)
  }

  private static func slow(_ text: UnsafeRawBufferPointer) -> CELValue {
    .double(strtod(String(decoding: text, as: UTF8.self), nil))
  }
}
