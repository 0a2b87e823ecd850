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
}

extension Path: CustomStringConvertible {
  /// As it is written in a pipeline file.
  package var description: String {
    steps.reduce(into: root.rawValue) { text, step in
      switch step {
      case .member(let name) where Self.isIdentifier(name): text += ".\(name)"
      case .member(let name): text += "[\(Value.string(name).json)]"
      case .index(let index): text += "[\(index)]"
      }
    }
  }

  private static func isIdentifier(_ name: String) -> Bool {
    guard let first = name.utf8.first, first == UInt8(ascii: "_") || isLetter(first) else { return false }
    return name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isLetter($0) || ($0 >= 0x30 && $0 <= 0x39) }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a }
}
