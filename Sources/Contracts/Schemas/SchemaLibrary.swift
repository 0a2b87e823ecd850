import Records

/// All schemas that a contract can refer to, by their addresses: its own, the registry's, the metaschema's.
///
/// A resource is a schema with an address of its own: a document, or a part of one that has an `$id`. Documents of the
/// registry are read when something refers to them.
struct SchemaLibrary {
  struct Resource {
    /// The absolute URI without a fragment; empty where the schema has none.
    var uri: String
    var root: Value
    var dialect: Dialect
    /// Names of `$anchor` and `$dynamicAnchor`, with their pointers from `root`.
    var anchors: [String: String] = [:]
    var dynamicAnchors: [String: String] = [:]
  }

  /// A schema: its resource and its JSON pointer from the resource's root.
  ///
  /// Pointers are compared by their code points: names that differ only in their normalisation are different names.
  struct Place: Hashable {
    var resource: Int
    var pointer: String

    static func == (a: Place, b: Place) -> Bool {
      a.resource == b.resource && a.pointer.utf8.elementsEqual(b.pointer.utf8)
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(resource)
      for byte in pointer.utf8 { hasher.combine(byte) }
    }
  }

  private(set) var resources: [Resource] = []
  private var byURI: [String: Int] = [:]
  private let registry: [String: Value]

  init(registry: [String: Value]) {
    // An address with an empty fragment is the same address.
    self.registry = [String: Value](registry.map { (URIReference($0).document, $1) }) { first, _ in first }
  }

  /// Adds a document and all schemas in it that have addresses of their own.
  mutating func add(_ document: Value, url: String) throws(ContractProblem) -> Int {
    let url = URIReference(url).document
    let resource = try addResource(document, uri: url, outer: nil, place: url + "#")
    if byURI[url] == nil { byURI[url] = resource }
    return resource
  }

  /// A place for messages.
  func text(_ place: Place) -> String { "\(resources[place.resource].uri)#\(place.pointer)" }

  func value(at place: Place) -> Value? {
    var value = resources[place.resource].root
    for token in JSONPointer.tokens(place.pointer) ?? [] {
      guard let next = JSONPointer.step(token, into: value) else { return nil }
      value = next
    }
    return value
  }
}

// What a document holds.
extension SchemaLibrary {
  private mutating func addResource(
    _ root: Value, uri: String, outer: Int?, place: String
  ) throws(ContractProblem) -> Int {
    var uri = uri
    if let id = root["$id"] { uri = try identifier(id, base: uri, place) }
    let inherited = outer.map { resources[$0].dialect } ?? .standard
    let dialect = try root["$schema"].map { value throws(ContractProblem) in try self.dialect(value, place) }
    if let known = byURI[uri], outer != nil || !uri.isEmpty {
      guard resources[known].root == root else {
        throw ContractProblem(.duplicateID, at: place, "another schema has the address \(uri) too; give it its own $id")
      }
      return known
    }
    let resource = resources.count
    resources.append(Resource(uri: uri, root: root, dialect: dialect ?? inherited))
    byURI[uri] = resource
    try scan(root, resource, "")
    return resource
  }

  private func identifier(_ id: Value, base: String, _ place: String) throws(ContractProblem) -> String {
    guard let text = id.string else {
      throw ContractProblem(.keywordInvalid, at: place + "/$id", "$id is a URI reference, a string")
    }
    let reference = URIReference(text)
    guard reference.plainFragment == nil else {
      throw ContractProblem(.keywordInvalid, at: place + "/$id", "$id has no fragment; use $anchor to name a part")
    }
    return reference.resolved(against: URIReference(base)).document
  }

  /// Collects anchors and inner resources below a schema.
  private mutating func scan(_ schema: Value, _ resource: Int, _ pointer: String) throws(ContractProblem) {
    guard case .object(let members) = schema else { return }
    try collectAnchors(schema, Place(resource: resource, pointer: pointer))
    for member in members {
      guard let keyword = SubschemaKeyword(rawValue: member.name) else { continue }
      let inner = "\(pointer)/\(member.name)"
      for (token, subschema) in keyword.subschemas(of: member.value) {
        try scanInner(subschema, resource, token.map { "\(inner)/\(JSONPointer.escaped($0))" } ?? inner)
      }
    }
  }

  private mutating func scanInner(_ schema: Value, _ resource: Int, _ pointer: String) throws(ContractProblem) {
    if schema["$id"] == nil { return try scan(schema, resource, pointer) }
    let place = text(Place(resource: resource, pointer: pointer))
    _ = try addResource(schema, uri: resources[resource].uri, outer: resource, place: place)
  }

  private mutating func collectAnchors(_ schema: Value, _ place: Place) throws(ContractProblem) {
    for keyword in ["$anchor", "$dynamicAnchor"] {
      guard let value = schema[keyword] else { continue }
      guard let name = value.string, Self.isAnchor(name) else {
        throw ContractProblem(
          .keywordInvalid, at: text(place) + "/" + keyword,
          "\(keyword) is a name of letters, digits, '-', '_' and '.' that does not begin with a digit")
      }
      if let other = resources[place.resource].anchors[name], other != place.pointer {
        throw ContractProblem(
          .duplicateID, at: text(place) + "/" + keyword, "another part of the schema is named \(name) too")
      }
      resources[place.resource].anchors[name] = place.pointer
      if keyword == "$dynamicAnchor" { resources[place.resource].dynamicAnchors[name] = place.pointer }
    }
  }

  private static func isAnchor(_ name: String) -> Bool {
    guard let first = name.utf8.first, first.isASCIILetter || first == UInt8(ascii: "_") else { return false }
    return name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "-_.".utf8.contains($0) }
  }
}

// Where references lead.
extension SchemaLibrary {
  struct Target {
    var place: Place
    /// The name, where the reference leads to a `$dynamicAnchor` by its name.
    var dynamicAnchor: String?
  }

  /// Follows a reference that stands in a resource.
  mutating func resolve(
    _ reference: String, in resource: Int, place: String
  ) throws(ContractProblem) -> Target {
    let uri = URIReference(reference).resolved(against: URIReference(resources[resource].uri))
    // A fragment alone stays in its resource, which may share its empty address with nothing else.
    let isLocal = URIReference(reference).document.isEmpty
    guard let target = isLocal ? resource : try resourceIndex(uri.document) else {
      throw ContractProblem(
        .unresolved, at: place,
        "\(reference) leads to \(uri.document), which is no document of the registry; the network is never asked",
        missingDocument: uri.document)
    }
    guard let fragment = uri.plainFragment else { return Target(place: Place(resource: target, pointer: "")) }
    if let tokens = JSONPointer.tokens(fragment) {
      return Target(place: try walk(tokens, from: target, reference, place))
    }
    guard let pointer = resources[target].anchors[fragment] else {
      throw ContractProblem(.unresolved, at: place, "\(reference): no $anchor of that schema is named \(fragment)")
    }
    let isDynamic = resources[target].dynamicAnchors[fragment] != nil
    return Target(place: Place(resource: target, pointer: pointer), dynamicAnchor: isDynamic ? fragment : nil)
  }

  /// The resource at a URI without a fragment; its document is read where that did not happen yet.
  private mutating func resourceIndex(_ uri: String) throws(ContractProblem) -> Int? {
    if let known = byURI[uri] { return known }
    guard let document = registry[uri] ?? Metaschema.document(at: uri) else { return nil }
    return try add(document, url: uri)
  }

  /// Follows a JSON pointer; a part with an `$id` on the way is a resource of its own.
  private func walk(
    _ tokens: [String], from resource: Int, _ reference: String, _ place: String
  ) throws(ContractProblem) -> Place {
    var found = Place(resource: resource, pointer: "")
    var value = resources[resource].root
    for token in tokens {
      guard let next = JSONPointer.step(token, into: value) else {
        throw ContractProblem(.unresolved, at: place, "\(reference): there is no \(token) at \(text(found))")
      }
      value = next
      found.pointer += "/\(JSONPointer.escaped(token))"
      found = entering(value, at: found)
    }
    return found
  }

  /// The place of a schema inside a resource: the root of an inner resource where it has an `$id`.
  func entering(_ schema: Value, at place: Place) -> Place {
    guard let id = schema["$id"]?.string else { return place }
    let uri = URIReference(id).resolved(against: URIReference(resources[place.resource].uri)).document
    guard let inner = byURI[uri], resources[inner].root == schema else { return place }
    return Place(resource: inner, pointer: "")
  }
}

// What `$schema` says.
extension SchemaLibrary {
  private func dialect(_ value: Value, _ place: String) throws(ContractProblem) -> Dialect {
    let place = place + "/$schema"
    guard let text = value.string else {
      throw ContractProblem(.keywordInvalid, at: place, "$schema is a URI, a string")
    }
    let uri = URIReference(text).document
    if uri == Metaschema.address { return .standard }
    guard let metaschema = registry[uri] ?? Metaschema.document(at: uri) ?? byURI[uri].map({ resources[$0].root })
    else {
      throw ContractProblem(
        .dialect, at: place,
        "\(text) is not known here; contracts are written in \(Metaschema.address), or in a metaschema of the registry")
    }
    guard case .object(let vocabularies)? = metaschema["$vocabulary"] else { return .standard }
    let (dialect, unknown) = Dialect.reading(vocabularies)
    guard unknown.isEmpty else {
      throw ContractProblem(
        .vocabulary, at: place, "\(text) requires \(unknown.joined(separator: ", ")), which is not known here")
    }
    return dialect
  }
}
