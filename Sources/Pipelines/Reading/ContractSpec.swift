import ConnectorKit
import Expressions
import Records

/// `contract`: what an event must look like, in one version or several.
package struct ContractSpec: SettingGroup {
  package init() {}
  package static let short: String? = "schema"

  @Setting(
    "The JSON Schema (draft 2020-12) that an event's record must keep; a file.", example: "schemas/product.schema.json",
    tuning: true)
  package var schema: String?
  @Setting("The field that names an event's version.", example: "meta.schema_version") package var version: PathSpec?
  @Setting("A schema for each version, the newest last.", example: "{\"1\": {schema: schemas/order.v1.json}}")
  package var versions: VersionsSpec?
  @Setting("What happens to an event that names no version, or one that is not there.")
  package var unknownVersions: UnknownSpec = .reject
  @Setting("What happens to fields that the schema does not declare.") package var unknownFields: UnknownSpec = .keep
  @Setting("What happens when an event breaks the contract.", tuning: true)
  package var onViolation: OnViolationSpec = .deadLetter
  @Setting("Whether a value must have the `format` that its schema names.", tuning: true)
  package var formats: FormatsSpec = .ignore
  @Setting(
    "A folder of *.json schemas that `$ref` finds by their `$id`; by default that of the schema.", example: "schemas",
    tuning: true)
  package var registry: String?

  package func problems() -> [Problem] {
    switch ($schema.isGiven, $versions.isGiven) {
    case (false, false):
      [Problem("", code: "config.one_of", "names neither `schema` nor `versions`", hint: "write schema: FILE")]
    case (true, true):
      [
        Problem(
          "schema", code: "config.one_of", "`schema` is for all events, `versions` is for some", hint: "remove one")
      ]
    case (true, false):
      [("version", $version.isGiven), ("unknown_versions", $unknownVersions.isGiven)].filter(\.1).map { name, _ in
        Problem(name, code: "config.conflict", "`\(name)` needs `versions`")
      }
    case (false, true):
      $version.isGiven
        ? []
        : [
          Problem(
            "versions", code: "config.conflict", "nothing says which version an event has",
            hint: "write version: meta.schema_version, or another field")
        ]
    }
  }
}

package enum UnknownSpec: String, SettingChoice { case keep, drop, reject, stop }

package enum OnViolationSpec: String, SettingChoice {
  case deadLetter = "dead_letter"
  case stop
}

package enum FormatsSpec: String, SettingChoice { case ignore, assert }

/// `versions`: names of versions, as text or number, with what holds for each.
package struct VersionsSpec: SettingValue {
  package struct Entry: Sendable {
    package var name: String
    package var place: Place
    package var spec: ContractVersionSpec
  }

  package var entries: [Entry]

  package static var shape: SettingShape { .map(ContractVersionSpec.shape) }
  package var written: Value { .object(entries.map { Value.Member($0.name, $0.spec.written) }) }
  package var identity: Value? {
    let members = entries.compactMap { entry in entry.spec.identity.map { Value.Member(entry.name, $0) } }
    return members.isEmpty ? nil : .object(members)
  }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> VersionsSpec? {
    guard let entries = node.map else { return loader.mismatch(node, expected: "a mapping from version to its schema") }
    guard !entries.isEmpty else {
      loader.error("config.empty", node, "names no version", hint: "write {\"1\": {schema: FILE}}")
      return nil
    }
    let read = entries.map { entry -> Entry? in
      guard !loader.isReported(entry.value), let spec = ContractVersionSpec.read(entry.value, &loader) else {
        return nil
      }
      return Entry(name: entry.key, place: entry.keyPlace, spec: spec)
    }
    return read.contains { $0 == nil } ? nil : VersionsSpec(entries: read.compactMap { $0 })
  }
}

/// What holds for the events of one version.
package struct ContractVersionSpec: SettingGroup {
  package init() {}
  package static let short: String? = "schema"

  @Setting(
    "The JSON Schema that a record of this version must keep; a file.", example: "schemas/order.v1.schema.json",
    tuning: true)
  package var schema: String
  @Setting("Transforms that make an event of this version one of the next version in the list.")
  package var upgrade: [TransformSpec] = []
  @Setting("Mappings for this version, in place of the pipeline's.") package var mappings: MappingSpec?

  /// nil where nothing decides the meaning of rows.
  package var identity: Value? {
    let members = NamedSetting.identity(of: self)
    return members.isEmpty ? nil : .object(members)
  }
}
