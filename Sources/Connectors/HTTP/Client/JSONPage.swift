import Records

/// An answer in JSON, read so that its parts can be found and copied as they were written. Belongs to one lane.
final class JSONPage {
  let batch = Batch()
  private let builder = EventBuilder()
  private(set) var root = 0

  /// Forgets the answer before.
  func read(_ answer: UnsafeRawBufferPointer) throws(JSONProblem) {
    batch.reset()
    batch.bytes.append(answer)
    builder.begin()
    root = try builder.read(0..<batch.bytes.count, of: batch)
    batch.keys = builder.keys.snapshot
  }

  /// What a JSON pointer leads to.
  func find(_ tokens: [String], from node: Int? = nil) -> Int? {
    builder.find(.payload(tokens), in: node ?? root, headers: nil, batch)
  }

  /// nil where the node is no array.
  func elements(of node: Int) -> [Int]? {
    batch.nodes[node].kind == .array ? builder.elements(of: node, batch) : nil
  }

  func member(_ name: String, of node: Int) -> Int? { builder.member(name, of: node, batch) }

  /// The text of a string or a number; nil for anything else.
  func text(_ node: Int?) -> String? { builder.text(node, batch) }

  func isObject(_ node: Int) -> Bool { batch.nodes[node].kind == .object }

  func json(_ node: Int) -> String { batch.json(at: node) }
}
