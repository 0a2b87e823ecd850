import ConnectorKit
import Records

/// The text of a first pipeline, made of what the connectors declare.
enum FirstPipeline {
  static func text(name: String, source: any Connector.Type, target: any Connector.Type) -> String {
    """
    # yaml-language-server: $schema=pipeline.schema.json   (from: millrace schema >pipeline.schema.json)
    millrace: 1
    name: \(name)

    source:
    \(settings(source))

    # The events that go on; remove it to take all.
    # transforms:
    #   - filter: record.status != "draft"

    # What the target gets: its field, and where the value comes from. `all` passes everything on.
    mappings:
      "*": all
      # id: {from: record.id, required: true}
      # name: {from: record.name, trim: true, max_length: 200}
      # price: {from: record.price, as: decimal}

    target:
    \(settings(target))

    """
  }

  private static func settings(_ type: any Connector.Type) -> String {
    (["type: \(type.about.type)"] + type.settings.flatMap(lines)).map { "  " + $0 }.joined(separator: "\n")
  }

  /// What must be given with its example; the rest as comments with the default.
  private static func lines(_ setting: SettingDeclaration) -> [String] {
    let sentence = "# \(setting.sentence)"
    if setting.isRequired { return [sentence, "\(setting.name): \(yaml(setting.example ?? "..."))"] }
    guard let value = setting.defaultValue.map(yaml) ?? setting.example.map({ yaml($0) }), value != "{}" else {
      return [sentence, "# \(setting.name):"]
    }
    return [sentence, "# \(setting.name): \(value)"]
  }

  /// An example is YAML already, but for what YAML reads otherwise inside a line.
  private static func yaml(_ example: String) -> String {
    example.first.map { "*&!%@`".contains($0) } == true ? Value.string(example).json : example
  }

  private static func yaml(_ value: Value) -> String { value.string ?? value.json }
}
