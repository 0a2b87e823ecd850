import Records
import Testing

@testable import Expressions

/// Zones, patterns, durations.
@Suite struct TimeTests {
  @Test(arguments: [
    // Each change of Berlin's clocks, just before and at it, by the file's table and by its rule for later years.
    ("2026-03-29T00:59:59Z", "Europe/Berlin", 3_600), ("2026-03-29T01:00:00Z", "Europe/Berlin", 7_200),
    ("2026-10-25T00:59:59Z", "Europe/Berlin", 7_200), ("2026-10-25T01:00:00Z", "Europe/Berlin", 3_600),
    ("2150-07-01T00:00:00Z", "Europe/Berlin", 7_200), ("2150-01-01T00:00:00Z", "Europe/Berlin", 3_600),
    // South of the equator summer spans the new year.
    ("2026-01-15T00:00:00Z", "Australia/Sydney", 39_600), ("2026-07-15T00:00:00Z", "Australia/Sydney", 36_000),
    ("2150-01-15T00:00:00Z", "Australia/Sydney", 39_600),
    // No change of clocks, half hours, before any record, a rule below zero.
    ("2026-07-01T00:00:00Z", "Asia/Kolkata", 19_800), ("1800-01-01T00:00:00Z", "Europe/Berlin", 3_208),
    ("2026-07-01T00:00:00Z", "America/St_Johns", -9_000), ("2026-07-01T00:00:00Z", "Africa/Casablanca", 3_600),
    ("2026-07-01T00:00:00Z", "UTC", 0), ("2026-07-01T00:00:00Z", "-02:30", -9_000),
    ("2026-07-01T00:00:00Z", "02:00", 7_200),
  ])
  func aZoneKnowsItsOffset(time: String, zone: String, offset: Int) throws {
    let moment = try #require(Timestamp(time))
    #expect(try Zone(named: zone).offset(at: moment.seconds) == offset)
  }

  @Test(arguments: [
    "Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "+25:00", "+02:60", "+2", "1:2:3", "Europe", "a:b",
  ])
  func aNameThatIsNoZoneIsRefused(name: String) {
    #expect(throws: EvaluationError.self) { try Zone(named: name) }
  }

  @Test(arguments: [
    ("23.11.2026 08:15", "dd.MM.yyyy HH:mm", "UTC", "2026-11-23T08:15:00Z"),
    ("3/9/26 1:05 PM", "M/d/yy h:mm a", "UTC", "2026-03-09T13:05:00Z"),
    ("12:00 am, 1 Jan 2026", "hh:mm a, d MMM yyyy", "UTC", "2026-01-01T00:00:00Z"),
    ("Mon, 23 November 2026", "EEE, d MMMM yyyy", "UTC", "2026-11-23T00:00:00Z"),
    ("20261123T081530.250+0100", "yyyyMMdd'T'HHmmss.SSSX", "UTC", "2026-11-23T07:15:30.25Z"),
    ("2026-11-23T08:15:30+01:00", "yyyy-MM-dd'T'HH:mm:ssXXX", "America/New_York", "2026-11-23T07:15:30Z"),
    ("2026-03-29 02:30", "yyyy-MM-dd HH:mm", "Europe/Berlin", "2026-03-29T01:30:00Z"),
    ("2026-10-25 02:30", "yyyy-MM-dd HH:mm", "Europe/Berlin", "2026-10-25T00:30:00Z"),
    ("1969", "yyyy", "UTC", "1969-01-01T00:00:00Z"), ("69", "yy", "UTC", "2069-01-01T00:00:00Z"),
  ])
  func aPatternReads(text: String, pattern: String, zone: String, wanted: String) throws {
    let value = try evaluate("timestamp.parse('\(text)', \(CELValue.string(pattern).shown), '\(zone)')")
    #expect(value.shown == "timestamp('\(wanted)')")
  }

  @Test(arguments: [
    ("31.02.2026", "dd.MM.yyyy"), ("1.1.26", "dd.MM.yyyy"), ("01.01.2026 ", "dd.MM.yyyy"), ("25:00", "HH:mm"),
    ("13:00 PM", "hh:mm a"), ("Foo 2026", "MMM yyyy"), ("", "yyyy"), ("2026", "qqqq"), ("2026", "yyyy'"),
  ])
  func aTextThatDoesNotFitIsRefused(text: String, pattern: String) {
    #expect(throws: EvaluationError.self) {
      try evaluate("timestamp.parse('\(text)', \(CELValue.string(pattern).shown))")
    }
  }

  @Test(arguments: [
    ("d.M.yy", "3.1.26"), ("EEEE, dd MMM yyyy", "Saturday, 03 Jan 2026"), ("hh:mm a", "07:05 PM"),
    ("h 'o''clock'", "7 o'clock"),
    ("SSS", "250"), ("HH:mm XXX", "19:05 +01:00"), ("Z", "+0100"), ("'T'''", "T'"),
  ])
  func aPatternWrites(pattern: String, wanted: String) throws {
    let value = try evaluate(
      "timestamp('2026-01-03T18:05:09.25Z').format(\(CELValue.string(pattern).shown), 'Europe/Berlin')")
    #expect(try value.string() == wanted)
  }

  @Test(arguments: [
    ("1h30m", "5400s"), ("-1.5s", "-1.5s"), ("250ms", "0.25s"), ("1us", "0.000001s"), ("1ns", "0.000000001s"),
    ("0", "0s"),
    ("+2m", "120s"), ("1.5h", "5400s"), (".5s", "0.5s"), ("1h1h", "7200s"), ("0.1234567891s", "0.123456789s"),
    ("9223372036s", "9223372036s"), ("-9223372036.854775808s", "-9223372036.854775808s"),
  ])
  func aDurationIsReadAndWritten(text: String, wanted: String) throws {
    #expect(try evaluate("string(duration('\(text)'))").string() == wanted)
  }

  @Test(arguments: ["", "1", "s", "1x", "1h 2m", "--1s", "1.s.", "9223372037s", "99999999999999999999s", "1e3s"])
  func aTextThatIsNoDurationIsRefused(text: String) {
    #expect(throws: EvaluationError.self) { try evaluate("duration('\(text)')") }
  }

  @Test(arguments: [
    "2026-11-23", "2026-11-23 08:15:30Z", "2026-11-23T08:15:30", "2026-11-23T24:00:00Z", "2026-02-29T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-11-23T08:15:30z", "2026-11-23t08:15:30Z", "2026-11-23T08:15:60Z", "10000-01-01T00:00:00Z",
  ])
  func aTextThatIsNoTimestampIsRefused(text: String) {
    #expect(throws: EvaluationError.self) { try evaluate("timestamp('\(text)')") }
  }
}
