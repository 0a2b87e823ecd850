import Records
import Testing

@testable import Contracts

/// A text as a one-value batch, and whether it keeps a schema.
func isValid(_ data: String, _ schema: String, formats: Contract.Formats = .annotated) throws -> Bool {
  try violations(data, schema, formats: formats).isEmpty
}

func violations(
  _ data: String, _ schema: String, documents: [String: Value] = [:], formats: Contract.Formats = .annotated
) throws -> [Violation] {
  let contract = try Contract(Value(json: schema), documents: documents, formats: formats)
  let batch = try #require(Batch(json: data))
  let validator = ContractValidator(contract)
  let violations = validator.validate(batch, node: 0, collecting: true)
  #expect(validator.isValid(batch, node: 0) == violations.isEmpty)
  return violations
}

/// What is wrong with a schema.
func problems(
  _ schema: String, documents: [String: Value] = [:], formats: Contract.Formats = .annotated
) throws
  -> [ContractProblem]
{
  let value = try Value(json: schema)
  do {
    _ = try Contract(value, documents: documents, formats: formats)
    return []
  } catch {
    return error.problems
  }
}
