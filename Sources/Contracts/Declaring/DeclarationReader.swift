import Records

/// Reads the ``Declarations`` of a schema that compiled, so that its keywords have the right form.
struct DeclarationReader {
  typealias Place = SchemaLibrary.Place

  private var library: SchemaLibrary
  private var shapes: [Declarations.Shape] = []
  private var ids: [[[Place]]: Int] = [:]
  /// Those that are being read, so that references in a circle end.
  private var visiting: Set<Place> = []

  static func read(_ library: SchemaLibrary, root: Place) -> Declarations {
    var reader = DeclarationReader(library: library)
    _ = reader.shape([[root]])
    return Declarations(shapes: reader.shapes)
  }

  private init(library: SchemaLibrary) { self.library = library }

  /// The number of the shape of a value with these schemas.
  private mutating func shape(_ schemas: Outline.Alternatives) -> Int? {
    if schemas.contains([]) { return nil }
    if let known = ids[schemas] { return known }
    guard shapes.count < Declarations.shapesMax else { return nil }
    let id = shapes.count
    ids[schemas] = id
    shapes.append(Declarations.Shape())
    shapes[id] = made(of: outline(ofAny: schemas))
    return id
  }

  private mutating func made(of outline: Outline) -> Declarations.Shape {
    var shape = Declarations.Shape()
    shape.types = outline.types
    shape.values = outline.values
    shape.isOpen = !outline.declaresFields || outline.isOpen
    shape.patterns = outline.patterns
    if outline.declaresFields {
      shape.fields = outline.fields.map { field in
        Declarations.Shape.Field(name: field.name, shape: self.shape(field.schemas) ?? anything)
      }
    }
    shape.element = outline.elements.flatMap { self.shape($0) }
    return shape
  }

  /// The shape of a value of which nothing is said.
  private var anything: Int {
    mutating get {
      if let known = ids[[[]]] { return known }
      ids[[[]]] = shapes.count
      shapes.append(Declarations.Shape())
      return shapes.count - 1
    }
  }
}

// Schemas that apply to one value.
extension DeclarationReader {
  private mutating func outline(ofAny schemas: Outline.Alternatives) -> Outline {
    var outlines: [Outline] = []
    for alternative in schemas {
      outlines.append(outline(ofAll: alternative))
    }
    return outlines.dropFirst().reduce(outlines.first ?? Outline()) { $0.or($1) }
  }

  private mutating func outline(ofAll places: [Place]) -> Outline {
    var whole = Outline()
    for place in places { whole = whole.and(outline(of: place)) }
    return whole
  }

  private mutating func outline(of place: Place) -> Outline {
    guard visiting.insert(place).inserted else { return Outline() }
    defer { visiting.remove(place) }
    guard let schema = library.value(at: place) else { return Outline() }
    if schema == .bool(false) { return Outline(types: TypeSet(bits: 0)) }
    let outline = own(schema, at: place).and(referred(schema, at: place))
    return combined(schema, at: place).reduce(outline) { $0.and($1) }
  }

  private mutating func referred(_ schema: Value, at place: Place) -> Outline {
    var outline = Outline()
    for keyword in ["$ref", "$dynamicRef"] {
      guard let reference = schema[keyword]?.string,
        let target = try? library.resolve(reference, in: place.resource, place: "")
      else { continue }
      outline = outline.and(self.outline(of: target.place))
    }
    return outline
  }

  /// Of the keywords that combine schemas; all of them hold.
  private mutating func combined(_ schema: Value, at place: Place) -> [Outline] {
    var outlines = list(schema, "allOf", at: place)
    for keyword in ["anyOf", "oneOf"] {
      let alternatives = list(schema, keyword, at: place)
      if let first = alternatives.first { outlines.append(alternatives.dropFirst().reduce(first) { $0.or($1) }) }
    }
    if schema["if"] != nil {
      let condition = inner("if", of: schema, at: place)
      outlines.append(
        condition.and(inner("then", of: schema, at: place)).or(inner("else", of: schema, at: place)))
    }
    if case .object(let members)? = schema["dependentSchemas"] {
      for member in members {
        outlines.append(Outline().or(inner("dependentSchemas", member.name, of: schema, at: place)))
      }
    }
    return outlines
  }

  private mutating func list(_ schema: Value, _ keyword: String, at place: Place) -> [Outline] {
    var outlines: [Outline] = []
    for index in (schema[keyword]?.array ?? []).indices {
      outlines.append(inner(keyword, "\(index)", of: schema, at: place))
    }
    return outlines
  }

  private mutating func inner(_ keyword: String, _ token: String? = nil, of schema: Value, at place: Place) -> Outline {
    outline(of: self.place(keyword, token, of: schema, at: place))
  }

  private func place(_ keyword: String, _ token: String? = nil, of schema: Value, at place: Place) -> Place {
    var inner = place
    inner.pointer += "/\(keyword)" + (token.map { "/\(JSONPointer.escaped($0))" } ?? "")
    let value =
      token.flatMap { token in schema[keyword].flatMap { JSONPointer.step(token, into: $0) } } ?? schema[keyword]
    return value.map { library.entering($0, at: inner) } ?? inner
  }
}

// The keywords of one schema.
extension DeclarationReader {
  private func own(_ schema: Value, at place: Place) -> Outline {
    var outline = Outline()
    outline.types = Self.types(of: schema)
    outline.values = schema["const"].map { [$0] } ?? schema["enum"]?.array
    if case .object(let members)? = schema["properties"] {
      outline.declaresFields = true
      outline.fields = members.map {
        Outline.Field(name: $0.name, schemas: [[self.place("properties", $0.name, of: schema, at: place)]])
      }
    }
    if case .object(let members)? = schema["patternProperties"] { outline.patterns = members.map(\.name) }
    for keyword in ["additionalProperties", "unevaluatedProperties"] {
      guard let value = schema[keyword] else { continue }
      outline.declaresFields = true
      if value != .bool(false) { outline.isOpen = true }
    }
    outline.elements = elements(of: schema, at: place)
    return outline
  }

  private func elements(of schema: Value, at place: Place) -> Outline.Alternatives? {
    var all: Outline.Alternatives = []
    for index in (schema["prefixItems"]?.array ?? []).indices {
      all = Outline.sum(all, [[self.place("prefixItems", "\(index)", of: schema, at: place)]])
    }
    if schema["items"] != nil { all = Outline.sum(all, [[self.place("items", of: schema, at: place)]]) }
    return all.isEmpty ? nil : all
  }

  private static func types(of schema: Value) -> TypeSet {
    var types = TypeSet(bits: 127)
    if let names = schema["type"]?.array ?? schema["type"].map({ [$0] }) {
      types = union(
        names.compactMap { $0.string.flatMap { TypeSet(name: $0) } }.map { $0 == .number ? .anyNumber : $0 })
    }
    if let value = schema["const"] { types = TypeSet(bits: types.bits & type(of: value).bits) }
    if let values = schema["enum"]?.array {
      types = TypeSet(bits: types.bits & union(values.map { type(of: $0) }).bits)
    }
    return types
  }

  private static func union(_ types: [TypeSet]) -> TypeSet {
    types.reduce(into: TypeSet(bits: 0)) { $0.insert($1) }
  }

  private static func type(of value: Value) -> TypeSet {
    switch value {
    case .null: .null
    case .bool: .boolean
    case .int: .integer
    case .number: .anyNumber
    case .string, .bytes: .string
    case .array: .array
    case .object: .object
    }
  }
}

extension TypeSet {
  /// Whole numbers and all others.
  fileprivate static let anyNumber = TypeSet(bits: 4 | 64)
}
