import ConnectorKit
import Expressions
import Records

/// `mappings`: target field by target field, or `all`.
package struct MappingSpec: SettingValue {
  package struct Field: Sendable {
    package var name: String
    package var place: Place
    package var spec: FieldSpec
    /// Its value in the file.
    var node: ConfigNode
  }

  package var fields: [Field] = []
  package var passesRest = false
  package var dropped: [String] = []

  /// The key that stands for all fields that are not named.
  static let rest = "*"
  private static let all = "all"
  private static let drop = "drop"

  package static var shape: SettingShape {
    .custom(
      "`all`, or a mapping of target fields",
      schema: [
        "anyOf": [
          ["const": .string(all)],
          [
            "type": "object", "minProperties": 1, "properties": ["*": ["const": .string(all)]],
            "additionalProperties": ["anyOf": [FieldSpec.shape.schema, ["const": .string(drop)]]],
          ],
        ]
      ])
  }

  package var written: Value { members { $0.written } }
  package var identity: Value? { members { $0.identity ?? .null } }

  private func members(_ field: (FieldSpec) -> Value) -> Value {
    var members = passesRest ? [Value.Member(Self.rest, .string(Self.all))] : []
    members += fields.map { Value.Member($0.name, field($0.spec)) }
    return .object(members + dropped.map { Value.Member($0, .string(Self.drop)) })
  }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> MappingSpec? {
    if let scalar = node.scalar, scalar.text == all { return MappingSpec(passesRest: true) }
    guard let entries = node.map else { return loader.mismatch(node, expected: shape.noun, hint: hint(node)) }
    guard !entries.isEmpty else {
      loader.error("config.empty", node, "maps no field", hint: "name target fields, or write mappings: all")
      return nil
    }
    let before = loader.failures
    var spec = MappingSpec()
    for entry in entries { spec.take(entry, &loader) }
    spec.checkDropped(node, &loader)
    return loader.failures == before ? spec : nil
  }

  private static func hint(_ node: ConfigNode) -> String? {
    if node.list != nil { return "write a mapping, TARGET_FIELD: record.field, without the dashes" }
    guard let scalar = node.scalar, node.core != .null else { return nil }
    return Suggestion.nearest(to: scalar.text, among: [all]).map { "did you mean `\($0)`?" }
  }

  private mutating func take(_ entry: ConfigEntry, _ loader: inout SettingLoader) {
    guard loader.textKey(entry), !loader.isReported(entry.value) else { return }
    let word = entry.value.scalar?.text
    switch (entry.key, word) {
    case (Self.rest, Self.all): passesRest = true
    case (Self.rest, _):
      loader.error(
        "config.conflict", entry.value, "`\"*\"` can only be `all`",
        hint: word == Self.drop ? "leave it out: fields that are not named are not passed on" : "write \"*\": all")
    case (_, Self.drop): dropped.append(entry.key)
    case (_, Self.all):
      loader.error(
        "config.conflict", entry.value, "`all` stands for no single field", hint: "write \"*\": all to pass the others")
    case ("", _):
      loader.add(.error, "config.empty", entry.keyPlace, entry.value.path, "the field has no name", nil)
    default:
      guard let spec = FieldSpec.read(entry.value, &loader) else { return }
      fields.append(Field(name: entry.key, place: entry.keyPlace, spec: spec, node: entry.value))
    }
  }

  private func checkDropped(_ node: ConfigNode, _ loader: inout SettingLoader) {
    guard !passesRest, let entries = node.map else { return }
    for entry in entries where entry.key != Self.rest && entry.value.scalar?.text == Self.drop {
      loader.error(
        "config.conflict", entry.value, "there is nothing to drop `\(entry.key)` from",
        hint: "fields that are not named are not passed on; `drop` belongs to \"*\": all")
    }
  }
}
