import Records

/// The parts of moments, in UTC or a zone, and of durations.
enum TimeFunctions {
  static let all: [Function] = [
    getter("getFullYear", "The year.", "2009") { $0.day.year },
    getter("getMonth", "The month, counted from 0.", "1") { $0.day.month - 1 },
    getter("getDayOfYear", "The day of the year, counted from 0.", "43") { $0.dayOfYear },
    getter("getDayOfMonth", "The day of the month, counted from 0.", "12") { $0.day.day - 1 },
    getter("getDate", "The day of the month, counted from 1.", "13") { $0.day.day },
    getter("getDayOfWeek", "The day of the week; 0 is Sunday.", "5") { $0.weekday },
    getter("getHours", "The hour of a moment, or all hours of a duration.", "23", { $0 / 3_600_000_000_000 }) {
      $0.hour
    },
    getter("getMinutes", "The minute of a moment, or all minutes of a duration.", "31", { $0 / 60_000_000_000 }) {
      $0.minute
    },
    getter("getSeconds", "The second of a moment, or all seconds of a duration.", "30", { $0 / 1_000_000_000 }) {
      $0.second
    },
    getter("getMilliseconds", "The milliseconds within the second.", "0", { $0 / 1_000_000 % 1_000 }) {
      $0.milliseconds
    },
  ]

  private static func getter(
    _ name: String, _ summary: String, _ example: String, _ ofDuration: (@Sendable (Int64) -> Int64)? = nil,
    _ part: @escaping @Sendable (CivilTime) -> Int
  ) -> Function {
    var overloads: [Overload] = [
      .method(.timestamp, .int) { time throws(EvaluationError) in .int(Int64(part(CivilTime(try time.timestamp())))) },
      .method(.timestamp, .string, .int) { time, zone throws(EvaluationError) in
        .int(Int64(part(CivilTime(try time.timestamp(), in: try Zone(named: try zone.string())))))
      },
    ]
    if let ofDuration {
      overloads.append(
        .method(.duration, .int) { value throws(EvaluationError) in .int(ofDuration(try value.duration())) })
    }
    return Function(
      name, .standard, summary, overloads, examples: ["timestamp('2009-02-13T23:31:30Z').\(name)()": example])
  }
}
