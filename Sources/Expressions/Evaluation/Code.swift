/// One step of a compiled expression: a tree of these is what runs.
///
/// A class a kind of step, so that running it is one indirect call and nothing is looked up or boxed on the way.
class Code {
  /// Where errors of this step point at, in bytes from the start of the expression.
  final let offset: Int

  init(_ offset: Int) { self.offset = offset }

  func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    throw EvaluationError(.noSuchOverload, "this cannot be evaluated", offset: offset)
  }

  /// The value, where it is the same for every record.
  var constant: CELValue? { nil }

  @inline(__always)
  final func error(_ code: EvaluationError.Code, _ message: String, hint: String? = nil) -> EvaluationError {
    EvaluationError(code, message, hint: hint, offset: offset)
  }
}

final class ConstantCode: Code {
  private let value: CELValue

  init(_ value: CELValue, _ offset: Int) {
    self.value = value
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue { value }
  override var constant: CELValue? { value }
}

/// A variable of the environment or of a macro.
final class SlotCode: Code {
  private let slot: Int

  init(_ slot: Int, _ offset: Int) {
    self.slot = slot
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let value = frame[slot]
    if case .failure(let error) = value { throw error.located(at: offset) }
    return value
  }
}

/// What is known to fail, if it is reached.
final class FailureCode: Code {
  private let failure: EvaluationError

  init(_ failure: EvaluationError, _ offset: Int) {
    self.failure = failure
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue { throw failure.located(at: offset) }
}

// MARK: Logic

/// `a && b && …` and `a || b || …`: an operand that decides wins over the errors of others.
final class LogicCode: Code {
  private let operands: [Code]
  /// The value of an operand that decides: true for `||`.
  private let deciding: Bool

  init(_ operands: [Code], deciding: Bool, _ offset: Int) {
    self.operands = operands
    self.deciding = deciding
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var failure: EvaluationError?
    for operand in operands {
      do throws(EvaluationError) {
        if try decides(operand.run(frame), operand) { return .bool(deciding) }
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return .bool(!deciding)
  }

  private func decides(_ value: CELValue, _ operand: Code) throws(EvaluationError) -> Bool {
    guard case .bool(let flag) = value else {
      throw operand.error(.noSuchOverload, "this is \(value.type.simpleWord), and \(deciding ? "||" : "&&") takes bool")
    }
    return flag == deciding
  }
}

final class ConditionalCode: Code {
  private let condition: Code
  private let yes: Code
  private let no: Code

  init(_ condition: Code, _ yes: Code, _ no: Code, _ offset: Int) {
    self.condition = condition
    self.yes = yes
    self.no = no
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    let value = try condition.run(frame)
    guard case .bool(let flag) = value else {
      throw condition.error(.noSuchOverload, "the condition before `?` is \(value.type.simpleWord), and not bool")
    }
    return try flag ? yes.run(frame) : no.run(frame)
  }
}

// MARK: Lists and maps

final class ListCode: Code {
  private let items: [Code]
  private let optional: [Bool]

  init(_ items: [Code], optional: [Bool], _ offset: Int) {
    self.items = items
    self.optional = optional
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var values: [CELValue] = []
    values.reserveCapacity(items.count)
    for (item, optional) in zip(items, optional) {
      let value = try item.run(frame)
      if !optional { values.append(value) } else if let inner = try item.unwrap(value) { values.append(inner) }
    }
    return try frame.made(CELList(values), at: offset)
  }
}

final class MapCode: Code {
  private let keys: [Code]
  private let values: [Code]
  private let optional: [Bool]

  init(_ keys: [Code], _ values: [Code], optional: [Bool], _ offset: Int) {
    self.keys = keys
    self.values = values
    self.optional = optional
    super.init(offset)
  }

  override func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    var builder = MapBuilder()
    for index in keys.indices {
      let key = try keys[index].run(frame)
      let value = try values[index].run(frame)
      guard let present = optional[index] ? try values[index].unwrap(value) : value else { continue }
      do { try builder.add(key, present) } catch { throw error.located(at: keys[index].offset) }
    }
    return try frame.made(builder.map, at: offset)
  }
}

extension Code {
  /// The value inside the optional that `[?x]` and `{?k: x}` take; nil where there is none.
  fileprivate func unwrap(_ value: CELValue) throws(EvaluationError) -> CELValue? {
    guard case .optional(let optional) = value else {
      throw error(.noSuchOverload, "after `?` an optional is needed, and this is \(value.type.simpleWord)")
    }
    return optional.value
  }
}

extension Frame {
  /// A list that was made, if it is not too large.
  func made(_ list: CELList, at offset: Int) throws(EvaluationError) -> CELValue {
    try account(list.items.count, list.weight, at: offset)
    return .list(list)
  }

  func made(_ map: CELMap, at offset: Int) throws(EvaluationError) -> CELValue {
    try account(map.count, map.weight, at: offset)
    return .map(map)
  }

  private func account(_ steps: Int, _ weight: Int, at offset: Int) throws(EvaluationError) {
    guard weight <= ExpressionLimits.values else { throw EvaluationError.tooLarge("the value").located(at: offset) }
    do { try charge(steps) } catch { throw error.located(at: offset) }
  }
}
