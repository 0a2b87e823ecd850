import ConnectorKit
import Records
import Testing

@testable import Connectors

struct LogSourceTests {
  private func filled(
    _ folder: TemporaryFolder, _ count: Int = 100, retention: LogRetention = .small(2_000)
  ) throws
    -> LogDisk
  {
    var disk = try folder.disk(retention: retention)
    for number in 1...count { try disk.store(["{\"n\":\(number)}"], at: Int64(number) * 1_000) }
    return disk
  }

  @Test func startsWhereItIsTold() async throws {
    let folder = try TemporaryFolder()
    _ = try filled(folder)
    let whole = try await read(folder.logSource())
    #expect(numbers(whole) == Array(1...100))
    let end = try await read(folder.logSource(from: .end))
    #expect(numbers(end).isEmpty)
    let middle = try LogPlace(whole.positions[0].position)
    let rest = try await read(folder.logSource(from: .offset(middle.offset)))
    #expect(numbers(rest) == Array((Int64(whole.positions[0].events) + 1)...100))
    for second in [1, 2, 50, 99, 100] {
      let time = LogStart.time(Timestamp(seconds: Int64(second)))
      let reading = try await read(folder.logSource(from: time))
      #expect(numbers(reading) == Array(Int64(second)...100))
    }
  }

  /// `head` is never synced: a loss of power may leave nothing of it, and the records all the same.
  @Test(arguments: [nil, "", "no head at all, and not of its length"]) func aHeadThatSaysNothingHidesNothing(
    _ text: String?
  ) async throws {
    let folder = try TemporaryFolder()
    var disk: LogDisk? = try filled(folder, 10)
    try disk?.close()
    disk = nil
    try Files.remove(folder.path("log/head"))
    if let text { try folder.write(text, to: "log/head") }
    #expect(numbers(try await read(folder.logSource())) == Array(1...10))
  }

  @Test func severalReadAtTheirOwnPace() async throws {
    let folder = try TemporaryFolder()
    var disk = try filled(folder, 10)
    let (fast, slow) = (folder.logSource(follows: true), folder.logSource(follows: true))
    #expect(numbers(try await read(fast)) == Array(1...10))
    try disk.store(["{\"n\":11}"])
    #expect(numbers(try await readOn(fast)) == [11])
    #expect(numbers(try await read(slow)) == Array(1...11))
  }

  @Test func whatRetentionTookIsALoudError() async throws {
    let folder = try TemporaryFolder()
    var disk = try filled(folder, 100, retention: .small(1_000, bytes: 3_000))
    let reading = try await read(folder.logSource())
    #expect(numbers(reading).first ?? 0 > 1 && numbers(reading).last == 100)
    let stale = try #require(reading.positions.first?.position)
    for number in 101...300 { try disk.store(["{\"n\":\(number)}"]) }
    #expect(await code { try await folder.logSource().open(at: stale) } == "log.removed")
    #expect(await code { try await folder.logSource(from: .offset(100)).open(at: nil) } == "log.removed")
  }

  @Test func aPlaceOfNoRecordIsALoudError() async throws {
    let folder = try TemporaryFolder()
    let disk = try filled(folder, 3)
    let source = folder.logSource(from: .offset(first + 5))
    #expect(await code { _ = try await read(source) } == "log.no_record")
    let beyond = LogPlace(log: 1, offset: disk.head.end + 1, sequence: nil)
    #expect(await code { try await folder.logSource().open(at: beyond.position) } == "log.replaced")
    let far = folder.logSource(from: .offset(disk.head.end + 1))
    #expect(await code { try await far.open(at: nil) } == "log.beyond_end")
    let foreign = Position(format: 9, value: 1)
    #expect(await code { try await folder.logSource().open(at: foreign) } == "checkpoint.position_unreadable")
  }

  private let first = UInt64(LogSegment.headBytes)

  /// The first batch is empty, so that the place is in a checkpoint before the first event comes.
  @Test func theEndIsPinnedAtOnce() async throws {
    let folder = try TemporaryFolder()
    var disk = try filled(folder, 10)
    let source = folder.logSource(from: .end, follows: true)
    try await source.open(at: nil)
    let batch = Batch()
    #expect(try await source.next(into: batch) == .batch)
    let isEmpty = batch.bytes.isEmpty
    #expect(isEmpty)
    let pinned = batch.position
    try disk.store(["{\"n\":11}"])
    let reading = try await read(folder.logSource(from: .end), at: pinned)
    #expect(numbers(reading) == [11])
  }

  @Test func aLogThatComesLaterIsWaitedFor() async throws {
    let folder = try TemporaryFolder()
    let source = folder.logSource(follows: true)
    #expect(numbers(try await read(source)).isEmpty)
    _ = try filled(folder, 3)
    #expect(numbers(try await readOn(source)) == [1, 2, 3])
    #expect(await code { try await folder.logSource("none").open(at: nil) } == "log.not_found")
  }

  @Test func eventsKnowWhereTheyCameFrom() async throws {
    let folder = try TemporaryFolder()
    var disk = try folder.disk()
    try disk.store(["{\"n\":1}"], attributes: "{\"webhook-id\":\"msg_1\"}", at: 1_764_000_000_123)
    let batch = Batch()
    let source = folder.logSource()
    try await source.open(at: nil)
    _ = try await source.next(into: batch)
    source.makeDecoder().decode(batch)
    let meta = batch.value(at: Int(batch.events[0].meta))
    #expect(meta["event_id"] == "msg_1")
    #expect(meta["ingested_at"] == "2025-11-24T16:00:00.123Z")
    #expect(meta["headers"]?["webhook-id"] == "msg_1")
    #expect(meta["position"] == .int(Int64(LogSegment.headBytes)))
  }
}
