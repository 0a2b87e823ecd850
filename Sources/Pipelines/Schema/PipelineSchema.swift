import ConnectorKit
import Records

/// The JSON Schema of the pipeline language with the connectors of a catalog, for editors.
package enum PipelineSchema {
  /// With a line break at its end.
  package static func json(catalog: Catalog) -> String { value(catalog: catalog).prettyJSON + "\n" }

  package static func value(catalog: Catalog) -> Value {
    guard case .object(let members) = PipelineSpec.shape.schema else { return .null }
    let common: [Value.Member] = NamedSetting.all(of: TargetCommon()).map {
      Value.Member($0.name, $0.declaration.schema)
    }
    return .object(
      [
        .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
        .init("title", "Millrace pipeline"),
      ] + members + [
        .init(
          "$defs",
          [
            "source": choice(catalog.sources.map { ($0.about, $0.settings) }, common: []),
            "target": choice(catalog.targets.map { ($0.about, $0.settings) }, common: common),
            "stream_target": streamTarget(catalog),
          ])
      ])
  }

  /// The settings that a stream may have for itself; which of them the target has, `millrace validate` says.
  private static func streamTarget(_ catalog: Catalog) -> Value {
    let key = NamedSetting.all(of: TargetCommon()).filter { $0.name == "key" }.map {
      Value.Member($0.name, $0.declaration.schema)
    }
    let own = catalog.targets.flatMap { target in
      target.settings.filter { target.about.streamSettings.contains($0.name) }.map { Value.Member($0.name, $0.schema) }
    }
    return ["type": "object", "properties": .object(key + own), "additionalProperties": false]
  }

  /// The settings of one of the connectors, which `type` names.
  private static func choice(
    _ connectors: [(about: About, settings: [SettingDeclaration])], common: [Value.Member]
  ) -> Value {
    let types = connectors.map { Value.string($0.about.type) }
    return [
      "type": "object", "required": ["type"],
      "properties": ["type": ["description": "The connector.", "enum": .array(types)]],
      "allOf": .array(
        connectors.map { connector in
          [
            "if": ["properties": ["type": ["const": .string(connector.about.type)]], "required": ["type"]],
            "then": settings(of: connector.about, connector.settings, common: common),
          ]
        }),
    ]
  }

  private static func settings(
    of about: About, _ settings: [SettingDeclaration], common: [Value.Member]
  ) -> Value {
    let group = SettingGroupShape(settings)
    let required = settings.filter(\.isRequired).map { Value.string($0.name) }
    var members: [Value.Member] = [
      .init("description", .string("\(about.title): \(about.summary)")),
      .init("properties", .object([.init("type", true)] + group.properties + common)),
      .init("additionalProperties", false),
    ]
    if !required.isEmpty { members.append(.init("required", .array(required))) }
    return .object(members)
  }
}
