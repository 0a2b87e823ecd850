import Records

/// Transforms and mapping of a pipeline, compiled: what is the same for every lane and every record.
package struct MappingProgram: Sendable {
  /// A step over a cell. Plain numbers only, so that running it costs no reference counting.
  enum Step: BitwiseCopyable {
    case values(table: Int)
    case unit(Int)
    case cast(Cast)
    case trim
    case maxLength(Int, truncate: Bool)
    case fallback(constant: Int)
    case required
  }

  /// Where a value comes from, by its index.
  enum Origin: BitwiseCopyable {
    case slot(Int)
    case constant(Int)
    case evaluation(Int)
  }

  struct Field: BitwiseCopyable {
    var origin: Origin
    /// The slot that is copied and that is all; -1 where there is more to do.
    var copied: Int
    var firstStep: Int
    var endStep: Int
    var onError: FieldMapping.OnError
    /// The constant for `on_error: default`; -1 where there is none.
    var fallback: Int
    var isKey: Bool
  }

  /// What must hold for an event to go on.
  struct Condition: BitwiseCopyable {
    /// What decides where `comparison` does not.
    var evaluation: Int
    var comparison: Comparison?
  }

  /// A path compared with a literal.
  struct Comparison: BitwiseCopyable {
    var slot: Int
    var operation: Filter.Comparison
    /// Index of the literal's constant.
    var literal: Int
    /// The literal where it is a number.
    var number: Decimal?
  }

  /// An expression, and the slots of the paths that it reads.
  struct Evaluation: Sendable {
    var expression: EventExpression
    var places: [Int]
  }

  private(set) var paths: [Path] = []
  private(set) var evaluations: [Evaluation] = []
  private(set) var conditions: [Condition] = []
  private(set) var fields: [Field] = []
  private(set) var steps: [Step] = []
  private(set) var units: [UnitConversion] = []
  private(set) var tables: [ValueTable.Spec] = []
  /// Constants as JSON texts, parsed again into each lane's own nodes.
  private(set) var constants: [Value] = []
  package let columns: Columns
  package let mapping: Mapping
  let lanes: Int

  /// - Parameter lanes: over how many lanes rows are spread by their key; with one, no key is hashed.
  package init(transforms: [Transform], mapping: Mapping, columns: Columns, lanes: Int) {
    self.columns = columns
    self.mapping = mapping
    self.lanes = lanes
    for case .filter(let expression) in transforms { conditions.append(condition(expression)) }
    for (index, field) in mapping.fields.enumerated() { add(field.mapping, isKey: columns.key.contains(index)) }
  }

  private mutating func slot(_ path: Path) -> Int {
    if let known = paths.firstIndex(of: path) { return known }
    paths.append(path)
    return paths.count - 1
  }

  private mutating func constant(_ value: Value) -> Int {
    constants.append(value)
    return constants.count - 1
  }

  private mutating func evaluation(_ expression: EventExpression) -> Int {
    let places = expression.expression.paths.map { slot(Path($0)) }
    evaluations.append(Evaluation(expression: expression, places: places))
    return evaluations.count - 1
  }

  private mutating func condition(_ expression: EventExpression) -> Condition {
    Condition(evaluation: evaluation(expression), comparison: expression.filter.map { comparison($0) })
  }

  private mutating func comparison(_ filter: Filter) -> Comparison {
    var number: Decimal?
    if case .int(let literal) = filter.literal { number = Decimal(Int128(literal)) }
    return Comparison(
      slot: slot(filter.path), operation: filter.comparison, literal: constant(filter.literal), number: number)
  }

  private mutating func add(_ field: FieldMapping, isKey: Bool) {
    let start = steps.count
    if let values = field.values { addTable(values, otherwise: field.otherwise) }
    if let unit = field.unit {
      steps.append(.unit(units.count))
      units.append(unit)
    }
    if let cast = field.cast { steps.append(.cast(cast)) }
    if field.trim { steps.append(.trim) }
    if let length = field.maxLength { steps.append(.maxLength(length, truncate: field.truncate)) }
    let fallback = field.fallback.map { constant($0) }
    if let fallback { steps.append(.fallback(constant: fallback)) }
    if field.required || isKey { steps.append(.required) }
    let origin = self.origin(field.from)
    var copied = -1
    if case .slot(let slot) = origin, start == steps.count { copied = slot }
    fields.append(
      Field(
        origin: origin, copied: copied, firstStep: start, endStep: steps.count, onError: field.onError,
        fallback: fallback ?? -1, isKey: isKey))
  }

  private mutating func origin(_ from: FieldMapping.Origin) -> Origin {
    switch from {
    case .path(let path): .slot(slot(path))
    case .expression(let expression): .evaluation(evaluation(expression))
    case .constant(let value): .constant(constant(value))
    }
  }

  private mutating func addTable(_ values: [FieldMapping.Pair], otherwise: Value?) {
    let table = ValueTable.Spec(
      keys: values.map(\.from), results: values.map { constant($0.to) }, otherwise: otherwise.map { constant($0) })
    steps.append(.values(table: tables.count))
    tables.append(table)
  }
}
