import Records

/// A moment as the calendar and clock of a zone show it.
struct CivilTime: Sendable {
  var day: CivilDay
  var secondOfDay: Int
  var nanoseconds: Int32
  private let days: Int64

  init(_ time: Timestamp, in zone: Zone = .utc) {
    let local = time.seconds + Int64(zone.offset(at: time.seconds))
    days = Int64((Double(local) / 86_400).rounded(.down))
    day = CivilDay(daysSince1970: days)
    secondOfDay = Int(local - days * 86_400)
    nanoseconds = time.nanoseconds
  }

  var hour: Int { secondOfDay / 3_600 }
  var minute: Int { secondOfDay / 60 % 60 }
  var second: Int { secondOfDay % 60 }
  var milliseconds: Int { Int(nanoseconds) / 1_000_000 }

  /// 0 is Sunday.
  var weekday: Int { Int(((days + 4) % 7 + 7) % 7) }

  /// 0 is the first of January.
  var dayOfYear: Int {
    let firstDay = CivilDay(year: day.year, month: 1, day: 1)?.daysSince1970 ?? days
    return Int(days - firstDay)
  }
}
