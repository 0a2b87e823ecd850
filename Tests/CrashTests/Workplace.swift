import Foundation

/// A folder with a pipeline, its source and its results; gone when the value is.
final class Workplace {
  /// What stands in the target file before the first run of an appending pipeline.
  static let before = #"{"id":-1,"name":"was there before"}"# + "\n"

  let folder: URL
  var pipeline: URL { folder.appendingPathComponent("pipeline.yaml") }
  var state: URL { folder.appendingPathComponent("state") }
  var target: URL { results.appendingPathComponent("target.ndjson") }
  var deadLetters: URL { state.appendingPathComponent("crash.dead-letters.ndjson") }
  /// Nothing but the target is in there, and what the program keeps beside it while it writes.
  private var results: URL { folder.appendingPathComponent("results") }

  /// - Parameter write: `append` or `replace`.
  init(source: URL, write: String) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-crash-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
    try Self.pipeline(source: source.path, write: write).write(to: pipeline, atomically: false, encoding: .utf8)
    if write == "append" { try Self.before.write(to: target, atomically: false, encoding: .utf8) }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Bytes in the target, finished or not.
  var writtenBytes: Int {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: results.path)) ?? []
    return files.reduce(0) { sum, name in
      var info = stat()
      return stat(results.appendingPathComponent(name).path, &info) == 0 ? sum + Int(info.st_size) : sum
    }
  }

  /// How many whole rows stand in the target that no checkpoint tells of: an appending run may write them again.
  func rowsBehindTheCheckpoint() throws -> Int {
    let text = try? Data(contentsOf: state.appendingPathComponent("crash.checkpoint.json"))
    let checkpoint = try text.map { try JSONDecoder().decode(Checkpoint.self, from: $0) }
    let length = checkpoint?.marks.first??.length ?? Self.before.utf8.count
    return try Data(contentsOf: target).dropFirst(length).count { $0 == UInt8(ascii: "\n") }
  }

  /// What the tests read of a checkpoint.
  private struct Checkpoint: Decodable {
    struct Mark: Decodable { var length: Int }
    var marks: [Mark?]
  }

  private static func pipeline(source: String, write: String) -> String {
    """
    millrace: 1
    name: crash
    source: {type: file, path: "\(source)", format: ndjson}
    transforms:
      - filter: record.kind != "left out"
    mappings:
      id: {from: record.id, required: true}
      name: {from: record.name, trim: true}
      price: {from: record.price, as: decimal}
      first: record.tags[0]
    target: {type: file, path: results/target.ndjson, format: ndjson, write: \(write), batch: {records: 500, wait: 5ms}}
    checkpoint: {every: 20ms}

    """
  }
}

/// Records that are told apart by their number: one in ten is filtered, one in a thousand has no id and is a dead letter.
struct Records {
  let file: URL
  let kept: [Int]
  let dead: [Int]

  init(_ count: Int, in folder: URL) throws {
    file = folder.appendingPathComponent("source.ndjson")
    kept = (0..<count).filter { $0 % 10 != 3 && $0 % 1_000 != 500 }
    dead = (0..<count).filter { $0 % 1_000 == 500 }
    var text = ""
    text.reserveCapacity(count * 100)
    for number in 0..<count {
      let id = number % 1_000 == 500 ? "" : "\"id\":\(number),"
      let kind = number % 10 == 3 ? "left out" : "kept"
      text +=
        #"{\#(id)"name":" record \#(number) ","kind":"\#(kind)","price":"\#(number % 977).50","tags":["a\#(number % 7)"]}"#
        + "\n"
    }
    try text.write(to: file, atomically: false, encoding: .utf8)
  }
}
