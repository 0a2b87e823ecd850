import Records

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

  /// The members that `meta` may have.
  static let metaNames = [
    "event_id", "type", "source", "table", "time", "ingested_at", "position", "schema_version", "headers",
    "traceparent",
  ]
}

extension Path: CustomStringConvertible {
  /// As it is written in a pipeline file; reading it gives the same path.
  package var description: String {
    steps.reduce(into: root.rawValue) { text, step in
      switch step {
      case .member(let name) where Self.isIdentifier(name): text += ".\(name)"
      case .member(let name): text += "[\(Value.string(name).json)]"
      case .index(let index): text += "[\(index)]"
      }
    }
  }

  /// Whether a name can stand behind a point. `in` is an operator, and the other words are literals.
  private static func isIdentifier(_ name: String) -> Bool {
    guard let first = name.utf8.first, isLetter(first), !["in", "true", "false", "null"].contains(name) else {
      return false
    }
    return name.utf8.allSatisfy { isLetter($0) || isDigit($0) }
  }
}
