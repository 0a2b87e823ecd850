import Testing

@testable import Records

@Suite struct DecimalTests {
  @Test(arguments: [
    ("0", "0"), ("-0.50", "-0.50"), ("+3", "3"), (".5", "0.5"), ("1e3", "1000"), ("12.5e-3", "0.0125"),
    ("1.0E+2", "100"),
    ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"), ("0e500", "0"), ("007", "7"),
  ])
  func reads(_ text: String, _ written: String) { #expect(Decimal(text)?.description == written) }

  @Test(arguments: [
    "", "-", ".", "1.", "1e", "e5", "1.2.3", "0x10", " 1", "1e999999999999", "NaN",
    "123456789012345678901234567890123456789",
    "--1", "1e39", "91999999999999999999999999999999999999999999e200",
  ])
  func refuses(_ text: String) { #expect(Decimal(text) == nil) }

  @Test(arguments: [
    ("1", "1.000"), ("-2.50", "-2.5"), ("0", "-0.0"), ("1e38", "1e38"),
  ])
  func equals(_ a: String, _ b: String) throws {
    guard let x = Decimal(a), let y = Decimal(b) else { return #expect(Decimal(a) == nil && Decimal(b) == nil) }
    #expect(x == y && x.hashValue == y.hashValue && !(x < y) && !(y < x))
  }

  @Test(arguments: [
    ("-1", "1"), ("0.1", "0.11"), ("-0.11", "-0.1"), ("0.00000000000000000000000000000000000001", "1e37"),
    ("-1e37", "0.00000000000000000000000000000000000001"), ("9e36", "1e37"),
    ("12345678901234567890.123456789012345678", "12345678901234567890.12345678901234568"),
  ])
  func orders(_ less: String, _ more: String) throws {
    let (x, y) = (try #require(Decimal(less)), try #require(Decimal(more)))
    #expect(x < y && !(y < x) && x != y)
  }

  @Test func computesExactly() throws {
    let third = try #require(Decimal("1"))
    #expect(Decimal.divideExactly(third, by: 3) == nil)
    #expect(Decimal.divideExactly(third, by: 8)?.description == "0.125")
    #expect(Decimal.divideExactly(third, by: 0) == nil)
    let big = try #require(Decimal("99999999999999999999999999999999999999"))
    #expect(Decimal.add(big, third) == nil && Decimal.multiply(big, big) == nil)
    #expect(Decimal.add(try #require(Decimal("0.1")), try #require(Decimal("0.2")))?.description == "0.3")
  }
}

@Suite struct TimestampTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0, 0), ("2024-02-29T23:59:59.123456789+02:00", 1_709_243_999, 123_456_789),
    ("0001-01-01T00:00:00Z", -62_135_596_800, 0), ("9999-12-31T23:59:59z", 253_402_300_799, 0),
    ("1969-12-31 23:59:59.5Z", -1, 500_000_000), ("2000-01-01t00:00:00-23:59", 946_684_800 + 86_340, 0),
  ])
  func reads(_ text: String, _ seconds: Int64, _ nanoseconds: Int32) {
    #expect(Timestamp(text) == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
  }

  @Test(arguments: [
    "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:60Z",
    "2024-01-01T00:00:00",
    "2024-01-01", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.1234567890Z", "2024-1-1T00:00:00Z",
    "2024-01-01T00:00:00Zx",
    "2024-00-10T00:00:00Z", "1900-02-29T00:00:00Z",
  ])
  func refuses(_ text: String) { #expect(Timestamp(text) == nil) }

  @Test func daysAndTheirNumbersAgree() {
    for days in stride(from: Int64(-800_000), through: 2_900_000, by: 997) {
      let day = CivilDay(daysSince1970: days)
      #expect(day.daysSince1970 == days)
      #expect(CivilDay(year: day.year, month: day.month, day: day.day) == day)
    }
  }

  @Test func writesWhatItReads() {
    for text in ["2024-02-29T23:59:59.12Z", "1969-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00Z"] {
      #expect(Timestamp(text)?.description == text)
    }
  }
}

@Suite struct Base64Tests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy"),
  ])
  func vectorsOfRFC4648(_ plain: String, _ encoded: String) {
    #expect(Base64.encode(plain.utf8) == encoded)
    #expect(Base64.decode(encoded.utf8) == Array(plain.utf8))
  }

  @Test(arguments: ["Z", "Zg=", "Zg===", "Z g=", "Zm9v!", "=", "===="])
  func refuses(_ text: String) { #expect(Base64.decode(text.utf8) == nil) }
}
