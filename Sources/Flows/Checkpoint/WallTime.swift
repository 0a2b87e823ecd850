/// Milliseconds since 1970 as `2026-11-23T06:12:09.123Z` and back.
///
/// Days and dates by Howard Hinnant's algorithms, https://howardhinnant.github.io/date_algorithms.html
package enum WallTime {
  package static func text(_ milliseconds: Int64) -> String {
    let days = milliseconds.flooredQuotient(by: 86_400_000)
    let rest = milliseconds - days * 86_400_000
    let (year, month, day) = date(days)
    let time = "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1_000 % 60, 2))"
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(time).\(padded(rest % 1_000, 3))Z"
  }

  /// Reads what ``text(_:)`` writes, nothing else.
  package static func milliseconds(_ text: String) -> Int64? {
    let parts = text.split(omittingEmptySubsequences: false) { "-T:.Z".contains($0) }.map { Int64($0) }
    guard parts.count == 8, let year = parts[0], let month = parts[1], let day = parts[2], let hour = parts[3],
      let minute = parts[4], let second = parts[5], let fraction = parts[6], (1...12).contains(month)
    else { return nil }
    let value = days(year, month, day) * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1_000 + fraction
    return self.text(value) == text ? value : nil
  }

  private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted.flooredQuotient(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = year.flooredQuotient(by: 400)
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func padded(_ number: Int64, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

extension Int64 {
  fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
