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
    var firstStep: Int
    var endStep: Int
    var onError: FieldMapping.OnError
    /// The constant for `on_error: default`; -1 where there is none.
    var fallback: Int
    var isKey: Bool
  }

  /// A path compared with a literal.
  struct Comparison: BitwiseCopyable {
    var slot: Int
    var operation: Filter.Comparison
    /// Index of the literal's constant.
    var literal: Int
    /// The literal where it is a number.
    var number: Decimal?
    /// Whether it is a double, and long numbers become doubles before they are compared with it.
    var isDouble: Bool
  }

  /// An expression, and the slots of the paths that it reads.
  struct Evaluation: Sendable {
    var expression: EventExpression
    var places: [Int]
    /// The steps that spare the evaluation of usual rows; empty where there are none.
    var shortcut: Range<Int>
  }

  /// A transform.
  struct Stage: Sendable {
    enum Action: Sendable {
      /// What ends where the condition is `ending`.
      case end(evaluation: Int, when: Bool, End)
      /// Goes on where the hash of the value is below.
      case sample(evaluation: Int, below: UInt64)
      /// Goes on, with a key by which it is decided later.
      case dedupe(DedupeStage)
      case edit(RecordEdit, [Source])
      /// The list of this slot, and where its elements go.
      case explode(slot: Int, RecordEdit)
    }
    enum End: Sendable {
      case filtered
      case deadLetter(code: String, message: String)
    }
    /// Where the value of an edited member comes from.
    enum Source: Sendable {
      case evaluation(Int)
      /// A constant in place of a value that is there.
      case redacted(slot: Int, constant: Int)
      case hashed(slot: Int, key: String?)
    }
    var name: String
    var action: Action
  }

  private(set) var paths: [Path] = []
  private(set) var evaluations: [Evaluation] = []
  /// The evaluations of the filters before any other transform.
  private(set) var conditions: [Int] = []
  private(set) var conditionNames: [String] = []
  /// The transforms behind them.
  private(set) var stages: [Stage] = []
  private(set) var fields: [Field] = []
  private(set) var steps: [Step] = []
  var shortcutSteps: [ShortcutStep] = []
  var comparisons: [Comparison] = []
  private(set) var units: [UnitConversion] = []
  private(set) var tables: [ValueTable.Spec] = []
  /// Constants as JSON texts, parsed again into each lane's own nodes.
  private(set) var constants: [Value] = []
  package let columns: Columns
  package let mapping: Mapping
  let lanes: Int
  /// The transforms that events may end in: the filters first.
  var stepNames: [String] { conditionNames + stages.map(\.name) }

  /// - Parameter lanes: over how many lanes rows are spread by their key; with one, no key is hashed.
  package init(transforms: [Transform], mapping: Mapping, columns: Columns, lanes: Int) {
    self.columns = columns
    self.mapping = mapping
    self.lanes = lanes
    for transform in transforms { add(transform) }
    for (index, field) in mapping.fields.enumerated() { add(field.mapping, isKey: columns.key.contains(index)) }
  }

  mutating func slot(_ path: Path) -> Int {
    if let known = paths.firstIndex(of: path) { return known }
    paths.append(path)
    return paths.count - 1
  }

  mutating func constant(_ value: Value) -> Int {
    constants.append(value)
    return constants.count - 1
  }

  private mutating func evaluation(_ expression: EventExpression) -> Int {
    let places = expression.expression.paths.map { slot(Path($0)) }
    let shortcut = expression.form.map { addShortcut($0) } ?? 0..<0
    evaluations.append(Evaluation(expression: expression, places: places, shortcut: shortcut))
    return evaluations.count - 1
  }

  mutating func comparison(_ filter: Filter) -> Comparison {
    var number: Decimal?
    var isDouble = false
    switch filter.literal {
    case .int(let literal): number = Decimal(Int128(literal))
    case .number(let literal):
      number = Decimal(literal)
      isDouble = true
    default: break
    }
    return Comparison(
      slot: slot(filter.path), operation: filter.comparison, literal: constant(filter.literal), number: number,
      isDouble: isDouble)
  }

  // MARK: Transforms

  private mutating func add(_ transform: Transform) {
    if case .filter(let expression) = transform.action, stages.isEmpty {
      conditions.append(evaluation(expression))
      conditionNames.append(transform.name)
    } else {
      stages.append(Stage(name: transform.name, action: action(transform.action)))
    }
  }

  private mutating func action(_ action: Transform.Action) -> Stage.Action {
    switch action {
    case .filter(let expression): return .end(evaluation: evaluation(expression), when: false, .filtered)
    case .assert(let expression, let message):
      let text = message ?? "`\(expression.text)` does not hold"
      return .end(
        evaluation: evaluation(expression), when: false, .deadLetter(code: "transform.assertion_failed", message: text))
    case .route(let expression, .drop, _): return .end(evaluation: evaluation(expression), when: true, .filtered)
    case .route(let expression, .deadLetter, let reason):
      let text = reason ?? "`\(expression.text)` holds"
      return .end(evaluation: evaluation(expression), when: true, .deadLetter(code: "transform.routed", message: text))
    case .sample(let share, let by):
      return .sample(evaluation: evaluation(by), below: Self.threshold(share))
    case .dedupe(let dedupe): return .dedupe(stage(dedupe))
    case .set(let assignments):
      return edit(assignments.map { ($0.path, .evaluation(evaluation($0.value))) })
    case .redact(let paths, let text):
      let constant = self.constant(.string(text))
      return edit(paths.map { ($0, .redacted(slot: slot($0), constant: constant)) })
    case .hash(let paths, let key): return edit(paths.map { ($0, .hashed(slot: slot($0), key: key)) })
    case .unset(let paths): return change(paths.map { ($0, .remove) })
    case .rename(let renamings): return change(renamings.map { ($0.path, .rename($0.name)) })
    case .flatten(let path, let separator): return change([(path, .flatten(separator: separator))])
    case .explode(let path):
      var edit = RecordEdit()
      edit.add(.set(0), at: path.memberNames ?? [])
      return .explode(slot: slot(path), edit)
    }
  }

  private mutating func stage(_ dedupe: Dedupe) -> DedupeStage {
    var stamp = DedupeStage.Stamp.none
    if dedupe.window != nil {
      stamp = dedupe.time.map { .time(evaluation($0)) } ?? .slots(Dedupe.usualTimes.map { slot($0) })
    }
    if let version = dedupe.version { stamp = .version(evaluation(version)) }
    return DedupeStage(
      step: UInt16(dedupe.step), by: dedupe.by.map { evaluation($0) }, stamp: stamp,
      purpose: dedupe.by.map(\.text).joined(separator: "\u{0}"))
  }

  private mutating func edit(_ sources: [(Path, Stage.Source)]) -> Stage.Action {
    var edit = RecordEdit()
    for (index, source) in sources.enumerated() { edit.add(.set(index), at: source.0.memberNames ?? []) }
    return .edit(edit, sources.map(\.1))
  }

  private func change(_ changes: [(Path, RecordEdit.Change)]) -> Stage.Action {
    var edit = RecordEdit()
    for (path, change) in changes { edit.add(change, at: path.memberNames ?? []) }
    return .edit(edit, [])
  }

  /// A share of all 64-bit numbers.
  private static func threshold(_ share: Double) -> UInt64 {
    share >= 1 ? .max : UInt64(max(0, share) * 18_446_744_073_709_551_616.0)
  }

  // MARK: Fields

  private mutating func add(_ field: FieldMapping, isKey: Bool) {
    let start = steps.count
    if let values = field.values { steps.append(.values(table: table(values, otherwise: field.otherwise))) }
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
    fields.append(
      Field(
        origin: origin(field.from), firstStep: start, endStep: steps.count, onError: field.onError,
        fallback: fallback ?? -1, isKey: isKey))
  }

  private mutating func origin(_ from: FieldMapping.Origin) -> Origin {
    switch from {
    case .path(let path): .slot(slot(path))
    case .expression(let expression): .evaluation(evaluation(expression))
    case .constant(let value): .constant(constant(value))
    }
  }

  mutating func table(_ values: [FieldMapping.Pair], otherwise: Value?) -> Int {
    tables.append(
      ValueTable.Spec(
        keys: values.map(\.from), results: values.map { constant($0.to) }, otherwise: otherwise.map { constant($0) }))
    return tables.count - 1
  }
}
