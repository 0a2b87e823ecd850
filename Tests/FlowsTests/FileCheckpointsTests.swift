import ConnectorKit
import Foundation
import Records
import Testing

@testable import Flows

struct FileCheckpointsTests {
  private let folder: TemporaryFolder
  private let sample: Checkpoint

  init() throws {
    folder = try TemporaryFolder()
    var sample = Checkpoint(pipeline: "p", fingerprint: "f", lanes: 1)
    sample.position = Position(format: 1, value: 7)
    self.sample = sample
  }

  private func store(_ name: String = "state/p.json") -> FileCheckpoints {
    FileCheckpoints(path: folder.path + "/" + name)
  }

  @Test func savesAndReadsInAFolderThatItMakes() async throws {
    let first = store()
    #expect(try await first.open() == nil)
    try await first.save(sample)
    await first.close()
    let second = store()
    #expect(try await second.open() == sample)
    #expect(try folder.text("state/p.json") == sample.json)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path + "/state").sorted() == ["p.json", "p.json.lock"])
  }

  @Test func aSecondRunnerIsRefusedAndToldWhoHoldsIt() async throws {
    let first = store()
    _ = try await first.open()
    let error = await #expect(throws: FlowError.self) { _ = try await store().open() }
    #expect(error?.code == "checkpoint.locked")
    #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
    await first.close()
    _ = try await store().open()
  }

  @Test func whatHoldsARunUpIsTold() async throws {
    let store = store("p.json")
    let path = folder.path + "/p.json"
    _ = try await store.open()
    #expect(FileCheckpoints.runner(of: path).isRunning && FileCheckpoints.runner(of: path).trouble == nil)
    let down = ConnectorError("http.busy", "shop.example\nanswered 503.", remedy: .retry(after: nil))
    for now in [1_764_000_000_000, 1_764_000_009_000] as [Int64] {
      store.hear(.circuitOpened(.target(lane: 0), for: .seconds(2), down), at: now)
      store.hear(.probing(.target(lane: 0)), at: now)
      store.hear(.recovered(.source), at: now)
    }
    #expect(
      FileCheckpoints.runner(of: path).trouble
        == "the target does not answer since 2025-11-24T16:00:00Z: shop.example answered 503.")
    store.hear(.recovered(.target(lane: 0)), at: 0)
    #expect(FileCheckpoints.runner(of: path).trouble == nil)
    await store.close()
    #expect(FileCheckpoints.runner(of: path) == FileCheckpoints.Run())
  }

  @Test func aTornTemporaryFileIsForgotten() async throws {
    let first = store("p.json")
    _ = try await first.open()
    try await first.save(sample)
    await first.close()
    let partial = Files.name(of: Files.partial(of: "p.json"))
    try folder.write("{\"format\": 1, \"pipe", to: partial)
    #expect(try await store("p.json").open() == sample)
    #expect(!folder.names.contains(partial))
  }

  @Test func aDamagedFileStopsTheRunAndStays() async throws {
    try folder.write("{\"format\": 1, \"pipe", to: "p.json")
    let error = await #expect(throws: FlowError.self) { _ = try await store("p.json").open() }
    #expect(error?.code == "checkpoint.damaged")
    #expect(try folder.text("p.json") == "{\"format\": 1, \"pipe")
  }

  @Test func aFolderThatCannotBeMadeIsTheSurroundings() async throws {
    try folder.write("", to: "file")
    let error = await #expect(throws: FlowError.self) { _ = try await store("file/p.json").open() }
    #expect(error?.code == "checkpoint.cannot_open")
    #expect(error?.exit == .surroundings)
  }

  @Test func aSaveThatFailsLeavesTheLastOne() async throws {
    let store = store("p.json")
    _ = try await store.open()
    try await store.save(sample)
    try Files.makeFolder(Files.partial(of: folder.path + "/p.json"))
    var next = sample
    next.runs = 9
    let error = await #expect(throws: FlowError.self) { try await store.save(next) }
    #expect(error?.code == "checkpoint.cannot_save")
    #expect(try folder.text("p.json") == sample.json)
  }
}
