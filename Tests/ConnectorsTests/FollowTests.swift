import ConnectorKit
import Glibc
import Records
import Synchronization
import Testing

@testable import Connectors

@Suite struct FollowTests {
  private func follow(
    _ folder: TemporaryFolder, _ path: String = "app.ndjson", said: Notes = Notes()
  ) throws -> any Source {
    try fileSource(folder, ["path": .string(path), "format": "ndjson", "follow": true], batchBytes: 4_096, said: said)
  }

  /// Everything that comes until there is nothing for longer than a renamed file is waited for.
  private func more(_ source: any Source) async throws -> [Int64] { try await numbers(readOn(source, idleMax: 10)) }

  @Test func waitsForTheEndOfALine() async throws {
    let folder = try TemporaryFolder()
    try folder.write("{\"n\":1}\n{\"n\"", to: "app.ndjson")
    let source = try follow(folder)
    try await #expect(numbers(read(source, idleMax: 2)) == [1])
    try folder.append(":2}\n", to: "app.ndjson")
    try await #expect(more(source) == [2])
    try await #expect(more(source) == [])
  }

  @Test func waitsForTheFile() async throws {
    let folder = try TemporaryFolder()
    let said = Notes()
    let source = try follow(folder, said: said)
    try await #expect(read(source, idleMax: 2).records.isEmpty)
    #expect(said.all.count == 1)
    try folder.write(lines(1...2), to: "app.ndjson")
    try await #expect(more(source) == [1, 2])
  }

  @Test func readsTheRestOfARenamedFileFirst() async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...2), to: "app.ndjson")
    let source = try follow(folder)
    try await #expect(numbers(read(source)) == [1, 2])
    try folder.append(lines(3...4), to: "app.ndjson")
    rename(folder.path("app.ndjson"), folder.path("app.ndjson.1"))
    try folder.write(lines(6...7), to: "app.ndjson")
    try await #expect(numbers(readOn(source, idleMax: 1)) == [3, 4, 6, 7])
    // Its writer has not heard of the new file yet, and stops in the middle of a line.
    try folder.append("{\"n\":5}\n{\"n\":8}", to: "app.ndjson.1")
    try await #expect(more(source) == [5, 8])
    try folder.append(lines(9...9), to: "app.ndjson")
    try await #expect(more(source) == [9])
  }

  @Test func readsTheRestFirstAlsoWhenAllHappensBetweenTwoLooks() async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...2), to: "app.ndjson")
    var context = folder.context()
    let looks = Mutex(0)
    context.sleep = { _ in
      let look = looks.withLock { count in
        count += 1
        return count
      }
      guard look == 2 else { return true }
      try? folder.append(lines(3...4), to: "app.ndjson")
      rename(folder.path("app.ndjson"), folder.path("app.ndjson.1"))
      try? folder.write(lines(5...6), to: "app.ndjson")
      return true
    }
    let source = try FileSourceConnector.make(["path": "app.ndjson", "follow": true]).makeSource(context)
    try await #expect(numbers(read(source, idleMax: 5)) == [1, 2, 3, 4, 5, 6])
  }

  @Test func findsTheCopyOfAnEmptiedFile() async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...50), to: "app.ndjson")
    let source = try follow(folder)
    try await #expect(numbers(read(source)).count == 50)
    // Lines that came after the last look, then copytruncate.
    try folder.write(lines(1...55), to: "app.ndjson.1")
    try folder.write(lines(56...57), to: "app.ndjson")
    try await #expect(more(source) == [51, 52, 53, 54, 55, 56, 57])
  }

  @Test func beginsAnEmptiedFileAnew() async throws {
    let folder = try TemporaryFolder()
    let said = Notes()
    try folder.write(lines(1...50), to: "app.ndjson")
    let source = try follow(folder, said: said)
    _ = try await read(source)
    try folder.write(lines(51...52), to: "app.ndjson")
    try await #expect(more(source) == [51, 52])
    #expect(said.all.contains { $0.contains("emptied") })
  }

  @Test func findsFilesThatComeLater() async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...1), to: "b.ndjson")
    let source = try follow(folder, "*.ndjson")
    try await #expect(numbers(read(source)) == [1])
    try folder.write(lines(2...2), to: "a.ndjson")
    try await #expect(more(source) == [2])
    try folder.append(lines(3...3), to: "b.ndjson")
    try await #expect(more(source) == [3])
    rename(folder.path("b.ndjson"), folder.path("c.ndjson"))
    try folder.append(lines(4...4), to: "c.ndjson")
    try await #expect(more(source) == [4])
  }

  @Test("A restart misses nothing of what happened meanwhile", arguments: ["nothing", "grown", "renamed", "copied"])
  func restarts(_ event: String) async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...50), to: "app.ndjson")
    let first = try await read(follow(folder))
    let position = try #require(first.positions.last?.position)
    var expected: [Int64] = []
    switch event {
    case "grown":
      try folder.append(lines(51...52), to: "app.ndjson")
      expected = [51, 52]
    case "renamed":
      try folder.append(lines(51...51), to: "app.ndjson")
      rename(folder.path("app.ndjson"), folder.path("app.ndjson.1"))
      try folder.write(lines(52...52), to: "app.ndjson")
      expected = [51, 52]
    case "copied":
      try folder.write(lines(1...51), to: "app.ndjson.1")
      try folder.write(lines(52...52), to: "app.ndjson")
      expected = [51, 52]
    default: break
    }
    try await #expect(numbers(read(follow(folder), at: position, idleMax: 10)) == expected)
  }

  @Test func aRestartWithoutTheOldFileStops() async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...50), to: "app.ndjson")
    let first = try await read(follow(folder))
    unlink(folder.path("app.ndjson"))
    let position = first.positions.last?.position
    await #expect(code { _ = try await read(follow(folder), at: position) } == "file.vanished")
    try folder.write(lines(51...60), to: "app.ndjson")
    await #expect(code { _ = try await read(follow(folder), at: position) } == "file.shrunk")
  }

  @Test func packedFilesAreNotFollowed() async throws {
    let folder = try TemporaryFolder()
    try folder.write(pack([lines(1...5)], .gzip), to: "app.ndjson")
    await #expect(code { _ = try await read(follow(folder)) } == "file.packed_followed")
  }

  @Test func theEndOfTheRunEndsTheWait() async throws {
    let folder = try TemporaryFolder()
    try folder.write(lines(1...1), to: "app.ndjson")
    let source = try follow(folder)
    _ = try await read(source)
    let waiting = Task { try await source.next(into: Batch()) }
    waiting.cancel()
    try await #expect(waiting.value == .idle)
  }
}
