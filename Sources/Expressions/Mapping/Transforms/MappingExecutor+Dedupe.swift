import Records

extension MappingProgram {
  /// A `dedupe` step: what its keys are made of.
  struct DedupeStage: Sendable {
    /// What events of one key are compared by.
    enum Stamp: Sendable {
      /// Nothing: one of a key is enough.
      case none
      /// The first of these slots that has a value, a time.
      case slots([Int])
      /// A time.
      case time(Int)
      case version(Int)
    }

    var step: UInt16
    var by: [Int]
    var stamp: Stamp
    /// Tells its keys from those of other steps.
    var purpose: String
  }
}

extension MappingExecutor {
  /// Adds the event's key to those that are decided about in the order of reading. An event of whose values one is null
  /// or left out cannot be told from others, and adds none.
  func addKey(
    _ stage: MappingProgram.DedupeStage, _ event: Int, _ record: UInt32, _ batch: Batch
  ) throws(CellProblem) {
    digests.begin(stage.purpose)
    if let table = batch.table(of: batch.events[event]) { digests.add(text: table.fullName) }
    for evaluation in stage.by {
      guard let cell = try value(evaluation, event, record, batch), !cell.isMissing else { return }
      digests.add(cell, batch)
    }
    guard let stamp = try stamp(stage.stamp, event, record, batch) else { return }
    batch.dedupeKeys.append(DedupeKey(event: UInt32(event), step: stage.step, stamp: stamp, digest: digests.digest))
  }

  /// nil for a delete that does not carry what is asked for: no more than its key may be there.
  private func value(
    _ evaluation: Int, _ event: Int, _ record: UInt32, _ batch: Batch
  ) throws(CellProblem) -> Node? {
    do throws(CellProblem) {
      var cell = Node.absent
      try evaluate(evaluation, event, record, batch, into: &cell)
      return cell
    } catch {
      if batch.events[event].operation == .delete { return nil }
      throw error
    }
  }

  /// nil for an event without a version: it keeps nothing out, and nothing keeps it out.
  private func stamp(
    _ stamp: MappingProgram.DedupeStage.Stamp, _ event: Int, _ record: UInt32, _ batch: Batch
  ) throws(CellProblem) -> Int64? {
    switch stamp {
    case .none: return 0
    case .slots(let places):
      for place in places where !slots[place].isMissing { return try milliseconds(slots[place], batch) }
      throw CellProblem(
        code: "transform.no_time",
        message: "the event has no meta.time, which the window is measured by; name another, `time: record.created_at`")
    case .time(let index):
      var cell = Node.absent
      try evaluate(index, event, record, batch, into: &cell)
      return try milliseconds(cell, batch)
    case .version(let index):
      guard let cell = try value(index, event, record, batch), !cell.isMissing else { return nil }
      return try version(cell, isDelete: batch.events[event].operation == .delete, batch)
    }
  }

  /// Twice the version, and one more for a delete: it comes behind the last state of its row, whose version it often names,
  /// and that state never behind it.
  private func version(_ cell: Node, isDelete: Bool, _ batch: Batch) throws(CellProblem) -> Int64 {
    var cell = cell
    var version: Int64?
    if cell.kind == .integer {
      version = Int64(batch.text(cell))
    } else if cell.isString, let time = Timestamp(CellText.plain(&cell, batch)) {
      let (seconds, isFar) = time.seconds.multipliedReportingOverflow(by: 1_000_000_000)
      version = isFar ? nil : seconds + Int64(time.nanoseconds)
    }
    guard let version, version.magnitude < 1 << 62 else {
      throw CellProblem(
        code: "transform.no_version",
        message: "\(CastExecutor.shown(cell, batch)) is neither a whole number nor a time such as 2026-01-31T12:00:00Z")
    }
    return version * 2 + (isDelete ? 1 : 0)
  }

  private func milliseconds(_ cell: Node, _ batch: Batch) throws(CellProblem) -> Int64 {
    var cell = cell
    if cell.isString, let time = Timestamp(CellText.plain(&cell, batch)) {
      return time.seconds * 1_000 + Int64(time.nanoseconds) / 1_000_000
    }
    throw CellProblem(
      code: "transform.no_time", message: "\(CastExecutor.shown(cell, batch)) is no time such as 2026-01-31T12:00:00Z")
  }
}
