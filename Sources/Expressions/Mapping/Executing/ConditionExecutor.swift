import Records

/// Decides a comparison as the Common Expression Language does: values of different types are unequal, and comparing
/// them by size is an error, as is a member that is not there.
enum ConditionExecutor {
  static func holds(
    _ cell: inout Node, _ condition: MappingProgram.Condition, _ batch: Batch
  ) throws(CellProblem) -> Bool {
    if cell.kind == .absent { throw missing(condition.filter.path) }
    switch condition.filter.comparison {
    case .equal: return isEqual(&cell, condition, batch)
    case .notEqual: return !isEqual(&cell, condition, batch)
    case .less: return try order(&cell, condition, batch) < 0
    case .lessOrEqual: return try order(&cell, condition, batch) <= 0
    case .greater: return try order(&cell, condition, batch) > 0
    case .greaterOrEqual: return try order(&cell, condition, batch) >= 0
    }
  }

  private static func missing(_ path: Path) -> CellProblem {
    CellProblem(code: "filter.no_such_field", message: "\(path) is not there, so the filter cannot be decided")
  }

  private static func isEqual(_ cell: inout Node, _ condition: MappingProgram.Condition, _ batch: Batch) -> Bool {
    switch (cell.kind, condition.filter.literal) {
    case (.null, .null), (.true, .bool(true)), (.false, .bool(false)): return true
    case (.string, .string(var literal)):
      let text = CellText.plain(&cell, batch)
      return literal.withUTF8 { RawText.equal(text, UnsafeRawBufferPointer($0)) }
    case (.integer, .int), (.integer, .number), (.number, .int), (.number, .number):
      return compare(cell, condition, batch) == 0
    default: return false
    }
  }

  private static func order(
    _ cell: inout Node, _ condition: MappingProgram.Condition, _ batch: Batch
  ) throws(CellProblem) -> Int {
    switch (cell.kind, condition.filter.literal) {
    case (.string, .string(var literal)):
      let text = CellText.plain(&cell, batch)
      return literal.withUTF8 { RawText.order(text, UnsafeRawBufferPointer($0)) }
    case (.integer, .int), (.integer, .number), (.number, .int), (.number, .number):
      if let order = compare(cell, condition, batch) { return order }
    default: break
    }
    throw CellProblem(
      code: "filter.not_comparable",
      message:
        "\(condition.filter.path) is \(CastExecutor.shown(cell, batch)), which cannot be compared with \(condition.filter.literal.json)"
    )
  }

  private static func compare(_ cell: Node, _ condition: MappingProgram.Condition, _ batch: Batch) -> Int? {
    guard let number = CastExecutor.number(cell, batch), let literal = condition.number else { return nil }
    return number == literal ? 0 : number < literal ? -1 : 1
  }
}
