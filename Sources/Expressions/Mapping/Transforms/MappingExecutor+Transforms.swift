import Records

extension MappingExecutor {
  /// Takes an event through the transforms to its rows. What it was made of before it failed is taken back, so that an
  /// event is written whole or not at all.
  func transform(_ event: Int, _ batch: Batch) {
    let (rows, cells) = (batch.rows.rows.count, batch.rows.cells.count)
    if run(from: 0, event, batch.events[event].row, isFilled: true, batch) {
      if batch.rows.rows.count == rows { batch.events[event].outcome = .filtered }
    } else {
      batch.rows.rows.setCount(rows)
      batch.rows.cells.setCount(cells)
    }
  }

  /// - Parameters:
  ///   - record: the record as the transforms before left it.
  ///   - isFilled: whether the slots hold it.
  /// - Returns: false where the event became a dead letter.
  private func run(
    from first: Int, _ event: Int, _ record: UInt32, isFilled: Bool, _ batch: Batch
  ) -> Bool {
    var record = record
    var isFilled = isFilled
    for index in first..<stages.count {
      let stage = stages[index]
      if !isFilled { fill(event, record, batch) }
      isFilled = true
      do throws(CellProblem) {
        switch stage.action {
        case .end(let evaluation, let ending, let end):
          guard try holds(evaluation, event, record, batch) == ending else { continue }
          guard case .deadLetter(let code, let message) = end else {
            self.end(event, atStage: index, batch)
            return true
          }
          throw CellProblem(code: code, message: message)
        case .sample(let evaluation, let limit):
          guard try sampleHash(evaluation, event, record, batch) < limit else {
            self.end(event, atStage: index, batch)
            return true
          }
        case .dedupe(let dedupe): try addKey(dedupe, event, record, batch)
        case .edit(let edit, let sources):
          record = try self.edit(record, edit, sources, event, batch)
          isFilled = false
        case .explode(let slot, let edit):
          return try explode(slots[slot], edit, event, record, stage: index, batch)
        }
      } catch {
        fail(event, stage.name, error, batch)
        self.end(event, atStage: index, batch)
        return false
      }
    }
    if !isFilled { fill(event, record, batch) }
    return add(event, record, batch)
  }

  private func end(_ event: Int, atStage stage: Int, _ batch: Batch) {
    end(event, at: stepNames.count - stages.count + stage, batch)
  }

  private func fill(_ event: Int, _ record: UInt32, _ batch: Batch) {
    filler.fill(batch, batch.events[event], root: record, slots.base)
  }

  /// The same value falls on the same side in every run.
  private func sampleHash(
    _ evaluation: Int, _ event: Int, _ record: UInt32, _ batch: Batch
  ) throws(CellProblem) -> UInt64 {
    var cell = Node.absent
    try evaluate(evaluation, event, record, batch, into: &cell)
    var text = ByteBuffer()
    NodeJSON.append(cell: cell, of: batch, to: &text)
    return Records.SHA256.hash(Array(text.bytes)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  // MARK: Editing

  private func edit(
    _ record: UInt32, _ edit: RecordEdit, _ sources: [MappingProgram.Stage.Source], _ event: Int, _ batch: Batch
  ) throws(CellProblem) -> UInt32 {
    guard record != Event.none else { return record }
    var cells: [Node] = []
    for source in sources { cells.append(try cell(source, event, record, batch)) }
    return try editor.edited(Int(record), by: edit, cells: cells, in: batch)
  }

  private func cell(
    _ source: MappingProgram.Stage.Source, _ event: Int, _ record: UInt32, _ batch: Batch
  ) throws(CellProblem) -> Node {
    switch source {
    case .evaluation(let index):
      do throws(CellProblem) {
        var cell = Node.absent
        try evaluate(index, event, record, batch, into: &cell)
        return cell
      } catch {
        // A delete may carry no more than its key, and no other field of it is written.
        if batch.events[event].operation == .delete { return .absent }
        throw error
      }
    case .redacted(let slot, let constant): return isThere(slot) ? constants[constant] : .absent
    case .hashed(let slot, let key):
      guard isThere(slot) else { return .absent }
      var cell = Node(.string)
      CellText.set(&cell, to: PersonalData.digest(slots[slot], key: key, batch), in: batch)
      return cell
    }
  }

  private func isThere(_ slot: Int) -> Bool { slots[slot].kind != .absent && slots[slot].kind != .null }

  // MARK: Exploding

  private func explode(
    _ list: Node, _ edit: RecordEdit, _ event: Int, _ record: UInt32, stage: Int, _ batch: Batch
  ) throws(CellProblem) -> Bool {
    switch list.kind {
    case .absent, .null:
      if batch.events[event].operation == .delete {
        return run(from: stage + 1, event, record, isFilled: true, batch)
      }
      end(event, atStage: stage, batch)
      return true
    case .array: break
    default:
      throw CellProblem(
        code: "transform.not_a_list", message: "\(CastExecutor.shown(list, batch)) is no list, and has no elements")
    }
    end(event, atStage: stage, batch)
    var made = StepCounts.Step(stepNames[stepNames.count - stages.count + stage])
    for child in batch.children(of: Int(list.next)) {
      var cell = batch.nodes[child.node]
      cell.next = UInt32(child.node)
      let exploded = try editor.edited(Int(record), by: edit, cells: [cell], in: batch)
      guard run(from: stage + 1, event, exploded, isFilled: false, batch) else { return false }
      made.made += 1
    }
    if made.made > 0 { batch.made.add(made) }
    return true
  }
}
