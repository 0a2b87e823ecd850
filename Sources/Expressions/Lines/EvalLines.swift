import Records

/// Evaluates expressions for a machine: one request in, one answer out, both a line of JSON.
///
/// A request is `{id, expr, container, disable_check, disable_macros, check_only, type_env, bindings}`; all but `expr`
/// may be left out. The answer is `{id, value}`, with `check_only` `{id, type}`, or `{id, error: {message, line, col}}`.
/// Values are tagged with their types: see ``TaggedValue``.
package enum EvalLines {
  package static func answer(_ line: String) -> String {
    do throws(JSONProblem) {
      return answer(try Value(json: line)).json
    } catch {
      return failed(.null, "the request is no JSON, from byte \(error.offset) on").json
    }
  }

  /// The answer to a request that was read already.
  package static func answer(_ request: Value) -> Value {
    let id = request["id"] ?? .null
    guard let text = request["expr"]?.string else { return failed(id, "the request has no `expr`") }
    do throws(RequestProblem) {
      return .object([.init("id", id)] + [try result(request, text)])
    } catch {
      return failed(id, error.message, error.place)
    }
  }

  private static func failed(
    _ id: Value, _ message: String, _ place: TextPlace = TextPlace(line: 1, column: 1)
  ) -> Value {
    [
      "id": id,
      "error": ["message": .string(message), "line": .int(Int64(place.line)), "col": .int(Int64(place.column))],
    ]
  }

  private static func result(_ request: Value, _ text: String) throws(RequestProblem) -> Value.Member {
    let bindings = try bindings(request["bindings"])
    let environment = try environment(request, bindings.map(\.name))
    let expression: Expression
    do throws(CompileProblems) {
      expression = try Expression(
        text, in: environment, checked: request["disable_check"]?.bool != true,
        macros: request["disable_macros"]?.bool != true)
    } catch {
      throw RequestProblem(error)
    }
    if request["check_only"]?.bool == true { return .init("type", .string("\(expression.type)")) }
    return .init("value", try evaluate(expression, bindings))
  }

  private static func evaluate(
    _ expression: Expression, _ bindings: [(name: String, value: CELValue)]
  ) throws(RequestProblem) -> Value {
    let frame = expression.makeFrame()
    for (slot, variable) in expression.environment.variables.enumerated() {
      if let binding = bindings.last(where: { $0.name == variable.name }) { frame[slot] = binding.value }
    }
    do throws(EvaluationError) {
      return TaggedValue.tagged(try expression.evaluate(frame))
    } catch {
      throw RequestProblem(message: error.sentence, place: expression.place(of: error))
    }
  }

  private static func bindings(_ value: Value?) throws(RequestProblem) -> [(name: String, value: CELValue)] {
    guard case .object(let members) = value else { return [] }
    var bindings: [(name: String, value: CELValue)] = []
    for member in members {
      guard let bound = TaggedValue.value(member.value) else {
        throw RequestProblem(message: "the value of `\(member.name)` is not tagged as it should be")
      }
      bindings.append((member.name, bound))
    }
    return bindings
  }

  private static func environment(_ request: Value, _ bound: [String]) throws(RequestProblem) -> Environment {
    var variables: [Environment.Variable] = []
    var functions: [Function] = []
    for entry in request["type_env"]?.array ?? [] {
      guard let name = entry["name"]?.string else { throw RequestProblem(message: "a declaration has no name") }
      if let overloads = entry["overloads"]?.array {
        var forms: [Overload] = []
        for overload in overloads { forms.append(try self.overload(overload, of: name)) }
        functions.append(Function(declared: name, overloads: forms))
      } else {
        variables.append(.init(name, try type(entry["type"]?.string ?? "", of: name)))
      }
    }
    let declared = Set(variables.map(\.name))
    variables += bound.filter { !declared.contains($0) }.map { .init($0, .dyn) }
    return Environment(variables: variables, functions: functions, container: request["container"]?.string ?? "")
  }

  private static func overload(_ value: Value, of name: String) throws(RequestProblem) -> Overload {
    var parameters: [CELType] = []
    for parameter in value["params"]?.array ?? [] { parameters.append(try type(parameter.string ?? "", of: name)) }
    return Overload(
      isMethod: value["is_instance"]?.bool ?? false, parameters: parameters,
      result: try type(value["result"]?.string ?? "", of: name))
  }

  private static func type(_ text: String, of name: String) throws(RequestProblem) -> CELType {
    guard let type = TypeReader.type(text) else {
      throw RequestProblem(message: "`\(text)`, declared for `\(name)`, is no type")
    }
    return type
  }
}

/// Why a request has no value.
private struct RequestProblem: Error {
  var message: String
  var place = TextPlace(line: 1, column: 1)

  init(message: String, place: TextPlace = TextPlace(line: 1, column: 1)) {
    self.message = message
    self.place = place
  }

  init(_ problems: CompileProblems) {
    message = problems.problems.map(\.sentence).joined(separator: "\n")
    place = problems.problems.first?.place ?? TextPlace(line: 1, column: 1)
  }
}
