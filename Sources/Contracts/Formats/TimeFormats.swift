import Records

/// Dates and times of RFC 3339, section 5.6 and appendix A.
extension TextScan {
  mutating func date() -> Bool {
    guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2) else { return false }
    return CivilDay(year: year, month: month, day: day) != nil
  }

  mutating func dateTime() -> Bool { date() && take(letter: "t") && time() }

  /// `full-time`. The sixtieth second is a leap second, which only the last minute of a day in UTC has.
  mutating func time() -> Bool {
    guard let hour = digits(2), hour < 24, take(":"), let minute = digits(2), minute < 60, take(":"),
      let second = digits(2), second <= 60
    else { return false }
    if take(".") { guard take(while: \.isASCIIDigit) > 0 else { return false } }
    guard let offset = zoneMinutes() else { return false }
    guard second == 60 else { return true }
    return (hour * 60 + minute - offset + 2 * 1_440) % 1_440 == 1_439
  }

  /// The offset from UTC in minutes.
  private mutating func zoneMinutes() -> Int? {
    if take(letter: "z") { return 0 }
    let isWest = next == UInt8(ascii: "-")
    guard take("-") || take("+"), let hours = digits(2), hours < 24, take(":"), let minutes = digits(2), minutes < 60
    else { return nil }
    return (isWest ? -1 : 1) * (hours * 60 + minutes)
  }

  /// `P1Y2M3DT4H5M6S` or `P2W`: a unit may be left out at either end, not in the middle.
  mutating func duration() -> Bool {
    guard take("P") else { return false }
    let start = index
    if take(while: \.isASCIIDigit) > 0, take("W") { return true }
    back(to: start)
    guard let days = units("Y", "M", "D") else { return false }
    return take("T") ? units("H", "M", "S") ?? 0 > 0 : days > 0
  }

  /// How many of the units there are, in their order and without a gap; nil where there is another.
  private mutating func units(_ names: Unicode.Scalar...) -> Int? {
    var count = 0
    var wanted = names[...]
    while next.isASCIIDigit {
      _ = take(while: \.isASCIIDigit)
      guard let place = wanted.firstIndex(where: { UInt32(next) == $0.value }), count == 0 || place == wanted.startIndex
      else { return nil }
      skip(1)
      wanted = wanted[(place + 1)...]
      count += 1
    }
    return count
  }
}
