import Records

/// Writes values that came in PostgreSQL's binary form as the texts that it writes itself, behind the bytes of a batch.
///
/// A place is a value's first byte in the batch; its length was checked against the batch's end. Pointers are taken after
/// room was made, because the bytes move then.
enum BinaryText {
  /// A form with another length than its type has is refused with false.
  static func append(_ place: Range<Int>, as form: BinaryForm, to bytes: inout ByteBuffer) -> Bool {
    switch form {
    case .int2: return integer(place, Int16.self, &bytes)
    case .int4: return integer(place, Int32.self, &bytes)
    case .int8: return integer(place, Int64.self, &bytes)
    case .bool:
      guard place.count == 1 else { return false }
      bytes.append(bytes.base[place.lowerBound] == 0 ? UInt8(ascii: "f") : UInt8(ascii: "t"))
      return true
    case .numeric: return numeric(place, &bytes)
    case .date: return BinaryTimeText.append(date: place, &bytes)
    case .timestamp: return BinaryTimeText.append(timestamp: place, zone: "", &bytes)
    case .timestampWithZone: return BinaryTimeText.append(timestamp: place, zone: "Z", &bytes)
    case .uuid: return uuid(place, &bytes)
    case .bytes:
      append(hexadecimal: place, &bytes)
      return true
    case .text, .jsonb, .float4, .float8: return false
    }
  }

  @inline(__always)
  static func load<Number: FixedWidthInteger>(_ bytes: borrowing ByteBuffer, _ at: Int, _: Number.Type) -> Number {
    Number(bigEndian: UnsafeRawPointer(bytes.base).loadUnaligned(fromByteOffset: at, as: Number.self))
  }

  private static func integer<Number: FixedWidthInteger>(
    _ place: Range<Int>, _ type: Number.Type, _ bytes: inout ByteBuffer
  ) -> Bool {
    guard place.count == MemoryLayout<Number>.size else { return false }
    NodeJSON.appendInteger(Int64(load(bytes, place.lowerBound, type)), to: &bytes)
    return true
  }

  // MARK: - Bytes

  private static let digits: StaticString = "0123456789abcdef"

  private static func uuid(_ place: Range<Int>, _ bytes: inout ByteBuffer) -> Bool {
    guard place.count == 16 else { return false }
    bytes.reserve(36)
    for index in 0..<16 {
      if index == 4 || index == 6 || index == 8 || index == 10 { bytes.append(UInt8(ascii: "-")) }
      append(hexadecimal: bytes.base[place.lowerBound + index], &bytes)
    }
    return true
  }

  /// `\x` and two digits a byte.
  private static func append(hexadecimal place: Range<Int>, _ bytes: inout ByteBuffer) {
    bytes.reserve(2 + 2 * place.count)
    bytes.append("\\x")
    for index in place { append(hexadecimal: bytes.base[index], &bytes) }
  }

  @inline(__always)
  private static func append(hexadecimal byte: UInt8, _ bytes: inout ByteBuffer) {
    bytes.append(digits.utf8Start[Int(byte >> 4)])
    bytes.append(digits.utf8Start[Int(byte & 15)])
  }

  // MARK: - Numeric

  /// The head: how many digits to the base of 10,000, the weight of the first, the sign, how many decimals are shown.
  private struct Head {
    var count: Int
    var weight: Int
    var sign: UInt16
    var decimals: Int
    /// Where the digits begin.
    var digits: Int

    init?(_ place: Range<Int>, _ bytes: borrowing ByteBuffer) {
      guard place.count >= 8 else { return nil }
      let start = place.lowerBound
      count = Int(load(bytes, start, UInt16.self))
      weight = Int(load(bytes, start + 2, Int16.self))
      sign = load(bytes, start + 4, UInt16.self)
      decimals = Int(load(bytes, start + 6, UInt16.self))
      digits = start + 8
      guard place.count == 8 + 2 * count else { return nil }
    }

    /// The digit of that number; 0 beyond those that are there.
    @inline(__always)
    func digit(_ number: Int, _ bytes: borrowing ByteBuffer) -> Int {
      number >= 0 && number < count ? Int(load(bytes, digits + 2 * number, UInt16.self)) : 0
    }
  }

  private static let negative: UInt16 = 0x4000

  private static func numeric(_ place: Range<Int>, _ bytes: inout ByteBuffer) -> Bool {
    guard let head = Head(place, bytes) else { return false }
    switch head.sign {
    case 0, negative: break
    case 0xc000: bytes.append("NaN")
    case 0xd000: bytes.append("Infinity")
    case 0xf000: bytes.append("-Infinity")
    default: return false
    }
    if head.sign > negative { return true }
    bytes.reserve(4 * (max(0, head.weight) + 1) + head.decimals + 6)
    if head.sign == negative { bytes.append(UInt8(ascii: "-")) }
    append(whole: head, &bytes)
    if head.decimals > 0 { append(fraction: head, &bytes) }
    return true
  }

  @inline(__always)
  private static func append(whole head: Head, _ bytes: inout ByteBuffer) {
    guard head.weight >= 0 else { return bytes.append(UInt8(ascii: "0")) }
    let first = head.digit(0, bytes)
    append(first, digits: first < 10 ? 1 : first < 100 ? 2 : first < 1_000 ? 3 : 4, &bytes)
    var number = 1
    while number <= head.weight {
      append(head.digit(number, bytes), digits: 4, &bytes)
      number += 1
    }
  }

  @inline(__always)
  private static func append(fraction head: Head, _ bytes: inout ByteBuffer) {
    bytes.append(UInt8(ascii: "."))
    var left = head.decimals
    var number = head.weight + 1
    while left > 0 {
      let digit = head.digit(number, bytes)
      switch left {
      case 1: append(digit / 1_000, digits: 1, &bytes)
      case 2: append(digit / 100, digits: 2, &bytes)
      case 3: append(digit / 10, digits: 3, &bytes)
      default: append(digit, digits: 4, &bytes)
      }
      left -= 4
      number += 1
    }
  }

  /// Into room that was made.
  @inline(__always)
  static func append(_ number: Int, digits: Int, _ bytes: inout ByteBuffer) {
    var rest = number
    let end = bytes.end
    var index = digits - 1
    while index >= 0 {
      end[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      index -= 1
    }
    bytes.advance(by: digits)
  }
}
