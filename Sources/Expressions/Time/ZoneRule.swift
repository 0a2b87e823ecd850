import Records

/// The rule at the end of a TZif file for all later years, `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX TZ with RFC 8536's
/// hours beyond a day).
struct ZoneRule: Sendable {
  private var standard = 0
  private var summer: Summer?

  private struct Summer: Sendable {
    var offset: Int
    var start: Change
    var end: Change
  }

  /// The day and the second of that day at which clocks change.
  private struct Change: Sendable {
    enum Day: Sendable {
      case monthWeekDay(Int, Int, Int)
      /// Counted from 1, February 29 never counts.
      case julian(Int)
      /// Counted from 0.
      case ordinal(Int)
    }
    var day: Day
    var time: Int
  }

  init?(_ text: String) {
    var scan = Scan(Array(text.utf8))
    guard scan.name(), let standard = scan.time() else { return nil }
    self.standard = -standard
    guard scan.name() else { return }
    let offset = scan.isAt(",") ? self.standard + 3_600 : -(scan.time() ?? standard - 3_600)
    guard let start = scan.change(), let end = scan.change() else { return nil }
    summer = Summer(offset: offset, start: start, end: end)
  }

  func offset(at seconds: Int64) -> Int {
    guard let summer else { return standard }
    let year = CivilDay(daysSince1970: Int64((Double(seconds + Int64(standard)) / 86_400).rounded(.down))).year
    let start = Self.moment(summer.start, year) - Int64(standard)
    let end = Self.moment(summer.end, year) - Int64(summer.offset)
    let isSummer = start < end ? (start..<end).contains(seconds) : !(end..<start).contains(seconds)
    return isSummer ? summer.offset : standard
  }

  /// The change of a year, in seconds since 1970 on the local clock.
  private static func moment(_ change: Change, _ year: Int) -> Int64 {
    let first = CivilDay(year: year, month: 1, day: 1)?.daysSince1970 ?? 0
    let day: Int64 =
      switch change.day {
      case .ordinal(let number): first + Int64(number)
      case .julian(let number):
        first + Int64(number - 1) + (number > 59 && CivilDay.days(in: 2, of: year) == 29 ? 1 : 0)
      case .monthWeekDay(let month, let week, let weekday): Self.day(year, month, week, weekday)
      }
    return day * 86_400 + Int64(change.time)
  }

  /// The `week`th `weekday` of a month; the fifth is the last.
  private static func day(_ year: Int, _ month: Int, _ week: Int, _ weekday: Int) -> Int64 {
    let first = CivilDay(year: year, month: month, day: 1)?.daysSince1970 ?? 0
    let firstWeekday = Int(((first + 4) % 7 + 7) % 7)
    var day = (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
    if day >= CivilDay.days(in: month, of: year) { day -= 7 }
    return first + Int64(day)
  }

  private struct Scan {
    let bytes: [UInt8]
    var at = 0
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func isAt(_ character: Unicode.Scalar) -> Bool { at < bytes.count && bytes[at] == UInt8(ascii: character) }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
      guard isAt(character) else { return false }
      at += 1
      return true
    }

    /// The abbreviation of a zone: letters, or anything in angle brackets.
    mutating func name() -> Bool {
      let start = at
      if skip("<") {
        while at < bytes.count, !skip(">") { at += 1 }
      } else {
        while at < bytes.count, isLetter(bytes[at]) { at += 1 }
      }
      return at > start
    }

    mutating func number() -> Int? {
      let digits = bytes[at...].prefix(while: isDigit)
      at += digits.count
      return Int(String(decoding: digits, as: UTF8.self))
    }

    /// `[+-]hh[:mm[:ss]]`, in seconds.
    mutating func time() -> Int? {
      let isNegative = skip("-")
      if !isNegative { _ = skip("+") }
      guard let hours = number() else { return nil }
      var seconds = hours * 3_600
      if skip(":") { seconds += (number() ?? 0) * 60 }
      if skip(":") { seconds += number() ?? 0 }
      return isNegative ? -seconds : seconds
    }

    /// `,M3.5.0/2`, `,J60`, `,59`
    mutating func change() -> Change? {
      guard skip(","), let day = day() else { return nil }
      return Change(day: day, time: skip("/") ? time() ?? 7_200 : 7_200)
    }

    private mutating func day() -> Change.Day? {
      if skip("J") { return number().map { .julian($0) } }
      guard skip("M") else { return number().map { .ordinal($0) } }
      guard let month = number(), (1...12).contains(month), skip("."), let week = number(), (1...5).contains(week),
        skip("."), let weekday = number(), weekday < 7
      else { return nil }
      return .monthWeekDay(month, week, weekday)
    }
  }
}
