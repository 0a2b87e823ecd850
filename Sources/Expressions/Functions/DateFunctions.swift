import Records

/// Days, and times in other forms than RFC 3339.
enum DateFunctions {
  static let all: [Function] = [
    Function(
      "date", .data, "A day, of text like 2026-11-23 or of a moment in UTC or a zone.",
      [
        .function(.string, .date) { text throws(EvaluationError) in try date(text.string()) },
        .function(.date, .date) { day throws(EvaluationError) in .date(try day.date()) },
        .function(.timestamp, .date) { time throws(EvaluationError) in date(CivilTime(try time.timestamp()).day) },
        .function(.timestamp, .string, .date) { time, zone throws(EvaluationError) in
          date(CivilTime(try time.timestamp(), in: try Zone(named: try zone.string())).day)
        },
      ], examples: ["date(timestamp('2026-11-23T23:30:00Z'), 'Europe/Berlin')": "date('2026-11-24')"]),
    Function(
      "date.parse", .data, "A day, of text in a pattern: yyyy MM dd MMM MMMM.",
      [
        .function(.string, .string, .date) { text, pattern throws(EvaluationError) in
          let parsed = try TimePattern(pattern.string()).parse(text.string(), .utc)
          return date(CivilTime(parsed).day)
        }
      ], examples: ["date.parse('23.11.2026', 'dd.MM.yyyy')": "date('2026-11-23')"]),
    Function(
      "timestamp.parse", .data, "A moment, of text in a pattern and a zone, which is UTC or the text's own.",
      [
        .function(.string, .string, .timestamp) { text, pattern throws(EvaluationError) in
          .timestamp(try TimePattern(pattern.string()).parse(text.string(), .utc))
        },
        .function(.string, .string, .string, .timestamp) { text, pattern, zone throws(EvaluationError) in
          .timestamp(try TimePattern(pattern.string()).parse(text.string(), Zone(named: zone.string())))
        },
      ],
      examples: [
        "timestamp.parse('23.11.2026 09:15', 'dd.MM.yyyy HH:mm', 'Europe/Berlin')": "timestamp('2026-11-23T08:15:00Z')"
      ]),
    Function(
      "format", .data, "A moment or a day as text in a pattern, in UTC or a zone.",
      [
        .method(.timestamp, .string, .string) { time, pattern throws(EvaluationError) in
          .string(try TimePattern(pattern.string()).format(time.timestamp(), .utc))
        },
        .method(.timestamp, .string, .string, .string) { time, pattern, zone throws(EvaluationError) in
          .string(try TimePattern(pattern.string()).format(time.timestamp(), Zone(named: zone.string())))
        },
        .method(.date, .string, .string) { day, pattern throws(EvaluationError) in
          let midnight = Timestamp(seconds: Int64(try day.date().days) * 86_400)
          return .string(try TimePattern(pattern.string()).format(midnight, .utc))
        },
      ],
      examples: [
        "timestamp('2026-11-23T08:15:00Z').format('dd.MM.yyyy HH:mm', 'Europe/Berlin')": "'23.11.2026 09:15'",
        "date('2026-11-23').format('d MMMM yyyy')": "'23 November 2026'",
      ]),
    Function(
      "addDays", .data, "The day so many days later.",
      [
        .method(.date, .int, .date) { day, count throws(EvaluationError) in
          let sum = Int64(try day.date().days).addingReportingOverflow(try count.int())
          guard !sum.overflow, (-719_162...2_932_896).contains(sum.partialValue) else {
            throw .overflow("date, which spans the years 1 to 9999")
          }
          return .date(CivilDate(days: Int32(sum.partialValue)))
        }
      ], examples: ["date('2026-11-23').addDays(10)": "date('2026-12-03')"]),
  ]

  private static func date(_ text: String) throws(EvaluationError) -> CELValue {
    guard let day = CivilDay(text.utf8) else {
      let isMoment = Timestamp(text) != nil
      throw EvaluationError(
        .badConversion, "'\(text)' is no date",
        hint: isMoment ? "write date(timestamp(…))" : "write date.parse(…, 'dd.MM.yyyy') for other patterns")
    }
    return date(day)
  }

  private static func date(_ day: CivilDay) -> CELValue { .date(CivilDate(days: Int32(day.daysSince1970))) }
}
