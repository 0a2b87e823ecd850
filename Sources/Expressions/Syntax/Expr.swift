/// A node of a parsed expression.
///
/// The parser makes identifiers; ``Resolver`` replaces them by what they refer to, and only then is the tree checked
/// and compiled.
struct Expr: Sendable {
  /// The index of this node in the tables of the checker.
  var id: Int
  /// The byte that messages point at: an operator, the name of a function, the first byte of anything else.
  var offset: Int
  /// All bytes of the expression's text that belong to this node.
  var range: Range<Int>
  /// The longest path from here to a leaf.
  var depth: Int
  var kind: Kind

  indirect enum Kind: Sendable {
    case literal(Literal)
    /// As written; a leading dot says that the name starts at the root.
    case identifier(String)
    case select(Expr, field: String, Selection)
    case index(Expr, Expr, optional: Bool)
    /// A call of a function or an operator by its name in the standard, `_+_`.
    case call(String, [Expr])
    case method(Expr, String, [Expr])
    case list([Item])
    case map([Entry])
    case message(String)
    case bind(Local, Expr, in: Expr)
    case optionalMap(Expr, Local, Expr, flat: Bool)
    case loop(Loop)
    case coalesce([Expr])
    case attempt(Expr, otherwise: Expr)

    /// The variable with this index in the environment.
    case variable(Int)
    /// A variable that a macro introduced, by its slot.
    case local(Int)
    case type(CELType)
    /// A name that nothing is known by; reading it is an error of the evaluation.
    case unresolved(String)
  }

  /// A variable that a macro introduces.
  struct Local: Sendable {
    var name: String
    /// Its place among the variables that live at the same time; set by ``Resolver``.
    var slot = 0
  }

  enum Selection: Sendable {
    case value
    /// `e.?f`
    case optional
    /// `has(e.f)`
    case presence
  }

  struct Item: Sendable {
    var value: Expr
    var optional: Bool
  }

  struct Entry: Sendable {
    var key: Expr
    var value: Expr
    var optional: Bool
  }

  /// A macro that goes over the elements of a list or a map.
  struct Loop: Sendable {
    enum Result: Sendable { case all, exists, existsOne, list, map, mapEntries, sorted, grouped }
    var result: Result
    var range: Expr
    /// One name (element or key) or two (index and element, key and value).
    var variables: [Local]
    var filter: Expr?
    var body: Expr
  }

  /// The nodes right below this one.
  var children: [Expr] {
    switch kind {
    case .literal, .identifier, .message, .variable, .local, .type, .unresolved: []
    case .select(let operand, _, _): [operand]
    case .index(let operand, let index, _): [operand, index]
    case .call(_, let arguments), .coalesce(let arguments): arguments
    case .method(let target, _, let arguments): [target] + arguments
    case .list(let items): items.map(\.value)
    case .map(let entries): entries.flatMap { [$0.key, $0.value] }
    case .bind(_, let value, let body): [value, body]
    case .optionalMap(let target, _, let body, _): [target, body]
    case .loop(let loop): [loop.range, loop.body] + (loop.filter.map { [$0] } ?? [])
    case .attempt(let value, let otherwise): [value, otherwise]
    }
  }
}

/// A value that stands in the text of an expression.
enum Literal: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  case uint(UInt64)
  case double(Double)
  case string(String)
  case bytes([UInt8])
}
