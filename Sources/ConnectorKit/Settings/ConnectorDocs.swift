import Records

/// What `millrace connectors` says, from the declarations.
package enum ConnectorDocs {
  /// One line a connector.
  package static func list(_ catalog: Catalog) -> String {
    let all = catalog.all.map { $0.about }
    let width = all.map(\.type.count).max() ?? 0
    return all.map { about in
      let type = about.type + String(repeating: " ", count: width - about.type.count)
      return "\(type)  \(about.direction.rawValue)  \(about.summary)\n"
    }.joined()
  }

  /// All settings of a connector, for people.
  package static func text(_ type: any Connector.Type) -> String {
    let about = type.about
    var text = "\(about.title) (\(about.direction.rawValue) `\(about.type)`)\n\(about.summary)\n"
    if about.direction == .target { text += "Delivery: \(about.delivery.rawValue).\n" }
    return text + "\n" + type.settings.map { lines($0, indent: 0) }.joined()
  }

  private static func lines(_ setting: SettingDeclaration, indent: Int) -> String {
    let margin = String(repeating: "  ", count: indent + 1)
    var text =
      "\(margin)\(setting.name): \(setting.shape.docNoun)\(remark(setting))\n\(margin)    \(setting.sentence)\n"
    if let example = setting.example { text += "\(margin)    Example: \(setting.name): \(example)\n" }
    for inner in setting.shape.innerSettings { text += lines(inner, indent: indent + 1) }
    return text
  }

  private static func remark(_ setting: SettingDeclaration) -> String {
    if setting.isRequired { return ", required" }
    guard let value = setting.defaultValue, setting.shape.innerSettings.isEmpty else { return "" }
    return ", default \(value.string.flatMap { isWord($0) ? $0 : nil } ?? value.json)"
  }

  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0.properties.numericType != nil }
  }

  /// All about a connector, for programs.
  package static func json(_ type: any Connector.Type) -> Value {
    let about = type.about
    return [
      "type": .string(about.type), "direction": .string(about.direction.rawValue), "title": .string(about.title),
      "summary": .string(about.summary), "delivery": .string(about.delivery.rawValue),
      "lanes_max": about.lanesMax.map { .int(Int64($0)) } ?? .null, "settings": .array(type.settings.map(describe)),
    ]
  }

  private static func describe(_ setting: SettingDeclaration) -> Value {
    [
      "name": .string(setting.name), "description": .string(setting.sentence),
      "kind": .string(setting.shape.docNoun), "required": .bool(setting.isRequired),
      "default": setting.defaultValue ?? .null, "example": setting.example.map { .string($0) } ?? .null,
      "schema": setting.shape.schema, "settings": .array(setting.shape.innerSettings.map(describe)),
    ]
  }
}

extension SettingShape {
  /// The settings of a group, which documentation lists below it.
  fileprivate var innerSettings: [SettingDeclaration] {
    switch self {
    case .group(let group): group.settings
    case .list(let item): item.innerSettings
    case .map(let value): value.innerSettings
    default: []
    }
  }

  /// The noun without the list of keys that follows anyway.
  fileprivate var docNoun: String {
    switch self {
    case .group(let group): group.isOneOf ? "one of the following" : "a mapping"
    case .list(let item): "a list; each: \(item.docNoun)"
    case .map(let value): "a mapping of keys; each value: \(value.docNoun)"
    default: noun
    }
  }
}
