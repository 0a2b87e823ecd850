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

  struct Field: BitwiseCopyable {
    /// Index of a slot, or of a constant where `isConstant`.
    var origin: Int
    var isConstant: Bool
    var firstStep: Int
    var endStep: Int
    var onError: FieldMapping.OnError
    /// The constant for `on_error: default`; -1 where there is none.
    var fallback: Int
    var isKey: Bool
    /// Nothing to do but to copy a slot.
    var isCopy: Bool
  }

  struct Condition: BitwiseCopyable {
    var slot: Int
    var comparison: Filter.Comparison
    /// Index of the literal's constant.
    var literal: Int
    /// The literal where it is a number.
    var number: Decimal?
  }

  private(set) var paths: [Path] = []
  /// The filters in their order, as written and compiled.
  private(set) var filters: [Filter] = []
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
    for case .filter(let filter) in transforms { add(filter) }
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

  private mutating func add(_ filter: Filter) {
    let number: Decimal? =
      switch filter.literal {
      case .int(let number): Decimal(Int128(number))
      case .number(let text): Decimal(text)
      default: nil
      }
    let condition = Condition(
      slot: slot(filter.path), comparison: filter.comparison, literal: constant(filter.literal), number: number)
    filters.append(filter)
    conditions.append(condition)
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
    let (origin, isConstant): (Int, Bool) =
      switch field.from {
      case .path(let path): (slot(path), false)
      case .constant(let value): (constant(value), true)
      }
    fields.append(
      Field(
        origin: origin, isConstant: isConstant, firstStep: start, endStep: steps.count, onError: field.onError,
        fallback: fallback ?? -1, isKey: isKey, isCopy: !isConstant && start == steps.count))
  }

  private mutating func addTable(_ values: [FieldMapping.Pair], otherwise: Value?) {
    let table = ValueTable.Spec(
      keys: values.map(\.from), results: values.map { constant($0.to) }, otherwise: otherwise.map { constant($0) })
    steps.append(.values(table: tables.count))
    tables.append(table)
  }
}
