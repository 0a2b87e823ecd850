import Foundation
import Records
import Testing

@testable import Flows

struct CheckpointTests {
  private var sample: Checkpoint {
    var checkpoint = Checkpoint(pipeline: "products-to-shop", fingerprint: "3f2a", lanes: 2)
    checkpoint.stage = .ended
    checkpoint.position = Position(format: 2, value: ["file": "a.ndjson", "offset": 4711])
    checkpoint.marks = [["length": 100], nil]
    checkpoint.deadLetters = ["length": 42]
    checkpoint.totals.read = 10
    checkpoint.totals.written = 9
    checkpoint.totals.deadLettered = 1
    checkpoint.runs = 3
    checkpoint.savedAt = 1_795_414_329_123
    return checkpoint
  }

  private func read(_ text: String) throws(FlowError) -> Checkpoint { try Checkpoint(json: text, path: "c.json") }

  private func code(_ text: String) -> String? {
    do { _ = try read(text) } catch { return error.code }
    return nil
  }

  @Test func stepsAreCountedByName() throws {
    var checkpoint = sample
    var step = StepCounts.Step("transforms[1].explode")
    (step.made, step.filtered) = (7, 2)
    checkpoint.totals.steps.add(step)
    #expect(try read(checkpoint.json) == checkpoint)
    #expect(checkpoint.totals.value["made"] == 7)
    #expect(
      checkpoint.totals.value["steps"] == [["name": "transforms[1].explode", "filtered": 2, "made": 7]])
    #expect(sample.totals.value["made"] == nil && sample.totals.value["steps"] == nil)
  }

  @Test func readsWhatItWrote() throws {
    #expect(try read(sample.json) == sample)
    let empty = Checkpoint(pipeline: "p", fingerprint: "", lanes: 1)
    #expect(try read(empty.json) == empty)
  }

  /// A file that version 1 wrote. It must be read for ever; when the format changes, this one stays and another joins it.
  @Test func versionOneIsRead() throws {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens/checkpoint-1.json")
    let text = try String(contentsOf: golden, encoding: .utf8)
    #expect(try read(text) == sample)
    #expect(sample.json == text)
  }

  @Test func everyTruncationIsDamage() {
    let text = Array(sample.json.utf8)
    for length in 0..<text.count - 1 {
      #expect(code(String(decoding: text[..<length], as: UTF8.self)) == "checkpoint.damaged", "\(length)")
    }
  }

  @Test func everyChangedByteIsDamage() {
    let text = Array(sample.json.utf8)
    for index in text.indices where text[index] != UInt8(ascii: "\n") && text[index] != UInt8(ascii: " ") {
      var changed = text
      changed[index] = changed[index] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
      let code = code(String(decoding: changed, as: UTF8.self))
      #expect(code == "checkpoint.damaged" || code == "checkpoint.newer", "byte \(index)")
    }
  }

  @Test(arguments: ["", "{}", "[]", "null", "\u{0}\u{0}", "{\"format\":1}", "{\"format\":\"1\"}"])
  func nonsenseIsDamage(_ text: String) { #expect(code(text) == "checkpoint.damaged") }

  @Test func aNewerOneNamesBothVersions() {
    do {
      _ = try read(sample.json.replacingOccurrences(of: "\"format\": 1", with: "\"format\": 9"))
      Issue.record("read")
    } catch {
      #expect(error.code == "checkpoint.newer")
      #expect(error.message.contains("format 9") && error.message.contains("up to 1"))
      #expect(error.hint != nil && error.exit == .surroundings)
    }
  }

  @Test(
    arguments: [
      ("products-to-shop", "3f2a", 2, nil), ("other", "3f2a", 2, "checkpoint.other_pipeline"),
      ("products-to-shop", "ffff", 2, "checkpoint.pipeline_changed"),
      ("products-to-shop", "3f2a", 3, "checkpoint.lanes_changed"),
    ] as [(String, String, Int, String?)])
  func whoMayGoOnFromIt(_ pipeline: String, _ fingerprint: String, _ lanes: Int, _ expected: String?) {
    var found: String?
    do {
      try sample.check(pipeline: pipeline, fingerprint: fingerprint, lanes: lanes, path: "c.json")
    } catch {
      found = error.code
      #expect(error.exit == .pipeline && error.hint != nil)
    }
    #expect(found == expected)
  }

  @Test func lanesMayChangeWhereNoTargetNeedsAMark() throws {
    var checkpoint = sample
    checkpoint.marks = [nil, nil]
    try checkpoint.check(pipeline: "products-to-shop", fingerprint: "3f2a", lanes: 5, path: "c.json")
  }
}
