import Records

/// Days and times in PostgreSQL's binary form, as texts: times as RFC 3339 has them where the year has four digits, and
/// everything else as PostgreSQL writes it.
enum BinaryTimeText {
  private static let daysFrom1970To2000: Int64 = 10_957
  private static let dayMicroseconds: Int64 = 86_400_000_000
  /// The longest text, in bytes: `294276-12-31T23:59:59.999999+00 BC`, and some.
  private static let textMax = 48

  static func append(date place: Range<Int>, _ bytes: inout ByteBuffer) -> Bool {
    guard place.count == 4 else { return false }
    let days = BinaryText.load(bytes, place.lowerBound, Int32.self)
    if isInfinite(days, &bytes) { return true }
    bytes.reserve(textMax)
    let day = CivilDay(daysSince1970: Int64(days) + daysFrom1970To2000)
    append(day, &bytes)
    if day.year <= 0 { bytes.append(" BC") }
    return true
  }

  /// - Parameter zone: `Z` for a type that has one; the session's is UTC.
  static func append(timestamp place: Range<Int>, zone: StaticString, _ bytes: inout ByteBuffer) -> Bool {
    guard place.count == 8 else { return false }
    let time = BinaryText.load(bytes, place.lowerBound, Int64.self)
    if isInfinite(time, &bytes) { return true }
    bytes.reserve(textMax)
    var days = time / dayMicroseconds
    var rest = time % dayMicroseconds
    if rest < 0 {
      rest += dayMicroseconds
      days -= 1
    }
    let day = CivilDay(daysSince1970: days + daysFrom1970To2000)
    let isUsual = (1...9_999).contains(day.year)
    append(day, &bytes)
    bytes.append(isUsual ? UInt8(ascii: "T") : UInt8(ascii: " "))
    append(clock: Int(rest), &bytes)
    if zone.utf8CodeUnitCount > 0 { bytes.append(isUsual ? zone : "+00") }
    if day.year <= 0 { bytes.append(" BC") }
    return true
  }

  private static func isInfinite<Number: FixedWidthInteger>(_ number: Number, _ bytes: inout ByteBuffer) -> Bool {
    guard number == .max || number == .min else { return false }
    bytes.append(number == .max ? "infinity" : "-infinity")
    return true
  }

  @inline(__always)
  private static func append(_ day: CivilDay, _ bytes: inout ByteBuffer) {
    // There is no year 0: the one before 1 is 1 BC.
    let year = day.year > 0 ? day.year : 1 - day.year
    BinaryText.append(year, digits: year < 10_000 ? 4 : year < 100_000 ? 5 : year < 1_000_000 ? 6 : 7, &bytes)
    bytes.append(UInt8(ascii: "-"))
    BinaryText.append(day.month, digits: 2, &bytes)
    bytes.append(UInt8(ascii: "-"))
    BinaryText.append(day.day, digits: 2, &bytes)
  }

  /// `07:15:30.25`: no more decimals than it has.
  @inline(__always)
  private static func append(clock microseconds: Int, _ bytes: inout ByteBuffer) {
    let seconds = microseconds / 1_000_000
    BinaryText.append(seconds / 3_600, digits: 2, &bytes)
    bytes.append(UInt8(ascii: ":"))
    BinaryText.append(seconds / 60 % 60, digits: 2, &bytes)
    bytes.append(UInt8(ascii: ":"))
    BinaryText.append(seconds % 60, digits: 2, &bytes)
    var fraction = microseconds % 1_000_000
    if fraction == 0 { return }
    var digits = 6
    while fraction % 10 == 0 {
      fraction /= 10
      digits -= 1
    }
    bytes.append(UInt8(ascii: "."))
    BinaryText.append(fraction, digits: digits, &bytes)
  }
}
