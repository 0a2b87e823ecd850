import ConnectorKit
import Expressions
import Records

/// One step of `transforms`: a mapping with one key, the step's name.
package struct TransformSpec: SettingOneOf {
  package init() {}

  @Setting("Passes on the events for which the condition holds.", example: "record.kind == \"physical\"")
  package var filter: ConditionSpec?

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
