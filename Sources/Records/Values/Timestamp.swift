/// A moment, in seconds and nanoseconds since 1970-01-01T00:00:00Z, in the proleptic Gregorian calendar.
public struct Timestamp: Sendable, Hashable, Comparable {
  public var seconds: Int64
  /// 0 ..< 1,000,000,000.
  public var nanoseconds: Int32

  public init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  public static func < (a: Timestamp, b: Timestamp) -> Bool {
    (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
  }

  /// Reads RFC 3339, `2026-11-23T08:15:30.25+01:00`; a space or `t` may stand for the `T`, `z` for the `Z`. nil where it is
  /// no such text, names a day or time that does not exist, or has no zone.
  public init?(_ text: some Sequence<UInt8>) {
    var scan = DigitScan(text)
    guard let day = CivilDay(scanning: &scan), scan.take(anyOf: "Tt ") != nil,
      let clock = ClockTime(scanning: &scan), let offset = Self.zone(&scan), scan.isAtEnd
    else { return nil }
    seconds = day.daysSince1970 * 86_400 + Int64(clock.secondOfDay) - Int64(offset)
    nanoseconds = clock.nanoseconds
  }

  public init?(_ text: String) { self.init(text.utf8) }

  /// The offset from UTC in seconds.
  private static func zone(_ scan: inout DigitScan) -> Int? {
    guard let sign = scan.take(anyOf: "Zz+-") else { return nil }
    if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return 0 }
    guard let hours = scan.digits(2), hours < 24, scan.take(anyOf: ":") != nil, let minutes = scan.digits(2),
      minutes < 60
    else { return nil }
    return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 3_600 + minutes * 60)
  }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC, with as many digits of the second as it has: `2026-11-23T07:15:30.25Z`.
  public var description: String {
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let second = Int(seconds - days * 86_400)
    let clock = ClockTime(secondOfDay: second, nanoseconds: nanoseconds)
    return "\(CivilDay(daysSince1970: days))T\(clock)Z"
  }
}

/// A day of the calendar, without a time and a zone.
public struct CivilDay: Sendable, Hashable {
  public var year: Int
  public var month: Int
  public var day: Int

  /// nil where the calendar has no such day.
  public init?(year: Int, month: Int, day: Int) {
    guard (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year) else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
  }

  /// Howard Hinnant's civil_from_days.
  public init(daysSince1970: Int64) {
    let shifted = daysSince1970 + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    month = Int(monthIndex < 10 ? monthIndex + 3 : monthIndex - 9)
    year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
  }

  /// Howard Hinnant's days_from_civil.
  public var daysSince1970: Int64 {
    let shiftedYear = Int64(month <= 2 ? year - 1 : year)
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  public static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Reads `2026-11-23` from where the scan stands.
  init?(scanning scan: inout DigitScan) {
    guard let year = scan.digits(4), scan.take(anyOf: "-") != nil, let month = scan.digits(2),
      scan.take(anyOf: "-") != nil, let day = scan.digits(2)
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  /// Reads `2026-11-23` and nothing else.
  public init?(_ text: some Sequence<UInt8>) {
    var scan = DigitScan(text)
    self.init(scanning: &scan)
    guard scan.isAtEnd else { return nil }
  }
}

extension CivilDay: CustomStringConvertible {
  public var description: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }
}

/// A time of a day, without a zone.
public struct ClockTime: Sendable, Hashable {
  /// 0 ..< 86,400.
  public var secondOfDay: Int
  public var nanoseconds: Int32

  public init(secondOfDay: Int, nanoseconds: Int32) {
    self.secondOfDay = secondOfDay
    self.nanoseconds = nanoseconds
  }

  /// Reads `08:15:30.25` from where the scan stands; at most nine digits of the second.
  init?(scanning scan: inout DigitScan) {
    guard let hour = scan.digits(2), hour < 24, scan.take(anyOf: ":") != nil, let minute = scan.digits(2), minute < 60,
      scan.take(anyOf: ":") != nil, let second = scan.digits(2), second < 60
    else { return nil }
    secondOfDay = hour * 3_600 + minute * 60 + second
    nanoseconds = 0
    guard scan.take(anyOf: ".") != nil else { return }
    guard let fraction = scan.fraction() else { return nil }
    nanoseconds = fraction
  }
}

extension ClockTime: CustomStringConvertible {
  public var description: String {
    let whole = "\(padded(secondOfDay / 3_600, 2)):\(padded(secondOfDay / 60 % 60, 2)):\(padded(secondOfDay % 60, 2))"
    guard nanoseconds > 0 else { return whole }
    var fraction = padded(Int(nanoseconds), 9)
    while fraction.last == "0" { fraction.removeLast() }
    return "\(whole).\(fraction)"
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = "\(number.magnitude)"
  return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

/// Reads groups of digits and signs out of a short text.
struct DigitScan {
  private let bytes: [UInt8]
  private var index = 0

  init(_ text: some Sequence<UInt8>) { bytes = Array(text) }

  var isAtEnd: Bool { index == bytes.count }

  /// The number that exactly `count` digits make.
  mutating func digits(_ count: Int) -> Int? {
    guard index + count <= bytes.count else { return nil }
    var number = 0
    for byte in bytes[index..<index + count] {
      guard let digit = Self.digit(byte) else { return nil }
      number = number * 10 + digit
    }
    index += count
    return number
  }

  /// One to nine digits behind a point, as nanoseconds.
  mutating func fraction() -> Int32? {
    var number: Int32 = 0
    var count = 0
    while index < bytes.count, let digit = Self.digit(bytes[index]) {
      guard count < 9 else { return nil }
      number = number * 10 + Int32(digit)
      count += 1
      index += 1
    }
    guard count > 0 else { return nil }
    for _ in count..<9 { number *= 10 }
    return number
  }

  mutating func take(anyOf choices: StaticString) -> UInt8? {
    guard index < bytes.count else { return nil }
    let found = UnsafeBufferPointer(start: choices.utf8Start, count: choices.utf8CodeUnitCount).contains(bytes[index])
    guard found else { return nil }
    defer { index += 1 }
    return bytes[index]
  }

  private static func digit(_ byte: UInt8) -> Int? {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
  }
}
