import Records

/// What a contract declares of its values: the fields that there are, their types, what stands in lists.
///
/// Read off the keywords that name fields and types, over references and combinations of schemas. A field is declared
/// where any schema that applies to the value names it, whether or not the others hold.
package struct Declarations: Sendable {
  /// What is declared of one value.
  package struct Shape: Sendable {
    package struct Field: Sendable {
      package var name: String
      /// Index of its shape.
      package var shape: Int
    }

    var types = TypeSet(bits: 127)
    /// The values that it can have (`enum`, `const`); nil where they are not listed.
    package var values: [Value]?
    /// nil where the contract does not say which fields there are.
    package var fields: [Field]?
    /// Whether there may be others beside them.
    package var isOpen = true
    /// Patterns of the names of further fields, as JSON Schema writes them.
    package var patterns: [String] = []
    /// Index of the shape of an array's elements; nil where nothing is said of them.
    package var element: Int?

    /// Whether the contract allows no field beside those that it names or whose pattern it gives.
    package var isClosed: Bool { fields != nil && !isOpen }
  }

  /// A type that a contract can name.
  package enum Kind: Sendable, Hashable, CaseIterable { case null, boolean, integer, number, string, array, object }

  /// More are not told apart; what stands deeper counts as any value.
  static let shapesMax = 10_000

  /// The first is the value's own.
  package internal(set) var shapes: [Shape]

  package var root: Shape { shapes[0] }
}

extension Declarations.Shape {
  /// The types that the value can have; an integer is a number too, and named alone where all numbers are whole.
  package var kinds: Set<Declarations.Kind> {
    var kinds: Set<Declarations.Kind> = []
    let all: [(TypeSet, Declarations.Kind)] = [
      (.null, .null), (.boolean, .boolean), (.string, .string), (.array, .array), (.object, .object),
      (.number, .number),
    ]
    for (type, kind) in all where types.overlaps(type) { kinds.insert(kind) }
    if types.overlaps(.integer), !types.overlaps(.number) { kinds.insert(.integer) }
    return kinds
  }
}
