import Records

extension UnitConversion {
  /// Converts a number, exactly; a result that does not end within 38 digits is refused rather than rounded.
  func apply(to cell: inout Node, _ batch: Batch) throws(CellProblem) {
    guard let number = Self.number(&cell, batch) else {
      throw CellProblem(
        code: "mapping.not_a_number", message: "\(CastExecutor.shown(cell, batch)) is no number, and \(text) needs one")
    }
    guard let product = Decimal.multiply(number, Decimal(Int128(numerator))),
      let result = Decimal.divideExactly(product, by: Int128(denominator))
    else {
      throw CellProblem(
        code: "mapping.unit_inexact",
        message: "\(CastExecutor.shown(cell, batch)) as \(text) does not end within \(Decimal.digitsMax) digits")
    }
    CastExecutor.set(&cell, result.normalized, batch)
  }

  private static func number(_ cell: inout Node, _ batch: Batch) -> Decimal? {
    if cell.kind == .string { _ = CellText.plain(&cell, batch) }
    guard cell.kind == .integer || cell.kind == .number || cell.kind == .string else { return nil }
    return CastExecutor.number(cell, batch)
  }
}
