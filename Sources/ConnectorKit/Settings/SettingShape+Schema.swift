import Records

extension SettingShape {
  /// The shape as a JSON Schema (draft 2020-12).
  package var schema: Value {
    switch self {
    case .text(_, let pattern):
      .object([Value.Member("type", "string")] + (pattern.map { [Value.Member("pattern", .string($0))] } ?? []))
    case .secret: ["type": "string"]
    case .flag: ["type": "boolean"]
    case .integer: ["type": "integer"]
    case .number: ["type": "number"]
    case .choice(let words): ["enum": .array(words.map(Value.string) + (words.contains("null") ? [.null] : []))]
    case .list(let item): ["type": "array", "items": item.schema]
    case .map(let value): ["type": "object", "additionalProperties": value.schema]
    case .group(let group): group.schema
    case .either(let shapes): ["anyOf": .array(shapes.map(\.schema))]
    case .anything: .bool(true)
    case .custom(_, let schema): schema
    }
  }
}

extension SettingGroupShape {
  package var schema: Value {
    var members: [Value.Member] = [
      .init("type", "object"), .init("additionalProperties", false), .init("properties", .object(properties)),
    ]
    let required = settings.filter(\.isRequired).map { Value.string($0.name) }
    if !required.isEmpty { members.append(.init("required", .array(required))) }
    if isOneOf { members += [.init("minProperties", 1), .init("maxProperties", .int(Int64(1 + beside)))] }
    guard let short, let setting = settings.first(where: { $0.name == short }) else { return .object(members) }
    return ["anyOf": [setting.shape.schema, .object(members)]]
  }

  package var properties: [Value.Member] { settings.map { Value.Member($0.name, $0.schema) } }
}

extension SettingDeclaration {
  /// The setting's schema, with its sentence, default, example and bounds.
  package var schema: Value {
    let inText = isTextual ? "" : example.map { " For example: \(name): \($0)" } ?? ""
    var members: [Value.Member] = [.init("description", .string(sentence + inText))]
    if case .object(let own) = shape.schema { members += own }
    if let defaultValue { members.append(.init("default", defaultValue)) }
    if let example, isTextual { members.append(.init("examples", [.string(example)])) }
    if let range, shape == .integer {
      members.append(.init("minimum", .int(Int64(range.lowerBound))))
      if range.upperBound < .max { members.append(.init("maximum", .int(Int64(range.upperBound)))) }
    }
    return .object(members)
  }

  /// Whether the example, as it could stand in YAML, is a JSON string too.
  private var isTextual: Bool {
    switch shape {
    case .text, .secret, .choice: true
    default: false
    }
  }
}
