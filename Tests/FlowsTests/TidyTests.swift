import Foundation
import Testing

/// What the sources promise and no compiler checks.
struct TidyTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "../../Sources/Flows"
  ).standardized

  private static var files: [URL] {
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return found?.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" } ?? []
  }

  /// What asks the world directly, and what to use instead.
  private static let banned = [
    "Date()": "world.wallTime", "import Foundation": "Glibc", "Task.sleep": "world.sleep", "Task.yield": "a bell",
    "Task {": "a task group with an executor preference", "Task.detached": "a task group", " Task(": "a task group",
    ".random(in": "world.random", "getenv": "the settings", "ContinuousClock": "world.now",
    "SuspendingClock": "world.now",
    "DispatchQueue(": "world.lane", "DispatchQueue.": "world.lane", "clock_gettime": "world.now",
    "addTask {": "addTask(executorPreference:)", "print(": "world.observe", "fatalError": "an error",
  ]
  /// The few files that are the world.
  private static let allowed = ["SystemWorld.swift", "DispatchLane.swift"]

  @Test func nothingAsksTheWorldDirectly() throws {
    #expect(Self.files.count > 20)
    for file in Self.files where !Self.allowed.contains(file.lastPathComponent) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for (word, instead) in Self.banned where text.contains(word) {
        Issue.record("\(file.lastPathComponent) says `\(word)`; use \(instead)")
      }
    }
  }

  @Test func filesAreShort() throws {
    for file in Self.files {
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count <= 500, "\(file.lastPathComponent)")
    }
  }
}
