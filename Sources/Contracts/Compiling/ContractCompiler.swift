import Records

/// Turns a schema and all that it refers to into the tables of a ``Contract``.
///
/// Schemas wait in a queue until their turn, so references may lead in circles and nothing is compiled twice. What is
/// wrong is collected, so that all of it is told at once.
struct ContractCompiler {
  typealias Place = SchemaLibrary.Place

  var library: SchemaLibrary
  let formats: Contract.Formats
  var code = ContractCode()
  var problems: [ContractProblem] = []
  private(set) var unknownKeywords: [Contract.UnknownKeyword] = []

  private var ids: [Place: Int] = [:]
  /// The places of `code.shapes`; those from `compiled` on wait for their turn.
  private var places: [Place] = []
  private var compiled = 0
  /// For each schema, those that it applies to the same value.
  private var inPlace: [[Int]] = []
  /// Names of dynamic anchors by their numbers.
  private var anchorNames: [String] = []

  init(documents: [String: Value], formats: Contract.Formats) {
    library = SchemaLibrary(registry: documents)
    self.formats = formats
  }

  mutating func compile(_ schema: Value, url: String) throws(ContractProblems) -> ContractCode {
    do {
      let resource = try library.add(schema, url: url)
      code.root = id(of: Place(resource: resource, pointer: ""))
      repeat { try compileWaiting() } while addDynamicAnchors()
    } catch {
      throw ContractProblems(problems: problems + [error])
    }
    if problems.isEmpty { reportLoop() }
    guard problems.isEmpty else { throw ContractProblems(problems: problems) }
    code.places = places.map { shownPlace($0) }
    return code
  }

  /// Places in the contract's own schema are shown from their `#` on.
  private func shownPlace(_ place: Place) -> String {
    place.resource == 0 ? "#\(place.pointer)" : library.text(place)
  }

  /// The number of the schema at a place; it is compiled when its turn comes.
  mutating func id(of place: Place) -> Int {
    if let known = ids[place] { return known }
    let id = places.count
    ids[place] = id
    places.append(place)
    code.shapes.append(Shape())
    inPlace.append([])
    return id
  }

  mutating func report(_ problemCode: ContractProblem.Code, at place: String, _ message: String) {
    problems.append(ContractProblem(problemCode, at: place, message))
  }

  private mutating func compileWaiting() throws(ContractProblem) {
    while compiled < places.count {
      guard places.count <= Contract.schemasMax else {
        throw ContractProblem(.tooLarge, at: "#", "the contract has more than \(Contract.schemasMax) schemas")
      }
      compileOne(compiled)
      compiled += 1
    }
  }

  private mutating func compileOne(_ id: Int) {
    let place = places[id]
    var shape = Shape()
    shape.resource = Int32(place.resource)
    shape.firstRule = Int32(code.rules.count)
    switch library.value(at: place) {
    case .bool(true)?: break
    case .bool(false)?:
      shape.isFalse = true
      code.rules.append(Rule(kind: .never, types: .all))
    case .object(let members)?:
      var reading = SchemaReading(
        place: place, schema: .object(members), dialect: library.resources[place.resource].dialect)
      reading.id = id
      compileKeywords(of: reading, into: &shape)
      noteUnknown(members, place)
    default: report(.keywordInvalid, at: library.text(place), "a schema is an object, true or false")
    }
    shape.endRule = Int32(code.rules.count)
    shape.isTrue = shape.types == .all && shape.firstRule == shape.endRule
    code.shapes[id] = shape
  }

  private mutating func compileKeywords(of schema: SchemaReading, into shape: inout Shape) {
    if schema.dialect.validation { compileValidation(schema, &shape) }
    compileFormat(schema)
    compileReferences(schema)
    compileMembers(schema)
    if schema.dialect.applicator { compileApplicators(schema) }
    // Last: they ask what all others evaluated.
    if schema.dialect.unevaluated { compileUnevaluated(schema, &shape) }
  }

  private mutating func noteUnknown(_ members: [Value.Member], _ place: Place) {
    for member in members where !Keywords.known.contains(member.name) && !member.name.hasPrefix("x-") {
      unknownKeywords.append(Contract.UnknownKeyword(place: shownPlace(place), keyword: member.name))
    }
  }
}

/// A schema whose keywords are being compiled.
struct SchemaReading {
  var place: SchemaLibrary.Place
  var schema: Value
  var dialect: Dialect
  var id = 0

  subscript(keyword: String) -> Value? { schema[keyword] }
}

// What schemas have in common.
extension ContractCompiler {
  func text(_ schema: SchemaReading, _ keyword: String) -> String { "\(library.text(schema.place))/\(keyword)" }

  mutating func invalid(_ schema: SchemaReading, _ keyword: String, _ message: String) {
    report(.keywordInvalid, at: text(schema, keyword), message)
  }

  mutating func add(_ kind: Rule.Kind, for types: TypeSet, _ a: Int = 0, _ b: Int = 0) {
    code.rules.append(Rule(kind: kind, types: types, a: Int32(a), b: Int32(b)))
  }

  /// The number of the schema in a keyword, or below it.
  mutating func child(_ schema: SchemaReading, _ keyword: String, _ token: String? = nil) -> Int {
    var place = schema.place
    place.pointer += "/\(keyword)"
    if let token { place.pointer += "/\(JSONPointer.escaped(token))" }
    let value =
      token.flatMap { token in schema[keyword].flatMap { JSONPointer.step(token, into: $0) } } ?? schema[keyword]
    return id(of: value.map { library.entering($0, at: place) } ?? place)
  }

  /// Like ``child(_:_:_:)`` for schemas that look at the same value.
  mutating func childInPlace(_ schema: SchemaReading, _ keyword: String, _ token: String? = nil) -> Int {
    let child = child(schema, keyword, token)
    inPlace[schema.id].append(child)
    return child
  }

  mutating func list(_ items: [Int]) -> Int {
    code.ranges.append(ListRange(first: Int32(code.lists.count), count: Int32(items.count)))
    code.lists.append(contentsOf: items.map(Int32.init))
    return code.ranges.count - 1
  }

  mutating func name(_ text: String) -> Int { code.names.number(of: Array(text.utf8)) }
}

// References.
extension ContractCompiler {
  private mutating func compileReferences(_ schema: SchemaReading) {
    if let target = target(of: "$ref", in: schema) {
      let id = id(of: target.place)
      inPlace[schema.id].append(id)
      add(.ref, for: .all, id)
    }
    guard let target = target(of: "$dynamicRef", in: schema) else { return }
    let id = id(of: target.place)
    guard let anchor = target.dynamicAnchor else {
      inPlace[schema.id].append(id)
      return add(.ref, for: .all, id)
    }
    code.dynamicReferences.append(DynamicReference(anchor: Int32(number(ofAnchor: anchor)), schema: Int32(id)))
    add(.dynamicRef, for: .all, code.dynamicReferences.count - 1)
  }

  private mutating func target(of keyword: String, in schema: SchemaReading) -> SchemaLibrary.Target? {
    guard let value = schema[keyword] else { return nil }
    guard let reference = value.string else {
      invalid(schema, keyword, "\(keyword) is a URI reference, a string")
      return nil
    }
    do {
      return try library.resolve(reference, in: schema.place.resource, place: text(schema, keyword))
    } catch {
      problems.append(error)
      return nil
    }
  }

  private mutating func number(ofAnchor name: String) -> Int {
    if let known = anchorNames.firstIndex(of: name) { return known }
    anchorNames.append(name)
    return anchorNames.count - 1
  }

  /// Adds the schemas that dynamic references may lead to, of all resources that have a schema in use.
  ///
  /// - Returns: whether there are new ones, which wait to be compiled.
  private mutating func addDynamicAnchors() -> Bool {
    let inUse = Set(places.map(\.resource))
    var isNew = false
    for (anchor, name) in anchorNames.enumerated() {
      for resource in inUse.sorted() {
        guard let pointer = library.resources[resource].dynamicAnchors[name],
          !code.dynamicAnchors.contains(where: { $0.anchor == anchor && $0.resource == resource })
        else { continue }
        let schema = id(of: Place(resource: resource, pointer: pointer))
        code.dynamicAnchors.append(
          DynamicAnchor(anchor: Int32(anchor), resource: Int32(resource), schema: Int32(schema)))
        isNew = true
      }
    }
    return isNew
  }

  /// A schema that leads back to itself on the same value would never end.
  private mutating func reportLoop() {
    guard let place = InPlaceLoop.find(inPlace) else { return }
    report(
      .loop, at: library.text(places[place]),
      "the schema applies itself to the same value again, by $ref or through other keywords, and would never end")
  }
}
