import Expressions
import Records

/// An expression over the parts of an event, with the frame that it is evaluated in.
struct Evaluation {
  /// The slots of the frame.
  private enum Slot: Int, CaseIterable { case op, record, key, before, meta }

  /// The parts of an event that no batch holds.
  struct Parts {
    /// nil leaves it without a value: an expression that reads it fails.
    var record: Value?
    var before: Value?
    var key: Value?
    var meta: Value?
  }

  let expression: Expression
  private let frame: Frame

  init(_ text: String) throws(CompileProblems) {
    let variables = Slot.allCases.map {
      Expressions.Environment.Variable("\($0)", $0 == .op ? .string : .dyn)
    }
    expression = try Expression(text, in: Expressions.Environment(variables: variables))
    frame = expression.makeFrame()
    self[.op] = .string(Operation.read.name)
    for slot in [Slot.key, .before, .meta] { self[slot] = .null }
  }

  func value(of parts: Parts) throws(EvaluationError) -> CELValue {
    for (slot, value) in [
      (Slot.record, parts.record), (.before, parts.before), (.key, parts.key), (.meta, parts.meta),
    ] {
      if let value { self[slot] = CELValue(json: value) }
    }
    return try expression.evaluate(frame)
  }

  func value(of event: Event, in batch: Batch) throws(EvaluationError) -> CELValue {
    frame.attach(batch)
    self[.op] = .string(event.operation.name)
    for (slot, node) in [
      (Slot.record, event.record), (.key, event.key), (.before, event.before), (.meta, event.meta),
    ] {
      frame.set(slot.rawValue, toNode: node)
    }
    return try expression.evaluate(frame)
  }

  private subscript(slot: Slot) -> CELValue {
    get { frame[slot.rawValue] }
    nonmutating set { frame[slot.rawValue] = newValue }
  }
}
