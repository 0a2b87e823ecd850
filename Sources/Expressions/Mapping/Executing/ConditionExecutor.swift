import Records

/// Decides the comparison of a path with a literal without an evaluation, and just as that would.
enum ConditionExecutor {
  /// - Returns: nil where only the evaluation can tell: what is missing, what cannot be compared, long numbers.
  @inline(__always)
  static func holds(
    _ cell: inout Node, _ condition: MappingProgram.Comparison, _ literal: Node, _ batch: Batch
  ) -> Bool? {
    if case .absent = cell.kind { return nil }
    switch condition.operation {
    case .equal: return isEqual(&cell, condition, literal, batch)
    case .notEqual: return isEqual(&cell, condition, literal, batch).map { !$0 }
    case .less: return order(&cell, condition, literal, batch).map { $0 < 0 }
    case .lessOrEqual: return order(&cell, condition, literal, batch).map { $0 <= 0 }
    case .greater: return order(&cell, condition, literal, batch).map { $0 > 0 }
    case .greaterOrEqual: return order(&cell, condition, literal, batch).map { $0 >= 0 }
    }
  }

  private static func isEqual(
    _ cell: inout Node, _ condition: MappingProgram.Comparison, _ literal: Node, _ batch: Batch
  ) -> Bool? {
    switch cell.kind {
    case .string where cell.flags.contains(.typed): nil
    case .string: literal.isString && CellText.same(CellText.plain(&cell, batch), batch.text(of: literal))
    case .integer, .number: condition.number == nil ? false : compare(cell, condition, batch).map { $0 == 0 }
    default: cell.kind == literal.kind
    }
  }

  private static func order(
    _ cell: inout Node, _ condition: MappingProgram.Comparison, _ literal: Node, _ batch: Batch
  ) -> Int? {
    switch cell.kind {
    case .string where cell.flags.contains(.typed): nil
    case .string where literal.isString: RawText.order(CellText.plain(&cell, batch), batch.text(of: literal))
    case .integer, .number: compare(cell, condition, batch)
    default: nil
    }
  }

  /// Longer fractions are compared as the doubles that they become in an evaluation, in bytes.
  static let exactMax = 15

  /// nil where one of them is no number, or a long one.
  private static func compare(_ cell: Node, _ condition: MappingProgram.Comparison, _ batch: Batch) -> Int? {
    if cell.kind == .number || condition.isDouble, cell.flags.contains(.inline) || cell.length > exactMax { return nil }
    guard let literal = condition.number, let number = CastExecutor.number(cell, batch) else { return nil }
    return number == literal ? 0 : number < literal ? -1 : 1
  }
}
