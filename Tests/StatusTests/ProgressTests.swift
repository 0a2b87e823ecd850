import ConnectorKit
import Flows
import Status
import Testing

struct ProgressTests {
  private func settled(_ read: UInt64, deadLettered: UInt64 = 0) -> Flow.Event {
    var counts = Counts()
    counts.read = read
    counts.written = read - deadLettered
    counts.deadLettered = deadLettered
    return .settled(counts)
  }

  /// Half of 2 MB in 10 s.
  private func halfway() -> Progress {
    var progress = Progress(at: .zero)
    progress.note(
      .started(position: nil, run: 1, extent: Extent(unit: .bytes, total: 2_000_000, done: 0)), at: .zero)
    for second in 1...10 {
      progress.note(.read(bytes: 100_000, inFlightBytes: 0), at: .seconds(second))
      progress.note(settled(1_000, deadLettered: second == 3 ? 2 : 0), at: .seconds(second))
      progress.tick(at: .seconds(second))
    }
    return progress
  }

  @Test func `rates, share and time left`() {
    let progress = halfway()
    #expect(progress.recordsPerSecond == 1_000)
    #expect(progress.bytesPerSecond == 100_000)
    #expect(progress.share == 0.5)
    #expect(progress.timeLeft == .seconds(10))
  }

  @Test func `rates follow the last ten seconds`() {
    var progress = halfway()
    for second in 11...20 { progress.tick(at: .seconds(second)) }
    #expect(progress.recordsPerSecond == 0)
    #expect(progress.timeLeft == nil)
  }

  @Test func `what was done before counts for the share`() {
    var progress = Progress(at: .zero)
    progress.note(.started(position: nil, run: 2, extent: Extent(unit: .bytes, total: 100, done: 90)), at: .zero)
    progress.note(.read(bytes: 5, inFlightBytes: 0), at: .zero)
    #expect(progress.share == 0.95)
  }

  @Test func `more than was there at the start is no more than all`() {
    var progress = Progress(at: .zero)
    progress.note(.started(position: nil, run: 1, extent: Extent(unit: .bytes, total: 10, done: 0)), at: .zero)
    progress.note(.read(bytes: 50, inFlightBytes: 0), at: .zero)
    progress.tick(at: .seconds(1))
    #expect(progress.share == 1)
    #expect(progress.timeLeft == .zero)
  }

  @Test func `the whole line`() {
    let line = ProgressLine.text("products", halfway(), at: .seconds(10))
    #expect(line == "products  10,000 records  1,000/s  1.0 MB  100.0 kB/s  50 %  10 s left  2 dead letters")
  }

  @Test(arguments: [
    (79, "products  10,000 records  1,000/s  100.0 kB/s  50 %  10 s left  2 dead letters"),
    (60, "10,000 records  1,000/s  50 %  10 s left  2 dead letters"), (20, "10,000 records  50 %"), (5, "10,00"),
  ])
  func `what is least important goes first where there is no room`(width: Int, line: String) {
    let text = ProgressLine.text("products", halfway(), at: .seconds(10), width: width)
    #expect(text.count <= width)
    #expect(text == line)
  }

  @Test func `an outage is told until it is over`() {
    var progress = halfway()
    let error = ConnectorError("file.disk_full", "Full.", remedy: .retry(after: nil))
    progress.note(.circuitOpened(.target(lane: 0), for: .seconds(30), error), at: .seconds(10))
    #expect(ProgressLine.text("p", progress, at: .seconds(18)).hasSuffix("target down, next try in 22 s"))
    #expect(ProgressLine.text("p", progress, at: .seconds(41)).hasSuffix("target down, trying"))
    progress.note(.recovered(.target(lane: 0)), at: .seconds(42))
    #expect(!ProgressLine.text("p", progress, at: .seconds(42)).contains("down"))
  }
}
