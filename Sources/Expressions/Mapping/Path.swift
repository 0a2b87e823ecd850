/// A place in an event: `record.brand.name`, `record.tags[0]`, `record["odd key"]`, `meta.time`.
package struct Path: Sendable, Equatable {
  /// The parts of an event that expressions see under these names.
  package enum Root: String, Sendable, CaseIterable { case op, key, record, before, meta }

  package enum Step: Sendable, Equatable {
    case member(String)
    case index(Int)
  }

  package var root: Root
  package var steps: [Step]

  package init(_ root: Root, _ steps: [Step] = []) {
    self.root = root
    self.steps = steps
  }
}
