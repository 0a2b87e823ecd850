import ConnectorKit
import Records
import Testing

@testable import Connectors

struct LogDiskTests {
  private static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]

  private func text(_ number: Int, _ chance: inout SeededRandom) -> String {
    "\(number):" + String(repeating: "x", count: Int.random(in: 0...300, using: &chance))
  }

  /// Groups of records of all sizes, segments that fill up, reopenings, and a tail that a crash tore.
  @Test(arguments: seeds) func whatWasStoredIsThereAfterEachReopening(seed: UInt64) throws {
    var chance = SeededRandom(seed: seed)
    let folder = try TemporaryFolder()
    var wanted: [String] = []
    for _ in 0..<12 {
      var disk = try folder.disk(retention: .small(2_000))
      for _ in 0..<Int.random(in: 0...6, using: &chance) {
        let group = (0..<Int.random(in: 1...5, using: &chance)).map { text(wanted.count + $0, &chance) }
        try disk.store(group)
        wanted += group
      }
      #expect(try folder.payloads(batchBytes: Int.random(in: 1...3_000, using: &chance)) == wanted)
      if Bool.random(using: &chance) { try tear(folder, &chance) }
    }
    #expect(try LogFolder(folder.path("log")).segments().count > 2)
  }

  /// What a crash leaves of a group that was never acknowledged: some of its bytes, right or wrong.
  private func tear(_ folder: TemporaryFolder, _ chance: inout SeededRandom) throws {
    guard let last = try LogFolder(folder.path("log")).segments().last else { return }
    let tail = (0..<Int.random(in: 1...200, using: &chance)).map { _ in UInt8.random(in: 0...255, using: &chance) }
    let file = try DurableFile(folder.path("log/" + last.name), for: .appending)
    try tail.withUnsafeBytes { try file.write($0) }
  }

  /// A loss of power takes back what was not synced, in the middle too; a later frame of the same group proves nothing.
  @Test(arguments: seeds) func aGroupWithAHoleIsCutOff(seed: UInt64) throws {
    var chance = SeededRandom(seed: seed)
    let folder = try TemporaryFolder()
    var disk: LogDisk? = try folder.disk()
    try disk?.store(["a", "b"])
    let durable = try #require(disk?.head)
    try disk?.store((0..<20).map { text($0, &chance) })
    disk = nil
    let name = try #require(try LogFolder(folder.path("log")).segments().last).name
    var bytes = try folder.bytes(of: "log/" + name)
    let hole = Int(durable.end) + Int.random(in: 0..<200, using: &chance)
    for place in hole..<min(hole + 40, bytes.count) { bytes[place] = 0 }
    try folder.write(bytes, to: "log/" + name)
    // The head that told of the group was lost with it.
    try folder.write(durable.encoded, to: "log/head")
    let recovered = try folder.disk()
    #expect(recovered.head.end <= durable.end + 400)
    #expect(try folder.payloads().prefix(2) == ["a", "b"])
  }

  @Test func aHoleInWhatWasAcknowledgedStops() throws {
    let folder = try TemporaryFolder()
    var disk: LogDisk? = try folder.disk()
    try disk?.store(["first", "second"])
    try disk?.store(["third"])
    disk = nil
    let name = try #require(try LogFolder(folder.path("log")).segments().last).name
    var bytes = try folder.bytes(of: "log/" + name)
    bytes[LogSegment.headBytes + LogFrame.headBytes] ^= 1
    try folder.write(bytes, to: "log/" + name)
    // With the writer's word for it, and without: the third frame tells as much.
    #expect(throws: LogError.self) { try folder.disk() }
    try Files.remove(folder.path("log/head"))
    #expect(throws: LogError.self) { try folder.disk() }
    try folder.write(LogHead(end: 64, nextSequence: 1).encoded, to: "log/head")
    #expect(throws: LogError.self) { try folder.disk() }
  }

  @Test(arguments: seeds) func aReaderOfDamagedFilesGivesAPrefixOrStops(seed: UInt64) throws {
    var chance = SeededRandom(seed: seed)
    let folder = try TemporaryFolder()
    var wanted: [String] = []
    var disk: LogDisk? = try folder.disk(retention: .small(1_500))
    for _ in 0..<10 {
      let group = (0..<3).map { text(wanted.count + $0, &chance) }
      try disk?.store(group)
      wanted += group
    }
    try disk?.close()
    disk = nil
    let segments = try LogFolder(folder.path("log")).segments()
    for _ in 0..<30 {
      let name = try #require(segments.randomElement(using: &chance)).name
      let whole = try folder.bytes(of: "log/" + name)
      var bytes = whole
      bytes[Int.random(in: 0..<bytes.count, using: &chance)] ^= UInt8(1) << UInt8.random(in: 0...7, using: &chance)
      try folder.write(bytes, to: "log/" + name)
      do {
        let found = try folder.payloads()
        Issue.record("\(found.count) records were read from a damaged log")
      } catch let error as LogError {
        guard case .corrupt = error else {
          Issue.record("\(error)")
          continue
        }
      }
      try folder.write(whole, to: "log/" + name)
    }
    #expect(try folder.payloads() == wanted)
  }

  /// While a log is written its file reaches further than its records: zeros, which nobody takes for any.
  @Test func whatStandsAheadOfTheRecordsIsNotRead() throws {
    let folder = try TemporaryFolder()
    func size(_ name: String) throws -> Int { try folder.bytes(of: "log/" + name).count }
    var disk = try folder.disk(retention: .small(400_000))
    try disk.store(["a"])
    let first = try #require(try LogFolder(folder.path("log")).segments().last).name
    #expect(try size(first) >= LogDisk.aheadBytes)
    #expect(try folder.payloads() == ["a"])
    let long = String(repeating: "x", count: 300_000)
    try disk.store([long])
    // The next one begins another file, and this one ends behind its records.
    try disk.store([long])
    let names = try LogFolder(folder.path("log")).segments().map(\.name)
    #expect(names.count == 2 && names[0] == first)
    #expect(try size(first) == LogSegment.headBytes + 2 * LogFrame.headBytes + 1 + long.utf8.count)
    #expect(try folder.payloads() == ["a", long, long])
    try disk.close()
    #expect(try size(names[1]) == LogSegment.headBytes + LogFrame.headBytes + long.utf8.count)
    try disk.store(["b"])
    #expect(try folder.payloads() == ["a", long, long, "b"])
  }

  @Test func oneProcessWrites() throws {
    let folder = try TemporaryFolder()
    let disk = try folder.disk()
    #expect(throws: LogError.locked(folder.path("log"))) { try folder.disk() }
    withExtendedLifetime(disk) {}
  }

  @Test func aFullLogRefusesAndTakesAgain() throws {
    let folder = try TemporaryFolder()
    var disk = try folder.disk(retention: .small(1_000, bytes: 4_000))
    disk.unread = 0
    var count = 0
    do {
      while count < 100 {
        try disk.store([String(repeating: "x", count: 300)])
        count += 1
      }
    } catch LogError.full {}
    #expect(count > 5 && count < 15)
    #expect(try folder.payloads().count == count)
    disk.unread = disk.head.end
    try disk.store(["more"])
    #expect(try folder.payloads().last == "more")
  }

  @Test func timesNeverGoBack() async throws {
    let folder = try TemporaryFolder()
    var disk = try folder.disk()
    try disk.store(["{\"n\":1}"], at: 5_000)
    try disk.store(["{\"n\":2}"], at: 4_000)
    let time = Timestamp(milliseconds: 5_001)
    let reading = try await read(folder.logSource(from: .time(time)))
    #expect(reading.records.isEmpty)
    let both = try await read(folder.logSource(from: .time(Timestamp(milliseconds: 4_500))))
    #expect(both.records.count == 2)
  }

  @Test func addressesGoOnWhereAllSegmentsWereRemoved() throws {
    let folder = try TemporaryFolder()
    var disk: LogDisk? = try folder.disk()
    try disk?.store(["one"])
    let head = try #require(disk?.head)
    disk = nil
    for segment in try LogFolder(folder.path("log")).segments() { try Files.remove(folder.path("log/" + segment.name)) }
    disk = try folder.disk()
    try disk?.store(["two"])
    #expect(disk?.head.nextSequence == head.nextSequence + 1)
    #expect(try folder.payloads() == ["two"])
  }
}
