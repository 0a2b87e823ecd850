import Records

/// Runs a ``MappingProgram`` over batches, on one lane.
///
/// For each event: one walk over the record fills the slots of all paths, the filters decide, and the fields turn slots
/// into cells. A field that is a plain copy costs one sixteen-byte move.
package final class MappingExecutor: Mapper {
  private let program: MappingProgram
  /// What its rows carry, so that a target of several streams knows them apart.
  private let stream: UInt16
  /// The names of its steps, and where they stand among those of the batch.
  let stepNames: [String]
  private let firstStep: UInt16
  /// The program's fields, steps and conditions in memory that is read without reference counting.
  private var fields = RawArray<MappingProgram.Field>()
  /// For each field the slot that it begins with.
  private var origins = RawArray<Int>()
  /// The fields that are more than a copy of their slot.
  private var worked = RawArray<Int>()
  private var steps = RawArray<MappingProgram.Step>()
  private var conditions = RawArray<Int>()
  var filler: SlotFiller
  var constants: ConstantPool
  /// What the paths find; behind that the constants, and one that is always absent.
  var slots: RawArray<Node>
  private let tables: [ValueTable]
  /// The same, read without counting references; `tables` keeps them alive.
  private var tablesAtHand = RawArray<Unmanaged<ValueTable>>()
  private let evaluators: [Evaluator]
  var shortcuts = RawArray<Shortcut>()
  var shortcutSteps = RawArray<ShortcutStep>()
  var comparisons = RawArray<MappingProgram.Comparison>()
  let stages: [MappingProgram.Stage]
  var editor = RecordEditor()
  var digests = KeyDigestBuilder()
  private let passesRest: Bool
  private let absent = Node.absent

  /// - Parameters:
  ///   - place: what its steps are called by before their names, where several programs have steps.
  ///   - firstStep: how many steps stand before its own among those of the batch.
  package init(_ program: MappingProgram, stream: UInt16 = 0, of place: String? = nil, firstStep: Int = 0) {
    stepNames = program.stepNames.map { name in place.map { "\($0): \(name)" } ?? name }
    self.firstStep = UInt16(clamping: firstStep)
    self.program = program
    stages = program.stages
    passesRest = program.columns.rest != nil
    self.stream = stream
    filler = SlotFiller(program.paths)
    constants = ConstantPool(program.constants)
    slots = RawArray(capacity: program.paths.count + program.constants.count + 1)
    for _ in 0..<slots.capacity { slots.append(.absent) }
    for step in program.steps { steps.append(step) }
    for condition in program.conditions { conditions.append(condition) }
    for step in program.shortcutSteps { shortcutSteps.append(step) }
    for comparison in program.comparisons { comparisons.append(comparison) }
    for evaluation in program.evaluations { shortcuts.append(Shortcut(evaluation.shortcut)) }
    tables = program.tables.map { ValueTable($0) }
    evaluators = program.evaluations.map { [slots = slots.base] in Evaluator($0, slots: slots) }
    for table in tables { tablesAtHand.append(.passUnretained(table)) }
    for (index, field) in program.fields.enumerated() { add(field, at: index) }
  }

  private func add(_ field: MappingProgram.Field, at index: Int) {
    var isWorked = field.firstStep < field.endStep
    switch field.origin {
    case .slot(let slot): origins.append(slot)
    case .constant(let constant): origins.append(program.paths.count + constant)
    case .evaluation:
      origins.append(slots.count - 1)
      isWorked = true
    }
    fields.append(field)
    if isWorked { worked.append(index) }
  }

  package func map(_ batch: Batch) {
    batch.steps = stepNames
    begin(batch)
    batch.rows.rows.reserve(batch.events.count)
    batch.rows.cells.reserve(batch.events.count * program.fields.count)
    for event in 0..<batch.events.count {
      if case .flowing = batch.events.base[event].outcome { mapEvent(event, batch) }
    }
  }

  /// Learns what is the same for all events of a batch; comes before its first ``mapEvent(_:_:)``.
  func begin(_ batch: Batch) {
    filler.learn(batch.keys)
    constants.place(in: batch)
    for index in program.constants.indices { slots[program.paths.count + index] = constants[index] }
    if !stages.isEmpty { editor.learn(batch.keys) }
  }

  /// Maps one event that still flows.
  @inline(__always)
  func mapEvent(_ event: Int, _ batch: Batch) {
    if case .truncate = batch.events.base[event].operation { addTruncate(event, batch) } else { map(event, batch) }
  }

  private func map(_ event: Int, _ batch: Batch) {
    filler.fill(batch, event, slots.base)
    let record = batch.events.base[event].row
    guard passes(event, record, batch) else { return }
    if !stages.isEmpty { return transform(event, batch) }
    _ = add(event, record, batch)
  }

  /// Maps an event with the record as the transforms left it; false where it became a dead letter.
  func add(_ event: Int, _ record: UInt32, _ batch: Batch) -> Bool {
    var operation = RowOperation.upsert
    if case .delete = batch.events.base[event].operation { operation = .delete }
    guard mapFields(event, record, batch, operation) else { return false }
    addRow(event, record, batch, operation)
    return true
  }

  private func passes(_ event: Int, _ record: UInt32, _ batch: Batch) -> Bool {
    for index in 0..<conditions.count {
      do {
        if try holds(conditions.base[index], event, record, batch) { continue }
        batch.events.base[event].outcome = .filtered
        end(event, at: index, batch)
      } catch {
        fail(event, program.conditionNames[index], error, batch)
        end(event, at: index, batch)
      }
      return false
    }
    return true
  }

  /// Whether a condition holds, by the index of its evaluation.
  @inline(__always)
  func holds(_ evaluation: Int, _ event: Int, _ record: UInt32, _ batch: Batch) throws(CellProblem) -> Bool {
    var cell = Node.absent
    if shortcut(evaluation, &cell, batch) {
      if case .true = cell.kind { return true }
      if case .false = cell.kind { return false }
    }
    return try evaluators[evaluation].condition(batch.events[event], record, batch)
  }

  /// Makes the cell the value of an expression, by the index of its evaluation.
  @inline(__always)
  func evaluate(
    _ evaluation: Int, _ event: Int, _ record: UInt32, _ batch: Batch, into cell: inout Node
  ) throws(CellProblem) {
    if shortcut(evaluation, &cell, batch) { return }
    cell = try evaluators[evaluation].cell(batch.events[event], record, batch)
  }

  /// Notes the step that an event ends in, by its place among the program's.
  func end(_ event: Int, at step: Int, _ batch: Batch) {
    batch.events.base[event].step = firstStep &+ UInt16(truncatingIfNeeded: step) &+ 1
  }

  func fail(_ event: Int, _ stage: String, _ problem: CellProblem, _ batch: Batch) {
    batch.fail(event, Failure(event: event, code: problem.code, stage: stage, message: problem.message))
  }

  /// Writes the cells behind the last row's; false where the event became a dead letter.
  private func mapFields(_ event: Int, _ record: UInt32, _ batch: Batch, _ operation: RowOperation) -> Bool {
    let count = fields.count
    if batch.rows.cells.count + count > batch.rows.cells.capacity { batch.rows.cells.reserve(count) }
    let cells = batch.rows.cells.base + batch.rows.cells.count
    let slots = UnsafePointer(slots.base)
    let origins = UnsafePointer(origins.base)
    for index in 0..<count { cells[index] = slots[origins[index]] }
    var isWhole = false
    if case .upsert = operation { isWhole = true }
    if !isWhole { clearConstants(cells) }
    for index in 0..<worked.count {
      let place = worked.base[index]
      let field = UnsafePointer(fields.base + place)
      if isWhole || field.pointee.isKey {
        guard mapField(place, field, event, record, batch, cells + place) else { return false }
      } else {
        cells[place] = absent
      }
    }
    batch.rows.cells.setCount(batch.rows.cells.count + count)
    return true
  }

  /// What is deleted has no constants beside its key.
  private func clearConstants(_ cells: UnsafeMutablePointer<Node>) {
    for index in fields.indices {
      if case .constant = fields[index].origin, !fields[index].isKey { cells[index] = absent }
    }
  }

  /// Makes of what the field begins with what it becomes.
  private func mapField(
    _ index: Int, _ field: UnsafePointer<MappingProgram.Field>, _ event: Int, _ record: UInt32, _ batch: Batch,
    _ cell: UnsafeMutablePointer<Node>
  ) -> Bool {
    var step = field.pointee.firstStep
    let end = field.pointee.endStep
    do {
      if case .evaluation(let index) = field.pointee.origin {
        try evaluate(index, event, record, batch, into: &cell.pointee)
      }
      while step < end {
        try run(steps.base[step], on: &cell.pointee, batch)
        step &+= 1
      }
      return true
    } catch {
      return recover(error, index, field.pointee, event, batch, &cell.pointee)
    }
  }

  private func recover(
    _ problem: CellProblem, _ index: Int, _ field: MappingProgram.Field, _ event: Int, _ batch: Batch,
    _ cell: inout Node
  ) -> Bool {
    switch field.onError {
    case .null where !field.isKey && problem.code != "mapping.required_missing": cell = .null
    case .default where field.fallback >= 0: cell = constants[field.fallback]
    default:
      batch.fail(
        event,
        Failure(
          event: event, code: problem.code, stage: "mapping", field: program.columns.names[index],
          message: problem.message))
      return false
    }
    return true
  }

  private func run(_ step: MappingProgram.Step, on cell: inout Node, _ batch: Batch) throws(CellProblem) {
    switch step {
    case .required:
      if cell.isMissing {
        throw CellProblem(
          code: "mapping.required_missing", message: "the field is required, and its value is \(cell.kind.phrase)")
      }
    case .fallback(let constant):
      if cell.isMissing { cell = constants[constant] }
    case .values(let table): try look(up: &cell, in: table, batch)
    case .unit, .cast, .trim, .maxLength:
      if cell.isMissing { return }
      try change(&cell, step, batch)
    }
  }

  private func change(_ cell: inout Node, _ step: MappingProgram.Step, _ batch: Batch) throws(CellProblem) {
    switch step {
    case .unit(let index): try program.units[index].apply(to: &cell, batch)
    case .cast(let cast): try CastExecutor.apply(cast, to: &cell, batch)
    case .trim: CellText.trim(&cell, batch)
    case .maxLength(let length, let truncate): try limit(&cell, to: length, truncate: truncate, batch)
    case .values, .fallback, .required: break
    }
  }

  @inline(__always)
  func withTable<Result>(_ table: Int, _ look: (ValueTable) -> Result) -> Result {
    tablesAtHand.base[table]._withUnsafeGuaranteedRef(look)
  }

  private func look(up cell: inout Node, in table: Int, _ batch: Batch) throws(CellProblem) {
    let (found, otherwise) = withTable(table) { table -> (Int?, Int?) in
      let found: Int? =
        switch cell.kind {
        case .string: table.result(text: CellText.plain(&cell, batch))
        case .integer, .number: table.result(number: CastExecutor.number(cell, batch))
        default: table.result(word: cell.kind)
        }
      return (found, table.otherwise)
    }
    if let constant = found {
      cell = constants[constant]
    } else if cell.kind != .absent, let otherwise {
      cell = constants[otherwise]
    } else if cell.kind != .absent, cell.kind != .null {
      throw CellProblem(
        code: "mapping.value_unknown",
        message: "\(CastExecutor.shown(cell, batch)) is none of the values, and there is no otherwise")
    }
  }

  private func limit(_ cell: inout Node, to length: Int, truncate: Bool, _ batch: Batch) throws(CellProblem) {
    // A text has no more characters than bytes, so most need no count.
    guard cell.isString, Int(cell.length) > length else { return }
    let actual = CellText.length(&cell, batch)
    guard actual > length else { return }
    guard truncate else {
      throw CellProblem(
        code: "mapping.too_long",
        message: "the text has \(actual) characters, and max_length is \(length); truncate: true cuts it")
    }
    CellText.cut(&cell, to: length, batch)
  }

  private func addRow(_ event: Int, _ record: UInt32, _ batch: Batch, _ operation: RowOperation) {
    let first = batch.rows.cells.count - fields.count
    let rest = passesRest ? record : Event.none
    add(
      Row(
        operation, event: UInt32(event), firstCell: UInt32(first), rest: rest,
        keyHash: program.lanes == 1 ? 0 : keyHash(first, batch)), to: batch)
  }

  private func add(_ row: Row, to batch: Batch) {
    var row = row
    row.stream = stream
    batch.rows.rows.append(row)
  }

  /// A truncate has no fields; it goes to every lane by the engine's own rule.
  private func addTruncate(_ event: Int, _ batch: Batch) {
    let first = batch.rows.cells.count
    for _ in program.fields { batch.rows.cells.append(.absent) }
    add(Row(.truncate, event: UInt32(event), firstCell: UInt32(first), rest: Event.none, keyHash: 0), to: batch)
  }

  private func keyHash(_ first: Int, _ batch: Batch) -> UInt64 {
    var hash = KeyHash()
    for column in program.columns.key { hash.add(batch.rows.cells[first + column], batch) }
    return hash.value
  }
}
