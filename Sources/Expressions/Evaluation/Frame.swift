/// Where one evaluation keeps its variables; made once for an expression and a lane, and used for every record.
///
/// The first slots are the variables of the ``Environment`` in its order; the variables of macros follow.
package final class Frame {
  private let slots: UnsafeMutablePointer<CELValue>
  private let count: Int
  private let variableCount: Int
  /// What the evaluation may still cost, in steps.
  private var budget = Limits.cost

  init(variables: Int, locals: Int) {
    variableCount = variables
    count = variables + locals
    slots = .allocate(capacity: max(count, 1))
    slots.initialize(
      repeating: .failure(EvaluationError(.unknownName, "this variable has no value")), count: max(count, 1))
  }

  deinit {
    slots.deinitialize(count: max(count, 1))
    slots.deallocate()
  }

  /// The value of a variable or of a macro's variable.
  @inline(__always)
  package subscript(slot: Int) -> CELValue {
    get {
      assert(slot < count)
      return slots[slot]
    }
    set {
      precondition(slot < count, "there is no such slot")
      slots[slot] = newValue
    }
  }

  func reset() { budget = Limits.cost }

  /// Counts work; throws when there was too much of it.
  @inline(__always)
  func charge(_ steps: Int) throws(EvaluationError) {
    budget -= steps
    if budget < 0 { throw Self.tooCostly }
  }

  private static let tooCostly = EvaluationError(
    .tooCostly, "the evaluation takes more than \(Limits.cost) steps",
    hint: "go over fewer elements, or nest fewer macros")
}
