/// What a value is beyond what its JSON tells, kept beside an event that is written as JSON and read again: without it an
/// expression that was checked against a table's columns would meet other types.
public enum HiddenType: String, Sendable {
  /// A number that is computed with exactly.
  case decimal
  /// A number that is no integer, whatever its digits.
  case double
  /// A text that is a timestamp or a date, as it stands.
  case time

  fileprivate init?(_ node: Node, _ batch: Batch) {
    switch node.kind {
    case .integer where node.flags.contains(.typed), .number where node.flags.contains(.typed): self = .decimal
    case .string where node.flags.contains(.typed): self = .time
    case .number where !node.flags.contains(.inline) && batch.raw(node).allSatisfy(Self.isOfInteger): self = .double
    default: return nil
    }
  }

  private static func isOfInteger(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || byte &- UInt8(ascii: "0") < 10
  }

  fileprivate func set(_ node: inout Node) {
    switch (self, node.kind) {
    case (.decimal, .integer), (.decimal, .number), (.time, .string): node.flags.insert(.typed)
    case (.double, .integer): node.kind = .number
    default: break
    }
  }
}

extension Batch {
  /// The hidden types of an event's members by their names, `{"price": "decimal"}`; what is in a list has the list's.
  /// Its parts have the same columns.
  public func hiddenTypes(of index: Int) -> Value {
    let event = events[index]
    let original = originals[index] ?? event.record
    var found: [Value.Member] = []
    for part in [original, event.before, event.key] where part != Event.none {
      for child in children(of: Int(part)) {
        guard let type = hiddenType(at: child.node) else { continue }
        let name = name(of: child)
        if !found.contains(where: { $0.name == name }) { found.append(.init(name, .string(type.rawValue))) }
      }
    }
    return .object(found)
  }

  private func hiddenType(at node: Int) -> HiddenType? {
    guard nodes[node].kind == .array else { return HiddenType(nodes[node], self) }
    return children(of: node).lazy.compactMap { self.hiddenType(at: $0.node) }.first
  }

  /// Gives the members of a part of an event their hidden types again.
  public func setHiddenTypes(_ types: Value, at part: UInt32) {
    guard part != Event.none, case .object(let members) = types, !members.isEmpty else { return }
    for child in children(of: Int(part)) {
      guard let type = types[name(of: child)]?.string.flatMap(HiddenType.init(rawValue:)) else { continue }
      set(type, at: child.node)
    }
  }

  private func set(_ type: HiddenType, at node: Int) {
    if nodes[node].kind == .array { return children(of: node).forEach { set(type, at: $0.node) } }
    type.set(&nodes[node])
  }
}
