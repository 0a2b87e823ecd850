import Records

/// Decides a comparison as the Common Expression Language does: values of different types are unequal, and comparing
/// them by size is an error, as is a member that is not there.
enum ConditionExecutor {
  /// - Returns: nil where it cannot be decided; ``problem(_:_:_:)`` says why.
  @inline(__always)
  static func holds(
    _ cell: inout Node, _ condition: MappingProgram.Condition, _ literal: Node, _ batch: Batch
  ) -> Bool? {
    if case .absent = cell.kind { return nil }
    switch condition.comparison {
    case .equal: return isEqual(&cell, condition, literal, batch)
    case .notEqual: return !isEqual(&cell, condition, literal, batch)
    case .less: return order(&cell, condition, literal, batch).map { $0 < 0 }
    case .lessOrEqual: return order(&cell, condition, literal, batch).map { $0 <= 0 }
    case .greater: return order(&cell, condition, literal, batch).map { $0 > 0 }
    case .greaterOrEqual: return order(&cell, condition, literal, batch).map { $0 >= 0 }
    }
  }

  static func problem(_ cell: Node, _ filter: Filter, _ batch: Batch) -> CellProblem {
    if cell.kind == .absent {
      return CellProblem(
        code: "filter.no_such_field", message: "\(filter.path) is not there, so the filter cannot be decided")
    }
    let shown = CastExecutor.shown(cell, batch)
    return CellProblem(
      code: "filter.not_comparable",
      message: "\(filter.path) is \(shown), which cannot be compared with \(filter.literal.json)")
  }

  private static func isEqual(
    _ cell: inout Node, _ condition: MappingProgram.Condition, _ literal: Node, _ batch: Batch
  ) -> Bool {
    switch cell.kind {
    case .string: literal.isString && CellText.same(CellText.plain(&cell, batch), batch.text(of: literal))
    case .integer, .number: compare(cell, condition, batch) == 0
    default: cell.kind == literal.kind
    }
  }

  private static func order(
    _ cell: inout Node, _ condition: MappingProgram.Condition, _ literal: Node, _ batch: Batch
  ) -> Int? {
    switch cell.kind {
    case .string where literal.isString: RawText.order(CellText.plain(&cell, batch), batch.text(of: literal))
    case .integer, .number: compare(cell, condition, batch)
    default: nil
    }
  }

  /// nil where one of them is no number.
  private static func compare(_ cell: Node, _ condition: MappingProgram.Condition, _ batch: Batch) -> Int? {
    guard let literal = condition.number, let number = CastExecutor.number(cell, batch) else { return nil }
    return number == literal ? 0 : number < literal ? -1 : 1
  }
}
