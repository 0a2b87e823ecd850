/// `cel.bind(name, value, body)`: an error of the value is an error only where the name is read.
final class BindCode: Code {
  private let slot: Int
  private let value: Code
  private let body: Code

  init(_ slot: Int, _ value: Code, _ body: Code, _ offset: Int) {
    self.slot = slot
    self.value = value
    self.body = body
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    do throws(EvaluationError) {
      frame[slot] = try value.run(frame)
    } catch {
      frame[slot] = .failure(error)
    }
    return try body.run(frame)
  }
}

/// `optional.optMap(name, body)` and `optFlatMap`.
final class OptionalMapCode: Code {
  private let target: Code
  private let slot: Int
  private let body: Code
  private let flat: Bool

  init(_ target: Code, _ slot: Int, _ body: Code, flat: Bool, _ offset: Int) {
    self.target = target
    self.slot = slot
    self.body = body
    self.flat = flat
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let holder = try target.run(frame)
    guard case .optional(let optional) = holder else {
      throw target.error(.noSuchOverload, "this is \(holder.type.simpleWord), and no optional")
    }
    guard let value = optional.value else { return .noValue }
    frame[slot] = value
    let result = try body.run(frame)
    if !flat { return .some(result) }
    guard case .optional = result else {
      throw body.error(.noSuchOverload, "optFlatMap() makes an optional, and this is \(result.type.simpleWord)")
    }
    return result
  }
}

/// `optional.or(other)` and `optional.orValue(other)`: the other side is evaluated only where it is needed.
final class OrElseCode: Code {
  private let optional: Code
  private let other: Code
  /// Whether the result is the value itself rather than an optional.
  private let unwraps: Bool

  init(_ optional: Code, _ other: Code, unwraps: Bool, _ offset: Int) {
    self.optional = optional
    self.other = other
    self.unwraps = unwraps
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let holder = try optional.run(frame)
    guard case .optional(let optional) = holder else {
      throw error(.noSuchOverload, "this is \(holder.type.simpleWord), and no optional")
    }
    if let value = optional.value { return unwraps ? value : holder }
    let result = try other.run(frame)
    if !unwraps, case .optional = result { return result }
    guard unwraps else {
      throw other.error(.noSuchOverload, "or() takes an optional, and this is \(result.type.simpleWord)")
    }
    return result
  }
}

/// `coalesce(a, b, …)`: the first that is there and not null; null where there is none.
final class CoalesceCode: Code {
  private let arguments: [Code]

  init(_ arguments: [Code], _ offset: Int) {
    self.arguments = arguments
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    for argument in arguments {
      if let value = try present(argument, frame) { return value }
    }
    return .null
  }

  private func present(_ argument: Code, _ frame: Frame) throws(EvaluationError) -> CELValue? {
    do throws(EvaluationError) {
      switch try argument.run(frame) {
      case .null: return nil
      case .optional(let optional):
        if case .null = optional.value { return nil }
        return optional.value
      case let value: return value
      }
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
  }
}

/// `try(value, otherwise)`: any error of the value gives the other.
final class AttemptCode: Code {
  private let value: Code
  private let otherwise: Code

  init(_ value: Code, _ otherwise: Code, _ offset: Int) {
    self.value = value
    self.otherwise = otherwise
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    do throws(EvaluationError) {
      return try value.run(frame)
    } catch {
      if error.code == .tooCostly { throw error }
      return try otherwise.run(frame)
    }
  }
}
