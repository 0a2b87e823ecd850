import ConnectorKit
import Expressions
import Records

/// One step of `transforms`: a mapping with one key, the step's name.
package struct TransformSpec: SettingOneOf {
  package init() {}

  @Setting("Passes on the events for which the comparison holds.", example: "record.kind == \"physical\"")
  package var filter: FilterSpec?

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> TransformSpec? {
    let names = SettingList(of: TransformSpec()).names
    let unknown = node.map?.filter { !names.contains($0.key) } ?? []
    for entry in unknown {
      loader.add(
        .error, "config.unknown_transform", entry.keyPlace, node.path(of: entry.key),
        "unknown transform `\(entry.key)`", Suggestion.hint(for: entry.key, among: names))
    }
    if !unknown.isEmpty { return nil }
    guard node.map != nil else {
      let hint = "write - filter: record.kind == \"physical\"; transforms: \(names.joined(separator: ", "))"
      return loader.mismatch(node, expected: "a transform", hint: hint)
    }
    return readOne(node, &loader)
  }
}

package struct FilterSpec: SettingValue {
  package var filter: Filter

  package static var shape: SettingShape { .text("a comparison of a path with a literal") }
  package var written: Value { .string(filter.text) }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> FilterSpec? {
    loader.expression(node, noun: shape.noun) { text throws(ExpressionProblem) in
      FilterSpec(filter: try Filter(parsing: text))
    }
  }
}

extension SettingLoader {
  /// What `parse` makes of the scalar's text; its problem is reported at the character that it points to.
  mutating func expression<Parsed>(
    _ node: ConfigNode, noun: String, _ parse: (String) throws(ExpressionProblem) -> Parsed
  ) -> Parsed? {
    guard let scalar = node.scalar, case .text = node.core else { return mismatch(node, expected: noun) }
    do throws(ExpressionProblem) { return try parse(scalar.text) } catch {
      add(.error, error.code, node.place(at: error.offset), node.path, error.message, error.hint)
      return nil
    }
  }
}
