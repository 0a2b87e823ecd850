import Glibc
import Records

/// Writes single cells in the binary form of their type, with their length before them.
///
/// Where a value has no binary form that means surely the same as its text does to the server, nothing is written and
/// the answer is false: the row goes as text then, and the server decides.
enum BinaryCells {
  @inline(__always)
  static func appendNull(to out: inout ByteBuffer) { append(Int32(-1), to: &out) }

  /// A number in network order.
  @inline(__always)
  static func append<Number: FixedWidthInteger>(_ number: Number, to out: inout ByteBuffer) {
    out.reserve(MemoryLayout<Number>.size)
    UnsafeMutableRawPointer(out.end).storeBytes(of: number.bigEndian, as: Number.self)
    out.advance(by: MemoryLayout<Number>.size)
  }

  @inline(__always)
  static func append(text: UnsafeRawBufferPointer, to out: inout ByteBuffer) {
    append(Int32(truncatingIfNeeded: text.count), to: &out)
    out.append(text)
  }

  /// A value of which the whole text is given.
  @inline(__always)
  static func append(_ text: UnsafeRawBufferPointer, as form: BinaryForm, to out: inout ByteBuffer) -> Bool {
    switch form {
    case .int2, .int4, .int8: return integer(text).map { append(integer: $0, as: form, to: &out) } ?? false
    case .numeric: return BinaryNumeric.append(text, to: &out)
    case .timestamp, .timestampWithZone:
      guard let time = BinaryTime.microseconds(text, hasZone: form == .timestampWithZone) else { return false }
      append(Int32(8), to: &out)
      append(time, to: &out)
      return true
    case .date:
      guard let day = BinaryTime.days(text) else { return false }
      append(Int32(4), to: &out)
      append(day, to: &out)
      return true
    case .float4, .float8: return float(text, isWide: form == .float8, to: &out)
    case .uuid: return uuid(text, to: &out)
    case .bool:
      let isTrue = text.elementsEqual("true".utf8) || text.elementsEqual("t".utf8)
      guard isTrue || text.elementsEqual("false".utf8) || text.elementsEqual("f".utf8) else { return false }
      append(bool: isTrue, to: &out)
      return true
    case .text, .jsonb, .bytes: return false
    }
  }

  /// - Returns: false where the type has no room for it.
  @inline(__always)
  static func append(integer: Int64, as form: BinaryForm, to out: inout ByteBuffer) -> Bool {
    switch form {
    case .int2:
      guard let number = Int16(exactly: integer) else { return false }
      append(Int32(2), to: &out)
      append(number, to: &out)
    case .int4:
      guard let number = Int32(exactly: integer) else { return false }
      append(Int32(4), to: &out)
      append(number, to: &out)
    case .int8:
      append(Int32(8), to: &out)
      append(integer, to: &out)
    default: return false
    }
    return true
  }

  static func append(bool: Bool, to out: inout ByteBuffer) {
    append(Int32(1), to: &out)
    out.append(bool ? 1 : 0)
  }

  /// Digits and a sign, no more than surely fit.
  @inline(__always)
  private static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard let first = text.first, text.count <= 19 else { return nil }
    let isNegative = first == UInt8(ascii: "-")
    var number: Int64 = 0
    guard text.count > (isNegative ? 1 : 0) else { return nil }
    for index in (isNegative ? 1 : 0)..<text.count {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, isOver) = tens.addingReportingOverflow(Int64(digit))
      if isTooLarge || isOver { return nil }
      number = sum
    }
    return isNegative ? -number : number
  }

  /// As the server reads it: by the C library. What it calls out of range is left to the server.
  ///
  /// The text ends the number or something else follows it, so the library stops at its end or the answer is false.
  private static func float(_ text: UnsafeRawBufferPointer, isWide: Bool, to out: inout ByteBuffer) -> Bool {
    guard let start = text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count > 0,
      text.allSatisfy({ (0x2b...0x39).contains($0) && $0 != 0x2c && $0 != 0x2f || $0 | 0x20 == UInt8(ascii: "e") })
    else { return false }
    var end: UnsafeMutablePointer<CChar>?
    if isWide {
      let number = strtod(start, &end)
      guard let end, UnsafePointer(end) == start + text.count, number.isNormal || number.isZero && isZero(text) else {
        return false
      }
      append(Int32(8), to: &out)
      append(number.bitPattern, to: &out)
    } else {
      let number = strtof(start, &end)
      guard let end, UnsafePointer(end) == start + text.count, number.isNormal || number.isZero && isZero(text) else {
        return false
      }
      append(Int32(4), to: &out)
      append(number.bitPattern, to: &out)
    }
    return true
  }

  private static func isZero(_ text: UnsafeRawBufferPointer) -> Bool { !text.contains { (0x31...0x39).contains($0) } }

  /// `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`
  private static func uuid(_ text: UnsafeRawBufferPointer, to out: inout ByteBuffer) -> Bool {
    guard text.count == 36 else { return false }
    let start = out.count
    append(Int32(16), to: &out)
    var index = 0
    while index < 36 {
      if [8, 13, 18, 23].contains(index) {
        guard text[index] == UInt8(ascii: "-") else { break }
        index += 1
      }
      guard let high = hexadecimal(text[index]), let low = hexadecimal(text[index + 1]) else { break }
      out.append(high << 4 | low)
      index += 2
    }
    if index == 36 { return true }
    out.truncate(to: start)
    return false
  }

  /// - Parameter digits: pairs of hexadecimal digits.
  static func append(hexadecimal digits: UnsafeRawBufferPointer, to out: inout ByteBuffer) -> Bool {
    guard digits.count % 2 == 0 else { return false }
    let start = out.count
    append(Int32(truncatingIfNeeded: digits.count / 2), to: &out)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = hexadecimal(digits[index]), let low = hexadecimal(digits[index + 1]) else {
        out.truncate(to: start)
        return false
      }
      out.append(high << 4 | low)
    }
    return true
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46, 0x61...0x66: (digit | 0x20) - 0x57
    default: nil
    }
  }
}
