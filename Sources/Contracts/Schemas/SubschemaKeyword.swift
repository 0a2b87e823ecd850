import Records

/// The keywords that hold schemas.
enum SubschemaKeyword: String {
  case additionalProperties, propertyNames, items, contains, not, `if`, then, `else`
  case unevaluatedItems, unevaluatedProperties, contentSchema
  case allOf, anyOf, oneOf, prefixItems
  case properties, patternProperties, dependentSchemas
  case defs = "$defs"

  private enum Form { case schema, list, map }

  private var form: Form {
    switch self {
    case .allOf, .anyOf, .oneOf, .prefixItems: .list
    case .properties, .patternProperties, .dependentSchemas, .defs: .map
    default: .schema
    }
  }

  /// The schemas in the keyword's value, each with its token below the keyword where there is one.
  func subschemas(of value: Value) -> [(token: String?, schema: Value)] {
    switch (form, value) {
    case (.schema, _): [(nil, value)]
    case (.list, .array(let items)): items.enumerated().map { ("\($0)", $1) }
    case (.map, .object(let members)): members.map { ($0.name, $0.value) }
    default: []
    }
  }
}
