import Records

/// What a schema and those that apply to the same value say about its type, its fields and its elements.
struct Outline {
  typealias Place = SchemaLibrary.Place
  /// The schemas of a value: it fits one of these, and in it all. One that is empty asks for nothing.
  typealias Alternatives = [[Place]]

  /// More alternatives than that are not followed, and more schemas in one of them; the value counts as any.
  private static let alternativesMax = 16
  private static let schemasMax = 8

  struct Field {
    var name: String
    var schemas: Alternatives
  }

  var types = TypeSet(bits: 127)
  /// The values that are listed; nil where none are.
  var values: [Value]?
  /// In the order of the schema.
  var fields: [Field] = []
  /// Whether it says which fields there are; one that does not says nothing of any.
  var declaresFields = false
  /// Whether there may be others beside them.
  var isOpen = false
  /// Names of further fields.
  var patterns: [String] = []
  var elements: Alternatives?
}

extension Outline {
  /// Of a value that must fit both.
  func and(_ other: Outline) -> Outline {
    var both = merged(other) { Self.product($0, $1) }
    both.types = TypeSet(bits: types.bits & other.types.bits)
    both.values = values.map { mine in other.values.map { theirs in mine.filter { theirs.contains($0) } } ?? mine }
    both.values = both.values ?? other.values
    both.elements = Self.both(elements, other.elements) { Self.product($0, $1) }
    return both
  }

  /// Of a value that fits one of them.
  func or(_ other: Outline) -> Outline {
    var either = merged(other) { Self.sum($0, $1) }
    either.types = TypeSet(bits: types.bits | other.types.bits)
    either.values = values.flatMap { mine in other.values.map { mine + $0 } }
    either.elements = elements.flatMap { mine in other.elements.map { Self.sum(mine, $0) } }
    return either
  }

  /// A field that one of them declares is declared; what the other says of it is nothing.
  private func merged(
    _ other: Outline, _ combine: (Alternatives, Alternatives) -> Alternatives
  ) -> Outline {
    var result = self
    var places = Dictionary(
      fields.enumerated().map { (Array($1.name.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    for field in other.fields {
      if let place = places[Array(field.name.utf8)] {
        result.fields[place].schemas = combine(result.fields[place].schemas, field.schemas)
      } else {
        places[Array(field.name.utf8)] = result.fields.count
        result.fields.append(field)
      }
    }
    result.declaresFields = declaresFields || other.declaresFields
    result.isOpen = isOpen || other.isOpen
    result.patterns += other.patterns.filter { !patterns.contains($0) }
    return result
  }

  static func product(_ a: Alternatives, _ b: Alternatives) -> Alternatives {
    bounded(a.flatMap { mine in b.map { mine + $0.filter { !mine.contains($0) } } })
  }

  static func sum(_ a: Alternatives, _ b: Alternatives) -> Alternatives {
    bounded(a + b.filter { !a.contains($0) })
  }

  private static func both(
    _ a: Alternatives?, _ b: Alternatives?, _ combine: (Alternatives, Alternatives) -> Alternatives
  ) -> Alternatives? {
    guard let a else { return b }
    return b.map { combine(a, $0) } ?? a
  }

  private static func bounded(_ alternatives: Alternatives) -> Alternatives {
    let isTooMuch =
      alternatives.count > alternativesMax
      || alternatives.contains { $0.isEmpty || $0.count > schemasMax }
    return isTooMuch ? [[]] : alternatives
  }
}
