/// What messages say of a call.
struct CallSite {
  let function: Function
  let isMethod: Bool
  let offset: Int
  /// The arguments as they were written, shortened.
  let texts: [String]
}

/// A call of a function: its arguments, and the overloads that may fit them.
class CallCode: Code {
  private final let site: CallSite

  init(_ site: CallSite) {
    self.site = site
    super.init(site.offset)
  }

  /// Puts the place into an error, and the names and types into one about missing overloads.
  @inline(never)
  final func explain(_ error: EvaluationError, _ arguments: [CELValue]) -> EvaluationError {
    guard error.code == .noSuchOverload, error.message.isEmpty else { return error.located(at: offset) }
    let types = arguments.map(\.type.withoutParameters)
    let report = OverloadReport(function: site.function, isMethod: site.isMethod, types: types)
    return self.error(.noSuchOverload, report.message, hint: report.hint(site.texts))
  }

  /// Counts the work of a call by the size of what it reads, and refuses what it made if that is too large.
  @inline(__always)
  final func account(_ frame: Frame, _ value: CELValue) throws(EvaluationError) {
    switch value {
    case .null, .bool, .int, .uint, .double, .slice: return
    default: try accountLarge(frame, value)
    }
  }

  private final func accountLarge(_ frame: Frame, _ value: CELValue) throws(EvaluationError) {
    let weight = value.weight
    if weight > ExpressionLimits.values { throw EvaluationError.tooLarge("the value").located(at: offset) }
    do { try frame.charge(weight) } catch { throw error.located(at: offset) }
  }
}

final class ZeroCall: CallCode {
  private let body: Overload.Zero

  init(_ site: CallSite, _ body: @escaping Overload.Zero) {
    self.body = body
    super.init(site)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    do { return try body() } catch { throw explain(error, []) }
  }
}

final class OneCall: CallCode {
  private let argument: Code
  private let body: Overload.One

  init(_ site: CallSite, _ argument: Code, _ body: @escaping Overload.One) {
    self.argument = argument
    self.body = body
    super.init(site)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let a = try argument.run(frame)
    try account(frame, a)
    do throws(EvaluationError) {
      return try body(a)
    } catch {
      throw explain(error, [a])
    }
  }
}

final class TwoCall: CallCode {
  private let first: Code
  private let second: Code
  private let body: Overload.Two

  init(_ site: CallSite, _ first: Code, _ second: Code, _ body: @escaping Overload.Two) {
    self.first = first
    self.second = second
    self.body = body
    super.init(site)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let a = try first.run(frame)
    let b = try second.run(frame)
    try account(frame, a)
    try account(frame, b)
    do throws(EvaluationError) {
      return try body(a, b)
    } catch {
      throw explain(error, [a, b])
    }
  }
}

final class ThreeCall: CallCode {
  private let first: Code
  private let second: Code
  private let third: Code
  private let body: Overload.Three

  /// - Parameter arguments: three.
  init(_ site: CallSite, _ arguments: [Code], _ body: @escaping Overload.Three) {
    (first, second, third) = (arguments[0], arguments[1], arguments[2])
    self.body = body
    super.init(site)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let a = try first.run(frame)
    let b = try second.run(frame)
    let c = try third.run(frame)
    try account(frame, a)
    try account(frame, b)
    try account(frame, c)
    do throws(EvaluationError) {
      return try body(a, b, c)
    } catch {
      throw explain(error, [a, b, c])
    }
  }
}

/// More arguments, or several overloads that only the values can tell apart.
final class ManyCall: CallCode {
  private let arguments: [Code]
  private let overloads: [Overload]

  init(_ site: CallSite, _ arguments: [Code], _ overloads: [Overload]) {
    self.arguments = arguments
    self.overloads = overloads
    super.init(site)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var values: [CELValue] = []
    values.reserveCapacity(arguments.count)
    for argument in arguments {
      let value = try argument.run(frame)
      try account(frame, value)
      values.append(value)
    }
    do throws(EvaluationError) {
      return try choose(values).call(values)
    } catch {
      throw explain(error, values)
    }
  }

  private func choose(_ values: [CELValue]) throws(EvaluationError) -> Overload {
    for overload in overloads where overload.accepts(values) { return overload }
    throw .noSuchOverload
  }
}

extension Overload {
  func accepts(_ values: [CELValue]) -> Bool {
    parameters.count == values.count && zip(values, parameters).allSatisfy { $0.isOf($1) }
  }

  func call(_ values: [CELValue]) throws(EvaluationError) -> CELValue {
    switch implementation {
    case .zero(let body): return try body()
    case .one(let body): return try body(values[0])
    case .two(let body): return try body(values[0], values[1])
    case .three(let body): return try body(values[0], values[1], values[2])
    case .many(let body): return try body(values)
    case .none: throw EvaluationError(.noSuchOverload, "this function is declared, but has no implementation")
    }
  }
}
