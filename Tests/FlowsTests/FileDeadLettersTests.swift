import Foundation
import Records
import Testing

@testable import Flows

struct FileDeadLettersTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var sink: FileDeadLetters { FileDeadLetters(path: folder.path + "/d/letters.ndjson") }

  private func letter(_ id: String) -> DeadLetter {
    DeadLetter(
      id: id, pipeline: "p", fingerprint: "f", time: 0, code: "c", stage: "s", message: "m", attempts: 1, origin: "o",
      operation: .create)
  }

  private func ids() throws -> [String] {
    try folder.text("d/letters.ndjson").split(separator: "\n").map { try Value(json: String($0))["id"]?.string ?? "" }
  }

  /// Opens, appends and closes; gives what the flush in between gave.
  private func run(at mark: Value?, _ ids: [String], after: [String] = []) async throws -> Value? {
    let sink = sink
    try await sink.open(at: mark)
    try await sink.append(ids.map(letter))
    let next = try await sink.flush()
    if !after.isEmpty { try await sink.append(after.map(letter)) }
    await sink.close()
    return next
  }

  @Test func whatIsBehindTheMarkIsCutOff() async throws {
    let mark = try await run(at: nil, ["a", "b"], after: ["c"])
    #expect(try ids() == ["a", "b", "c"])
    _ = try await run(at: mark, ["d"])
    #expect(try ids() == ["a", "b", "d"])
  }

  @Test func withoutAMarkNothingIsCutOff() async throws {
    _ = try await run(at: nil, ["a"])
    _ = try await run(at: nil, ["b"])
    #expect(try ids() == ["a", "b"])
  }

  @Test func anotherFileOfThatNameIsLeftAsItIs() async throws {
    let mark = try await run(at: nil, ["a"])
    try FileManager.default.moveItem(atPath: folder.path + "/d/letters.ndjson", toPath: folder.path + "/d/old")
    _ = try await run(at: nil, ["x", "y", "z"])
    _ = try await run(at: mark, ["b"])
    #expect(try ids() == ["x", "y", "z", "b"])
  }

  @Test(arguments: [
    ("{\"id\":\"a\"}\n{\"id\":\"b", ["a", "new"]), ("{\"id\":\"a\"}", ["a", "new"]), ("{\"id\":\"a", ["new"]),
    ("", ["new"]),
  ])
  func aTornLastLineIsMended(_ text: String, _ expected: [String]) async throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/d", withIntermediateDirectories: false)
    try folder.write(text, to: "d/letters.ndjson")
    _ = try await run(at: nil, ["new"])
    #expect(try ids() == expected)
  }

  @Test func twoRunsDoNotShareAFile() async throws {
    let first = sink
    try await first.open(at: nil)
    let error = await #expect(throws: FlowError.self) { try await sink.open(at: nil) }
    #expect(error?.code == "dead_letters.locked")
    await first.close()
  }
}
