import Testing

@testable import Flows

struct WallTimeTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (1_795_414_329_123, "2026-11-23T06:12:09.123Z"), (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
  ])
  func readsAndWrites(_ milliseconds: Int64, _ text: String) {
    #expect(WallTime.text(milliseconds) == text)
    #expect(WallTime.milliseconds(text) == milliseconds)
  }

  @Test(arguments: ["", "2026-13-01T00:00:00.000Z", "2026-02-30T00:00:00.000Z", "2026-11-23", "x-1-1T1:1:1.1Z"])
  func refuses(_ text: String) { #expect(WallTime.milliseconds(text) == nil) }
}
