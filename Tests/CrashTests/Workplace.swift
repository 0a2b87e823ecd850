import Foundation

/// A folder with a pipeline, its source and its results; gone when the value is.
final class Workplace {
  let folder: URL
  var pipeline: URL { folder.appendingPathComponent("pipeline.yaml") }
  var state: URL { folder.appendingPathComponent("state") }
  var target: URL { results.appendingPathComponent("target.ndjson") }
  /// Nothing but the target is in there, and what the program keeps beside it while it writes.
  private var results: URL { folder.appendingPathComponent("results") }

  /// - Parameters:
  ///   - write: `append` or `replace`.
  ///   - step: the transform of the pipeline.
  init(source: URL, write: String, step: String = "filter: record.kind != \"left out\"") throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-crash-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
    let text = Self.pipeline(source: source.path, write: write, step: step)
    try text.write(to: pipeline, atomically: false, encoding: .utf8)
    if write == "append" { try Records.before.write(to: target, atomically: false, encoding: .utf8) }
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
    let length = checkpoint?.marks.first??.length ?? Records.before.utf8.count
    return try Data(contentsOf: target).dropFirst(length).count { $0 == UInt8(ascii: "\n") }
  }

  /// The names of the records that are dead letters.
  func deadLetterNames() throws -> Set<String> {
    let letters = try Data(contentsOf: state.appendingPathComponent("crash.dead-letters.ndjson"))
    let decoder = JSONDecoder()
    return Set(try letters.split(separator: 0x0a).map { try decoder.decode(DeadLetter.self, from: $0).record.name })
  }

  /// What the tests read of a dead letter.
  private struct DeadLetter: Decodable {
    struct Record: Decodable { var name: String }
    var record: Record
  }

  /// What the tests read of a checkpoint.
  private struct Checkpoint: Decodable {
    struct Mark: Decodable { var length: Int }
    var marks: [Mark?]
  }

  private static func pipeline(source: String, write: String, step: String) -> String {
    """
    millrace: 1
    name: crash
    source: {type: file, path: "\(source)", format: ndjson}
    transforms:
      - \(step)
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
