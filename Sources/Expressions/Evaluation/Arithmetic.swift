import Records

/// The operators on numbers, text, lists and times. Results beyond a type's range are errors and never wrap.
enum Arithmetic {
  static func add(_ a: CELValue, _ b: CELValue) throws(EvaluationError) -> CELValue {
    switch (a, b) {
    case (.int(let a), .int(let b)): return .int(try checked(a.addingReportingOverflow(b)))
    case (.uint(let a), .uint(let b)): return .uint(try checked(a.addingReportingOverflow(b)))
    case (.double(let a), .double(let b)): return .double(a + b)
    case (.string, .string), (.slice, .slice), (.string, .slice), (.slice, .string): return try concatenate(a, b)
    case (.bytes(let a), .bytes(let b)):
      guard a.count + b.count <= ExpressionLimits.textBytes else { throw .tooLarge("the bytes") }
      return .bytes(a + b)
    case (.list, .list), (.array, .array), (.list, .array), (.array, .list): return try append(a, b)
    case (.timestamp(let time), .duration(let delta)), (.duration(let delta), .timestamp(let time)):
      return .timestamp(try Time.add(time, delta))
    case (.duration(let a), .duration(let b)): return .duration(try checked(a.addingReportingOverflow(b), "duration"))
    default: return try decimals(a, b, Decimal.add)
    }
  }

  static func subtract(_ a: CELValue, _ b: CELValue) throws(EvaluationError) -> CELValue {
    switch (a, b) {
    case (.int(let a), .int(let b)): return .int(try checked(a.subtractingReportingOverflow(b)))
    case (.uint(let a), .uint(let b)): return .uint(try checked(a.subtractingReportingOverflow(b)))
    case (.double(let a), .double(let b)): return .double(a - b)
    case (.timestamp(let a), .timestamp(let b)): return .duration(try Time.difference(a, b))
    case (.timestamp(let time), .duration(let delta)):
      guard delta != .min else { throw .overflow("duration") }
      return .timestamp(try Time.add(time, -delta))
    case (.duration(let a), .duration(let b)):
      return .duration(try checked(a.subtractingReportingOverflow(b), "duration"))
    case (.date(let a), .date(let b)): return .int(Int64(a.days) - Int64(b.days))
    default: return try decimals(a, b, Decimal.subtract)
    }
  }

  static func multiply(_ a: CELValue, _ b: CELValue) throws(EvaluationError) -> CELValue {
    switch (a, b) {
    case (.int(let a), .int(let b)): return .int(try checked(a.multipliedReportingOverflow(by: b)))
    case (.uint(let a), .uint(let b)): return .uint(try checked(a.multipliedReportingOverflow(by: b)))
    case (.double(let a), .double(let b)): return .double(a * b)
    default: return try decimals(a, b, Decimal.multiply)
    }
  }

  static func divide(_ a: CELValue, _ b: CELValue) throws(EvaluationError) -> CELValue {
    switch (a, b) {
    case (.int, .int(0)), (.uint, .uint(0)): throw divideByZero
    case (.int(let a), .int(let b)): return .int(try checked(a.dividedReportingOverflow(by: b)))
    case (.uint(let a), .uint(let b)): return .uint(a / b)
    case (.double(let a), .double(let b)): return .double(a / b)
    default: return try decimals(a, b, DecimalMath.divide)
    }
  }

  static func remainder(_ a: CELValue, _ b: CELValue) throws(EvaluationError) -> CELValue {
    switch (a, b) {
    case (.int, .int(0)), (.uint, .uint(0)): throw divideByZero
    case (.int(let a), .int(let b)): return .int(try checked(a.remainderReportingOverflow(dividingBy: b)))
    case (.uint(let a), .uint(let b)): return .uint(a % b)
    default: throw .noSuchOverload
    }
  }

  static func negate(_ a: CELValue) throws(EvaluationError) -> CELValue {
    switch a {
    case .int(let value): return .int(try checked(Int64(0).subtractingReportingOverflow(value)))
    case .double(let value): return .double(-value)
    case .decimal(let value): return .decimal(Decimal(-value.decimal.digits, scale: value.decimal.scale))
    default: throw .noSuchOverload
    }
  }

  static let divideByZero = EvaluationError(.divideByZero, "division by zero")

  @inline(__always)
  static func checked<T: FixedWidthInteger>(
    _ outcome: (partialValue: T, overflow: Bool), _ name: String? = nil
  ) throws(EvaluationError) -> T {
    if outcome.overflow { throw .overflow(name ?? (T.isSigned ? "int" : "uint")) }
    return outcome.partialValue
  }

  /// Both as decimals, where at least one is one and the other is whole.
  private static func decimals(
    _ a: CELValue, _ b: CELValue, _ compute: (Decimal, Decimal) throws(EvaluationError) -> Decimal?
  ) throws(EvaluationError) -> CELValue {
    switch (a, b) {
    case (.decimal, .decimal), (.decimal, .int), (.decimal, .uint), (.int, .decimal), (.uint, .decimal): break
    default: throw .noSuchOverload
    }
    guard let x = a.exact, let y = b.exact else { throw .noSuchOverload }
    guard let result = try compute(x, y) else { throw .overflow("decimal, which has \(Decimal.digitsMax) digits") }
    return .decimal(result)
  }

  private static func concatenate(_ a: CELValue, _ b: CELValue) throws(EvaluationError) -> CELValue {
    let count = a.withText(\.count) + b.withText(\.count)
    guard count <= ExpressionLimits.textBytes else { throw .tooLarge("the text") }
    return .string(
      String(unsafeUninitializedCapacity: count) { out in
        let first = a.withText { TextSearch.copy($0, to: out, at: 0) }
        return b.withText { TextSearch.copy($0, to: out, at: first) }
      })
  }

  private static func append(_ a: CELValue, _ b: CELValue) throws(EvaluationError) -> CELValue {
    guard a.weight + b.weight <= ExpressionLimits.values else { throw .tooLarge("the list") }
    return .list(try a.items() + b.items())
  }
}
