import Records

/// Days and times as PostgreSQL counts them: since the first of January 2000.
enum BinaryTime {
  private static let daysFrom1970To2000: Int64 = 10_957

  /// Of `2026-11-23`; nil for any other form, and for what no calendar has.
  static func days(_ text: UnsafeRawBufferPointer) -> Int32? {
    guard text.count == 10, let day = day(text) else { return nil }
    return Int32(day - daysFrom1970To2000)
  }

  /// Of `2026-11-23T07:15:30.25+01:00`, or with a space for the `T`, and without a zone in UTC; nil for any other form,
  /// and for more than six decimals, which the server rounds.
  ///
  /// - Parameter hasZone: whether the type has one; otherwise a zone other than UTC is left to the server.
  static func microseconds(_ text: UnsafeRawBufferPointer, hasZone: Bool) -> Int64? {
    guard text.count >= 19, let day = day(text), text[10] == UInt8(ascii: "T") || text[10] == UInt8(ascii: " "),
      text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"), let hour = two(text, 11), hour < 24,
      let minute = two(text, 14), minute < 60, let second = two(text, 17), second < 60
    else { return nil }
    var at = 19
    guard let fraction = fraction(text, &at), let offset = zone(text, at), hasZone || offset == 0 else {
      return nil
    }
    let seconds = (day - daysFrom1970To2000) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    return seconds * 1_000_000 + fraction
  }

  @inline(__always)
  private static func day(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"), let century = two(text, 0),
      let rest = two(text, 2),
      let month = two(text, 5), let day = two(text, 8), century + rest > 0
    else { return nil }
    return CivilDay(year: Int(century * 100 + rest), month: Int(month), day: Int(day))?.daysSince1970
  }

  @inline(__always)
  private static func two(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int64? {
    let tens = text[at] &- UInt8(ascii: "0")
    let ones = text[at + 1] &- UInt8(ascii: "0")
    return tens < 10 && ones < 10 ? Int64(tens) * 10 + Int64(ones) : nil
  }

  @inline(__always)
  private static func fraction(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> Int64? {
    guard at < text.count, text[at] == UInt8(ascii: ".") else { return 0 }
    at += 1
    var value: Int64 = 0
    var digits = 0
    while at < text.count, case let digit = text[at] &- UInt8(ascii: "0"), digit < 10 {
      value = value * 10 + Int64(digit)
      digits += 1
      at += 1
      if digits > 6 { return nil }
    }
    if digits == 0 { return nil }
    for _ in digits..<6 { value *= 10 }
    return value
  }

  /// The offset from UTC in seconds.
  @inline(__always)
  private static func zone(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int64? {
    if at == text.count { return 0 }
    if at + 1 == text.count { return text[at] == UInt8(ascii: "Z") ? 0 : nil }
    let sign: Int64
    switch text[at] {
    case UInt8(ascii: "+"): sign = 1
    case UInt8(ascii: "-"): sign = -1
    default: return nil
    }
    guard at + 3 <= text.count, let hours = two(text, at + 1), hours < 15 else { return nil }
    if at + 3 == text.count { return sign * hours * 3_600 }
    guard at + 6 == text.count, text[at + 3] == UInt8(ascii: ":"), let minutes = two(text, at + 4), minutes < 60 else {
      return nil
    }
    return sign * (hours * 3_600 + minutes * 60)
  }
}
