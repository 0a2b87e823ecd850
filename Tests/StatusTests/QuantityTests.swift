import Status
import Testing

struct QuantityTests {
  @Test(
    arguments: [
      (0, "0"), (7, "7"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"),
      (.max, "18,446,744,073,709,551,615"),
    ] as [(UInt64, String)])
  func counts(number: UInt64, text: String) { #expect(Quantity.count(number) == text) }

  @Test(
    arguments: [
      (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (475_629_728, "475.6 MB"), (999_999, "1.0 MB"),
      (1_500_000_000_000, "1.5 TB"), (.max, "18446.7 PB"),
    ] as [(UInt64, String)])
  func bytes(number: UInt64, text: String) { #expect(Quantity.bytes(number) == text) }

  @Test(
    arguments: [
      (.zero, "0 ms"), (.milliseconds(999), "999 ms"), (.milliseconds(2_440), "2.4 s"), (.seconds(60), "1 m 00 s"),
      (.seconds(3_905), "1 h 05 m"), (.seconds(200_000), "2 d 07 h"), (.seconds(-5), "0 ms"),
    ] as [(Duration, String)])
  func durations(duration: Duration, text: String) { #expect(Quantity.duration(duration) == text) }

  @Test(
    arguments: [
      (0, "0.0"), (0.25, "0.3"), (9.94, "9.9"), (9.96, "10"), (709_900.4, "709,900"), (.nan, "0"),
      (.infinity, "9,000,000,000,000,000,000"),
      (-1, "0.0"),
    ] as [(Double, String)])
  func rates(rate: Double, text: String) { #expect(Quantity.rate(rate) == text) }
}
