/// The type of a value, as far as it is known before an expression runs; `dyn` where it is not.
package indirect enum CELType: Hashable, Sendable {
  case dyn
  /// Stands where a problem was reported already; agrees with everything, so that it is reported once.
  case error
  case null, bool, int, uint, double, string, bytes, timestamp, duration, decimal, date
  /// The type of a type; nil where it is not known which.
  case type(CELType?)
  case list(CELType)
  case map(CELType, CELType)
  /// A type that is known by its name alone, with its parameters: `optional_type(int)`.
  case opaque(String, [CELType])
  case object(ObjectType)
  /// `T` in a declaration: any type, the same wherever `T` stands.
  case parameter(String)
  /// A type that the checker is still finding out.
  case variable(Int)

  package static func optional(_ wrapped: CELType) -> CELType { .opaque("optional_type", [wrapped]) }

  /// A type whose values may also be null: a column that is not `NOT NULL`. The standard calls it a wrapper.
  package static func nullable(_ type: CELType) -> CELType { .opaque("wrapper", [type]) }

  /// The type of the values that are not null.
  package var nonNull: CELType {
    if case .opaque("wrapper", let parameters) = self { parameters.first ?? self } else { self }
  }

  /// The type inside an optional.
  var wrapped: CELType? {
    if case .opaque("optional_type", let parameters) = self { parameters.first } else { nil }
  }

  /// The types that this one is made of.
  var parameters: [CELType] {
    switch self {
    case .list(let element): [element]
    case .map(let key, let value): [key, value]
    case .opaque(_, let parameters): parameters
    case .type(let described): described.map { [$0] } ?? []
    default: []
    }
  }

  /// The same type over other parameters.
  func with(_ parameters: [CELType]) -> CELType {
    switch self {
    case .list: .list(parameters[0])
    case .map: .map(parameters[0], parameters[1])
    case .opaque(let name, _): .opaque(name, parameters)
    case .type: .type(parameters.first)
    default: self
    }
  }

  /// The name that `type()` gives and that stands for the type in an expression.
  package var name: String {
    switch self {
    case .dyn: "dyn"
    case .error: "error"
    case .null: "null_type"
    case .bool: "bool"
    case .int: "int"
    case .uint: "uint"
    case .double: "double"
    case .string: "string"
    case .bytes: "bytes"
    case .timestamp: "google.protobuf.Timestamp"
    case .duration: "google.protobuf.Duration"
    case .decimal: "decimal"
    case .date: "date"
    case .type: "type"
    case .list: "list"
    case .map: "map"
    case .opaque(let name, _), .parameter(let name): name
    case .object(let object): object.name
    case .variable: "dyn"
    }
  }
}

extension CELType {
  /// As people call it in expressions: `timestamp` for the standard's `google.protobuf.Timestamp`.
  package var word: String {
    switch self {
    case .timestamp: "timestamp"
    case .duration: "duration"
    case .opaque("optional_type", let parameters): "optional" + Self.words(parameters)
    case .opaque("wrapper", let parameters) where !parameters.isEmpty: "\(parameters[0].word) or null"
    default: name + Self.words(parameters)
    }
  }

  /// The same without parameters, for values, which do not know them.
  var withoutParameters: CELType {
    switch self {
    case .list, .map, .opaque: .opaque(name, [])
    default: self
    }
  }

  /// As ``word``, without what a list or map holds.
  package var simpleWord: String { withoutParameters.word }

  private static func words(_ parameters: [CELType]) -> String {
    parameters.isEmpty ? "" : "(\(parameters.map(\.word).joined(separator: ", ")))"
  }
}

extension CELType: CustomStringConvertible {
  /// As the standard writes it.
  package var description: String {
    parameters.isEmpty ? name : "\(name)(\(parameters.map(\.description).joined(separator: ", ")))"
  }
}

/// A row or document whose fields are known: a table's columns, a contract's properties.
package final class ObjectType: Sendable {
  package struct Field: Sendable {
    package var name: String
    package var type: CELType
    package init(_ name: String, _ type: CELType) {
      self.name = name
      self.type = type
    }
  }

  package let name: String
  package let fields: [Field]
  /// Whether it may have fields beyond those; reading one gives `dyn`.
  package let isOpen: Bool
  private let types: [String: CELType]

  package init(_ name: String, _ fields: [Field], isOpen: Bool = false) {
    self.name = name
    self.fields = fields
    self.isOpen = isOpen
    types = Dictionary(fields.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
  }

  package func type(of field: String) -> CELType? { types[field] ?? (isOpen ? .dyn : nil) }
}

extension ObjectType: Hashable {
  package static func == (a: ObjectType, b: ObjectType) -> Bool { a === b }
  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
