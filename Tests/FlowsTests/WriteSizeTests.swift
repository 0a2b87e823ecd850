import Testing

@testable import Flows

struct WriteSizeTests {
  @Test func aTargetThatStoresAWriteAsAWholeGetsAllThatIsAllowed() {
    var size = WriteSize(rowsMax: 5_000, rowsAtOnce: nil)
    #expect(size.rows == 5_000)
    size.wrote(10, in: .seconds(60))
    #expect(size.rows == 5_000)
  }

  @Test(arguments: [
    // A hundred rows a second: as many as are worth it to send side by side.
    (64, Duration.milliseconds(640), 64),
    // 1,000, 4,000 and 100,000 a second.
    (64, .milliseconds(64), 500),
    (64, .milliseconds(16), 2_000),
    (640, .microseconds(6_400), 5_000),
    (1, .zero, 5_000),
    // One row in the time of a whole round, and one that waited out an outage.
    (1, .milliseconds(20), 64),
    (5_000, .seconds(600), 64),
  ])
  func aWriteIsAsLargeAsItsTimeAllows(rows: Int, time: Duration, next: Int) {
    var size = WriteSize(rowsMax: 5_000, rowsAtOnce: 4)
    #expect(size.rows == 64)
    size.wrote(rows, in: time)
    #expect(size.rows == next)
  }

  @Test func theSettingsCountMost() {
    var size = WriteSize(rowsMax: 10, rowsAtOnce: 64)
    #expect(size.rows == 10)
    size.wrote(10, in: .microseconds(1))
    #expect(size.rows == 10)
  }
}
