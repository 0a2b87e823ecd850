import Records

/// Computing with moments and durations, within the ranges of the standard.
enum Time {
  private static let firstSecond: Int64 = -62_135_596_800
  private static let lastSecond: Int64 = 253_402_300_799
  private static let nanosecondsInSecond: Int64 = 1_000_000_000

  static func add(_ time: Timestamp, _ nanoseconds: Int64) throws(EvaluationError) -> Timestamp {
    let sum = Int64(time.nanoseconds) + nanoseconds % nanosecondsInSecond
    let carry = sum < 0 ? -1 : sum >= nanosecondsInSecond ? 1 : 0
    let seconds = time.seconds + nanoseconds / nanosecondsInSecond + Int64(carry)
    return try checked(
      Timestamp(seconds: seconds, nanoseconds: Int32(sum - Int64(carry) * nanosecondsInSecond)))
  }

  static func difference(_ a: Timestamp, _ b: Timestamp) throws(EvaluationError) -> Int64 {
    let seconds = Int128(a.seconds) - Int128(b.seconds)
    let total = seconds * Int128(nanosecondsInSecond) + Int128(a.nanoseconds) - Int128(b.nanoseconds)
    guard let nanoseconds = Int64(exactly: total) else { throw .overflow("duration, which spans 292 years") }
    return nanoseconds
  }

  /// The moment, if it lies in the years 1 to 9999.
  static func checked(_ time: Timestamp) throws(EvaluationError) -> Timestamp {
    guard (firstSecond...lastSecond).contains(time.seconds) else {
      throw .overflow("timestamp, which spans the years 1 to 9999")
    }
    return time
  }

  static func timestamp(seconds: Int64) throws(EvaluationError) -> Timestamp {
    try checked(Timestamp(seconds: seconds))
  }

  /// Reads RFC 3339 as the standard writes it: with `T` between day and time.
  static func timestamp(ofText text: CELValue) throws(EvaluationError) -> Timestamp {
    guard text.isOf(.string) else { throw .noSuchOverload }
    let time = text.withText { bytes in
      bytes.count > 19 && bytes[10] == UInt8(ascii: "T") && bytes.last != UInt8(ascii: "z") ? Timestamp(bytes) : nil
    }
    guard let time else {
      throw EvaluationError(
        .badConversion, "'\(try text.string())' is no timestamp",
        hint: "RFC 3339 looks like 2026-11-23T08:15:30Z; timestamp.parse() reads other patterns")
    }
    return try checked(time)
  }

  // MARK: Durations

  private static let units: [(name: String, nanoseconds: Int64)] = [
    ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", nanosecondsInSecond),
    ("m", 60 * nanosecondsInSecond), ("h", 3_600 * nanosecondsInSecond),
  ]

  /// Reads `1h30m`, `-1.5s`, `250ms`: numbers with units, added up.
  static func duration(_ text: String) throws(EvaluationError) -> Int64 {
    var rest = Array(text.utf8)[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    if rest.elementsEqual("0".utf8) { return 0 }
    var total: Int128 = 0
    repeat {
      guard let part = durationPart(&rest) else {
        throw EvaluationError(.badConversion, "'\(text)' is no duration", hint: "a duration looks like 1h30m or 250ms")
      }
      total += part
    } while !rest.isEmpty && total <= Int128(Int64.max) + 1
    guard let nanoseconds = Int64(exactly: isNegative ? -total : total) else {
      throw .overflow("duration, which spans 292 years")
    }
    return nanoseconds
  }

  private static func durationPart(_ rest: inout ArraySlice<UInt8>) -> Int128? {
    let whole = takeDigits(&rest)
    var fraction = ""
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      fraction = takeDigits(&rest)
    }
    guard !(whole.isEmpty && fraction.isEmpty), whole.utf8.count < 20 else { return nil }
    let name = rest.prefix { !isDigit($0) && $0 != UInt8(ascii: ".") }
    guard let unit = units.first(where: { $0.name.utf8.elementsEqual(name) }) else { return nil }
    rest = rest.dropFirst(name.count)
    let wholePart = (Int128(whole) ?? 0) * Int128(unit.nanoseconds)
    return wholePart + fractionPart(fraction, unit.nanoseconds)
  }

  private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> String {
    let digits = rest.prefix(while: isDigit)
    rest = rest.dropFirst(digits.count)
    return String(decoding: digits, as: UTF8.self)
  }

  private static func fractionPart(_ digits: String, _ unit: Int64) -> Int128 {
    // More than 18 digits lie below a nanosecond of any unit.
    let used = digits.prefix(18)
    var scale: Int128 = 1
    for _ in used.utf8 { scale *= 10 }
    return (Int128(used) ?? 0) * Int128(unit) / scale
  }

  /// Decimal seconds: `5400s`, `-0.25s`.
  static func text(ofDuration nanoseconds: Int64) -> String {
    let seconds = nanoseconds.magnitude / UInt64(nanosecondsInSecond)
    let rest = nanoseconds.magnitude % UInt64(nanosecondsInSecond)
    let sign = nanoseconds < 0 ? "-" : ""
    guard rest > 0 else { return "\(sign)\(seconds)s" }
    var fraction = String("\(rest + UInt64(nanosecondsInSecond))".dropFirst())
    while fraction.last == "0" { fraction.removeLast() }
    return "\(sign)\(seconds).\(fraction)s"
  }
}
