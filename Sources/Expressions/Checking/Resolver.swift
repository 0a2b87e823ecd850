import Records

/// Finds out what each name means: a variable of a macro, a declared variable, a type, a function with a namespace.
///
/// The longest prefix of `a.b.c` that is declared wins, in the innermost namespace; a macro's own variables come
/// before all of them. What is not known becomes a problem, or an error of the evaluation where nothing is checked.
struct Resolver {
  let environment: Environment
  private(set) var problems: [CompileProblem] = []
  /// How many slots the macros' variables need at the same time.
  private(set) var slotCount = 0
  private var scope: [(name: String, slot: Int)] = []

  init(environment: Environment) { self.environment = environment }

  mutating func resolve(_ expr: Expr) -> Expr {
    var made = expr
    made.kind = resolve(expr.kind, of: expr)
    return made
  }

  private mutating func resolve(_ kind: Expr.Kind, of expr: Expr) -> Expr.Kind {
    switch kind {
    case .literal, .variable, .local, .type, .unresolved: kind
    case .identifier(let name): resolveName(name, expr)
    case .select(let operand, let field, let selection): resolveSelect(operand, field, selection, expr)
    case .index(let operand, let index, let optional): .index(resolve(operand), resolve(index), optional: optional)
    case .call(let name, let arguments): .call(functionName(name, expr), arguments.map { resolve($0) })
    case .method(let target, let name, let arguments): resolveMethod(target, name, arguments, expr)
    case .list(let items): .list(items.map { Expr.Item(value: resolve($0.value), optional: $0.optional) })
    case .map(let entries):
      .map(entries.map { Expr.Entry(key: resolve($0.key), value: resolve($0.value), optional: $0.optional) })
    case .message(let name): unknownMessage(name, expr)
    case .bind(let name, let value, let body): resolveBinding(name, value, body)
    case .optionalMap(let target, let name, let body, let flat): resolveOptionalMap(target, name, body, flat)
    case .loop(let loop): .loop(resolveLoop(loop))
    case .coalesce(let arguments): .coalesce(arguments.map { resolve($0) })
    case .attempt(let value, let otherwise): .attempt(resolve(value), otherwise: resolve(otherwise))
    }
  }

  // MARK: Names

  private mutating func resolveName(_ name: String, _ expr: Expr) -> Expr.Kind {
    if let local = local(name) { return .local(local) }
    if let found = declared(name) { return found }
    let known = scope.map(\.name) + environment.variables.map(\.name)
    problems.append(
      CompileProblem(
        .unknownName, "there is no `\(name)` here",
        hint: Suggestion.among(known, for: name) ?? call(of: name) ?? meant(by: name),
        at: expr.offset))
    return .unresolved(name)
  }

  /// A function that is named and not called.
  private func call(of name: String) -> String? {
    let function = Functions.documented.first { $0.name == name && !$0.examples.isEmpty }
    return function.map { "it is a function, and used like \($0.examples[0].expression)" }
  }

  /// A word alone is a field without its record, or a text without its quotes.
  private func meant(by name: String) -> String? {
    environment.fieldsOf.map { "for a field write \($0).\(name), for a text '\(name)'" }
  }

  private func local(_ name: String) -> Int? { scope.last { $0.name == name }?.slot }

  private func declared(_ name: String) -> Expr.Kind? {
    for candidate in environment.candidates(for: name) {
      if let index = environment.variable(named: candidate) { return .variable(index) }
      if let type = Environment.types[candidate] { return .type(type) }
    }
    return nil
  }

  private mutating func resolveSelect(
    _ operand: Expr, _ field: String, _ selection: Expr.Selection, _ expr: Expr
  ) -> Expr.Kind {
    if case .value = selection, let name = qualifiedName(expr), let found = declared(name) { return found }
    return .select(resolve(operand), field: field, selection)
  }

  /// `a.b.c` where it is only names and `a` is no variable of a macro.
  private func qualifiedName(_ expr: Expr) -> String? {
    switch expr.kind {
    case .identifier(let name): local(name) == nil ? name : nil
    case .select(let operand, let field, .value): qualifiedName(operand).map { "\($0).\(field)" }
    default: nil
    }
  }

  // MARK: Functions

  private mutating func functionName(_ name: String, _ expr: Expr) -> String {
    for candidate in environment.candidates(for: name) where environment.function(named: candidate) != nil {
      return candidate
    }
    reportFunction(name, expr)
    return name
  }

  /// `a.b.f(x)` is the function `a.b.f` where there is one, and else `f` of the value `a.b`.
  private mutating func resolveMethod(
    _ target: Expr, _ name: String, _ arguments: [Expr], _ expr: Expr
  ) -> Expr.Kind {
    if let space = qualifiedName(target) {
      for candidate in environment.candidates(for: "\(space).\(name)")
      where environment.function(named: candidate) != nil {
        return .call(candidate, arguments.map { resolve($0) })
      }
      if reportMember(name, of: space, expr) { return .unresolved("\(space).\(name)") }
    }
    if environment.function(named: name) == nil { reportFunction(name, expr) }
    return .method(resolve(target), name, arguments.map { resolve($0) })
  }

  private mutating func reportFunction(_ name: String, _ expr: Expr) {
    if let macro = Macros.all.first(where: { $0.name == name }), let example = macro.examples.first {
      problems.append(
        CompileProblem(
          .noMatchingOverload, "\(name)() does not fit these arguments", hint: "it is used like \(example.expression)",
          at: expr.offset))
      return
    }
    problems.append(
      CompileProblem(
        .unknownFunction, "there is no function `\(name)`",
        hint: ForeignFunctions.mend(for: name) ?? Suggestion.among(Functions.names, for: name), at: expr.offset))
  }

  /// Reports a function that a namespace does not have: `math.sqroot(…)`.
  private mutating func reportMember(_ name: String, of space: String, _ expr: Expr) -> Bool {
    let members = Functions.names.filter { $0.hasPrefix(space + ".") }
    guard !members.isEmpty, isNoValue(space), environment.function(named: name) == nil else { return false }
    let near = Suggestion.among(members, for: "\(space).\(name)")
    problems.append(
      CompileProblem(
        .unknownFunction, "there is no function `\(space).\(name)`",
        hint: near ?? "there is \(members.joined(separator: ", "))", at: expr.offset))
    return true
  }

  /// Whether a name is at most that of a type, `date`, and no variable.
  private func isNoValue(_ name: String) -> Bool {
    switch declared(name) {
    case nil, .type: true
    default: false
    }
  }

  private mutating func unknownMessage(_ name: String, _ expr: Expr) -> Expr.Kind {
    problems.append(
      CompileProblem(
        .unknownName, "there is no message type `\(name)`", hint: "write a map: {'key': value}", at: expr.offset))
    return .unresolved(name)
  }

  // MARK: Scopes

  private mutating func declare(_ local: Expr.Local) -> Expr.Local {
    let slot = scope.count
    scope.append((local.name, slot))
    slotCount = max(slotCount, scope.count)
    return Expr.Local(name: local.name, slot: slot)
  }

  private mutating func resolveBinding(_ local: Expr.Local, _ value: Expr, _ body: Expr) -> Expr.Kind {
    let value = resolve(value)
    let local = declare(local)
    defer { scope.removeLast() }
    return .bind(local, value, in: resolve(body))
  }

  private mutating func resolveOptionalMap(
    _ target: Expr, _ local: Expr.Local, _ body: Expr, _ flat: Bool
  ) -> Expr.Kind {
    let target = resolve(target)
    let local = declare(local)
    defer { scope.removeLast() }
    return .optionalMap(target, local, resolve(body), flat: flat)
  }

  private mutating func resolveLoop(_ loop: Expr.Loop) -> Expr.Loop {
    var made = loop
    made.range = resolve(loop.range)
    made.variables = loop.variables.map { declare($0) }
    defer { scope.removeLast(loop.variables.count) }
    made.filter = loop.filter.map { resolve($0) }
    made.body = resolve(loop.body)
    return made
  }
}
