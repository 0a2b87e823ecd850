import Records

/// Finds the fields of values that a contract does not declare, on one lane.
///
/// A field is unknown where the object that holds it has declared fields, and it is none of them.
package final class UnknownFields {
  /// What of a value's shape is looked at.
  private struct Look {
    /// The shape of each declared field; nil where any field may stand.
    var fields: [[UInt8]: Int]?
    var patterns: [LinearPattern]
    var element: Int?
    /// Whether an unknown field can stand in it or anywhere below.
    var matters: Bool
    /// For each key id of the batches' table: the field's shape, or what else it is.
    var ofKey: [Int] = []
  }

  private static let notLookedUp = -3
  private static let unknown = -2
  /// A field that is known, and of whose value nothing is.
  private static let known = -1

  /// An unknown field.
  package struct Found: Sendable {
    /// The node of its value.
    package var node: Int
    /// The fields that its object may have.
    package var known: [String]
  }

  private var looks: [Look]
  private var table = -1
  private var found: [(node: Int, shape: Int)] = []

  package init(_ declarations: Declarations) {
    let matters = Self.matters(declarations)
    looks = declarations.shapes.indices.map { index in
      let shape = declarations.shapes[index]
      let fields = shape.isClosed || shape.fields?.contains { matters[$0.shape] } == true ? shape.fields : nil
      return Look(
        fields: fields.map { Dictionary($0.map { (Array($0.name.utf8), $0.shape) }, uniquingKeysWith: { $1 }) },
        patterns: shape.patterns.compactMap { Self.pattern($0) } + (shape.isOpen ? Self.any : []),
        element: shape.element, matters: matters[index])
    }
  }

  private static let any: [LinearPattern] = [pattern("")].compactMap { $0 }

  /// A pattern that the contract was compiled with.
  private static func pattern(_ text: String) -> LinearPattern? {
    try? ECMAPattern(text).compiled()
  }

  /// Spreads from the closed shapes to those that hold them.
  private static func matters(_ declarations: Declarations) -> [Bool] {
    var matters = declarations.shapes.map(\.isClosed)
    var isNew = true
    while isNew {
      isNew = false
      for (index, shape) in declarations.shapes.enumerated() where !matters[index] {
        let inner = (shape.fields?.map(\.shape) ?? []) + (shape.element.map { [$0] } ?? [])
        if inner.contains(where: { matters[$0] }) { (matters[index], isNew) = (true, true) }
      }
    }
    return matters
  }

  /// The unknown fields in the value at a node, in the order of the text.
  package func find(in batch: Batch, node: Int) -> [Found] {
    if table != batch.keys.table {
      for index in looks.indices { looks[index].ofKey.removeAll(keepingCapacity: true) }
      table = batch.keys.table
    }
    found.removeAll(keepingCapacity: true)
    if looks[0].matters { search(node, 0, batch) }
    return found.isEmpty ? [] : found.map { Found(node: $0.node, known: names(in: $0.shape)) }
  }

  private func names(in shape: Int) -> [String] {
    (looks[shape].fields?.keys.map { String(decoding: $0, as: UTF8.self) } ?? []).sorted()
  }

  private func search(_ node: Int, _ shape: Int, _ batch: Batch) {
    let value = batch.nodes[node]
    if value.kind == .array {
      guard let element = looks[shape].element, looks[element].matters else { return }
      for child in batch.children(of: node) { search(child.node, element, batch) }
    } else if value.kind == .object, looks[shape].fields != nil {
      searchFields(node, shape, batch)
    }
  }

  private func searchFields(_ node: Int, _ shape: Int, _ batch: Batch) {
    let end = Int(batch.nodes[node].next)
    var child = node + 1
    while child < end {
      var keyText: Int?
      if batch.nodes[child].kind == .keyText {
        keyText = child
        child += 1
      }
      let field =
        keyText.map { look(up: Array(batch.text(batch.nodes[$0]).utf8), shape) } ?? look(up: child, shape, batch)
      if field == Self.unknown {
        found.append((child, shape))
      } else if field >= 0, looks[field].matters {
        search(child, field, batch)
      }
      child = Int(batch.nodes[child].next)
    }
  }

  private func look(up child: Int, _ shape: Int, _ batch: Batch) -> Int {
    let key = Int(batch.nodes[child].key)
    while looks[shape].ofKey.count <= key { looks[shape].ofKey.append(Self.notLookedUp) }
    if looks[shape].ofKey[key] == Self.notLookedUp {
      looks[shape].ofKey[key] = look(up: Array(batch.keys[UInt16(key)].utf8), shape)
    }
    return looks[shape].ofKey[key]
  }

  private func look(up name: [UInt8], _ shape: Int) -> Int {
    if let field = looks[shape].fields?[name] { return field }
    let isKnown = name.withUnsafeBytes { text in looks[shape].patterns.contains { $0.matches(text) } }
    return isKnown ? Self.known : Self.unknown
  }
}
