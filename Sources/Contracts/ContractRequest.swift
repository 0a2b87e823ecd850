import Records

/// One-off checks for machines: a value against a schema, request by request.
package enum ContractRequest {
  /// Answers `{"id", "schema", "data", "documents": {url: schema}}` with `{"id", "valid": true|false}`.
  ///
  /// With `"assert_formats": true`, formats are asserted. A value that is not valid comes with its `violations`; a schema
  /// that cannot be used is answered with `{"id", "error": {"code", "message", "place"}}`.
  package static func answer(_ request: Value) -> Value {
    let id = Value.Member("id", request["id"] ?? .null)
    guard let schema = request["schema"], let data = request["data"] else {
      return .object([id, Value.Member("error", ["message": "a request has the members schema and data"])])
    }
    do {
      let contract = try Contract(
        schema, documents: documents(request), formats: request["assert_formats"]?.bool == true ? .asserted : .annotated
      )
      return .object([id] + verdict(on: data, by: contract))
    } catch {
      return .object([id, Value.Member("error", described(error))])
    }
  }

  private static func documents(_ request: Value) -> [String: Value] {
    guard case .object(let members)? = request["documents"] else { return [:] }
    return [String: Value](members.map { ($0.name, $0.value) }) { _, last in last }
  }

  private static func verdict(on data: Value, by contract: Contract) -> [Value.Member] {
    guard let batch = Batch(json: data.json) else {
      return [Value.Member("error", ["message": "data is nested deeper than a record may be"])]
    }
    let violations = ContractValidator(contract).validate(batch, node: 0, collecting: true)
    let valid = Value.Member("valid", .bool(violations.isEmpty))
    return violations.isEmpty ? [valid] : [valid, Value.Member("violations", .array(violations.map(described)))]
  }

  private static func described(_ violation: Violation) -> Value {
    [
      "instance": .string(violation.instancePath), "schema": .string(violation.schemaPath),
      "keyword": .string(violation.keyword), "message": .string(violation.message),
    ]
  }

  private static func described(_ problems: ContractProblems) -> Value {
    guard let first = problems.problems.first else { return ["message": "the schema cannot be used"] }
    return [
      "code": .string(first.code.rawValue), "message": .string(problems.description), "place": .string(first.place),
    ]
  }
}
