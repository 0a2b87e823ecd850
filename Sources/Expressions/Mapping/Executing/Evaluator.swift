import Records

/// Evaluates one expression of a mapping for event after event. Belongs to one lane.
///
/// The paths that the expression reads stand in the executor's slots already, so that a field costs one look at a cell.
/// The slots outlive it: both belong to one executor.
final class Evaluator {
  private let expression: Expression
  private let frame: Frame
  private let reads: [(variable: Int, root: Path.Root)]

  init(_ evaluation: MappingProgram.Evaluation, slots: UnsafePointer<Node>) {
    expression = evaluation.expression.expression
    frame = expression.makeFrame()
    frame.read(slots, at: evaluation.places)
    reads = Path.Root.allCases.map { ($0.variable, $0) }.filter { [used = expression.variables] in used.contains($0.0) }
  }

  /// The value as a cell of the batch: absent for an optional without a value.
  ///
  /// - Parameter record: the record as the transforms left it.
  func cell(_ event: Event, _ record: UInt32, _ batch: Batch) throws(CellProblem) -> Node {
    do throws(EvaluationError) {
      return try CellWriter.cell(of: value(event, record, batch), in: batch)
    } catch {
      throw CellProblem(error)
    }
  }

  func condition(_ event: Event, _ record: UInt32, _ batch: Batch) throws(CellProblem) -> Bool {
    let value: CELValue
    do throws(EvaluationError) { value = try self.value(event, record, batch) } catch { throw CellProblem(error) }
    if case .bool(let flag) = value { return flag }
    throw CellProblem(
      code: CompileProblem.Code.typeMismatch.rawValue,
      message: "the condition gives \(value.type.simpleWord), and bool is needed here")
  }

  /// Valid until the batch changes.
  private func value(_ event: Event, _ record: UInt32, _ batch: Batch) throws(EvaluationError) -> CELValue {
    frame.attach(batch)
    for (variable, root) in reads {
      switch root {
      case .op: frame[variable] = .string(event.operation.name)
      case .key: frame.set(variable, toNode: event.key)
      case .record: frame.set(variable, toNode: record)
      case .before: frame.set(variable, toNode: event.before)
      case .meta: frame.set(variable, toNode: event.meta)
      }
    }
    return try expression.run(frame)
  }
}

extension CellProblem {
  init(_ error: EvaluationError) { self.init(code: error.code.rawValue, message: error.sentence) }
}
