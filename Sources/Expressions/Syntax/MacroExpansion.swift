/// Calls that the parser turns into something else, because they name a variable or do not look at all their arguments.
extension Parser {
  /// What the call of a macro stands for; nil where this is a plain call.
  mutating func expand(
    _ name: String, on target: Expr?, _ arguments: [Expr], at mark: Int
  ) throws(CompileProblem) -> Expr? {
    guard expandsMacros else { return nil }
    guard let target else { return try expandCall(name, arguments, at: mark) }
    if case .identifier(let space) = target.kind, let made = try expand(name, in: space, arguments, at: mark) {
      return made
    }
    return try expandMethod(name, target, arguments, at: mark)
  }

  private mutating func expandCall(
    _ name: String, _ arguments: [Expr], at mark: Int
  ) throws(CompileProblem) -> Expr? {
    switch (name, arguments.count) {
    case ("has", 1):
      guard case .select(let operand, let field, .value) = arguments[0].kind else {
        throw CompileProblem(
          .syntax, "has() takes the selection of a field", hint: "write has(record.name)", at: mark)
      }
      return try node(.select(operand, field: field, .presence), at: arguments[0].offset, from: mark)
    case ("coalesce", 1...):
      return try node(.coalesce(arguments), at: mark)
    case ("try", 2):
      return try node(.attempt(arguments[0], otherwise: arguments[1]), at: mark)
    default:
      return nil
    }
  }

  /// Macros with a namespace: `cel.bind(…)`, `math.greatest(…)`.
  private mutating func expand(
    _ name: String, in space: String, _ arguments: [Expr], at mark: Int
  ) throws(CompileProblem) -> Expr? {
    switch (space, name, arguments.count) {
    case ("cel", "bind", 3):
      return try node(.bind(variable(arguments[0], of: "cel.bind()"), arguments[1], in: arguments[2]), at: mark)
    case ("cel", "block", 2): return try block(arguments[0], arguments[1], at: mark)
    case ("cel", "index", 1):
      guard case .literal(.int(let index)) = arguments[0].kind else { return nil }
      return try node(.identifier("@index\(index)"), at: mark)
    case ("cel", "iterVar", 2), ("cel", "accuVar", 2):
      guard case .literal(.int(let depth)) = arguments[0].kind, case .literal(.int(let index)) = arguments[1].kind
      else {
        return nil
      }
      return try node(.identifier("@\(name):\(depth):\(index)"), at: mark)
    case ("math", "greatest", _), ("math", "least", _): return try extreme(name, arguments, at: mark)
    default: return nil
    }
  }

  private mutating func expandMethod(
    _ name: String, _ target: Expr, _ arguments: [Expr], at mark: Int
  ) throws(CompileProblem) -> Expr? {
    switch (name, arguments.count) {
    case ("optMap", 2), ("optFlatMap", 2):
      let variable = try variable(arguments[0], of: "\(name)()")
      return try node(
        .optionalMap(target, variable, arguments[1], flat: name == "optFlatMap"), at: mark,
        from: target.range.lowerBound)
    case ("all", 2): return try loop(.all, target, arguments, at: mark)
    case ("exists", 2): return try loop(.exists, target, arguments, at: mark)
    case ("exists_one", 2), ("existsOne", 2): return try loop(.existsOne, target, arguments, at: mark)
    case ("map", 2), ("map", 3): return try loop(.list, target, arguments, at: mark)
    case ("filter", 2): return try filter(target, arguments, at: mark)
    case ("sortBy", 2): return try loop(.sorted, target, arguments, at: mark)
    case ("groupBy", 2): return try loop(.grouped, target, arguments, at: mark)
    case ("all", 3): return try loop(.all, target, arguments, variables: 2, at: mark)
    case ("exists", 3): return try loop(.exists, target, arguments, variables: 2, at: mark)
    case ("exists_one", 3), ("existsOne", 3): return try loop(.existsOne, target, arguments, variables: 2, at: mark)
    case ("transformList", 3), ("transformList", 4): return try loop(.list, target, arguments, variables: 2, at: mark)
    case ("transformMap", 3), ("transformMap", 4): return try loop(.map, target, arguments, variables: 2, at: mark)
    case ("transformMapEntry", 3), ("transformMapEntry", 4):
      return try loop(.mapEntries, target, arguments, variables: 2, at: mark)
    default: return nil
    }
  }

  /// `range.name(variables…, [filter,] body)`
  private mutating func loop(
    _ result: Expr.Loop.Result, _ range: Expr, _ arguments: [Expr], variables count: Int = 1, at mark: Int
  ) throws(CompileProblem) -> Expr {
    var names: [Expr.Local] = []
    for argument in arguments.prefix(count) { names.append(try variable(argument, of: "a macro")) }
    if names.count == 2, names[0].name == names[1].name {
      throw CompileProblem(
        .syntax, "the two variables have the same name `\(names[0].name)`", at: arguments[1].offset)
    }
    let body = arguments[arguments.count - 1]
    let filter = arguments.count > count + 1 ? arguments[count] : nil
    if result == .mapEntries { try requireEntry(body) }
    let loop = Expr.Loop(result: result, range: range, variables: names, filter: filter, body: body)
    return try node(.loop(loop), at: mark, from: range.range.lowerBound)
  }

  private mutating func filter(_ range: Expr, _ arguments: [Expr], at mark: Int) throws(CompileProblem) -> Expr {
    let name = try variable(arguments[0], of: "a macro")
    let element = try node(.identifier(name.name), at: arguments[0].offset)
    let loop = Expr.Loop(result: .list, range: range, variables: [name], filter: arguments[1], body: element)
    return try node(.loop(loop), at: mark, from: range.range.lowerBound)
  }

  private func requireEntry(_ body: Expr) throws(CompileProblem) {
    if case .literal = body.kind {
      throw CompileProblem(
        .syntax, "transformMapEntry() makes its entries of maps", hint: "write {key: value}", at: body.offset)
    }
  }

  private func variable(_ argument: Expr, of macro: String) throws(CompileProblem) -> Expr.Local {
    guard case .identifier(let name) = argument.kind, !name.hasPrefix(".") else {
      throw CompileProblem(.syntax, "\(macro) needs a simple name for its variable here", at: argument.offset)
    }
    return Expr.Local(name: name)
  }

  /// `cel.block([a, b], expression)`: each item is bound to the name that `cel.index(i)` reads.
  private mutating func block(_ items: Expr, _ body: Expr, at mark: Int) throws(CompileProblem) -> Expr? {
    guard case .list(let values) = items.kind else {
      throw CompileProblem(.syntax, "cel.block() takes a list of expressions first", at: items.offset)
    }
    var result = body
    for (index, item) in values.enumerated().reversed() {
      result = try node(.bind(Expr.Local(name: "@index\(index)"), item.value, in: result), at: mark)
    }
    return result
  }

  /// `math.greatest(a, b, c)`: more than two arguments become a list.
  private mutating func extreme(
    _ name: String, _ arguments: [Expr], at mark: Int
  ) throws(CompileProblem) -> Expr? {
    guard let first = arguments.first else {
      throw CompileProblem(.syntax, "math.\(name)() needs at least one number", at: mark)
    }
    if arguments.count == 1, case .list(let items) = first.kind, !items.isEmpty {
      for item in items { try requireNumber(item.value, name) }
    } else {
      for argument in arguments { try requireNumber(argument, name) }
    }
    if arguments.count <= 2 { return try node(.call("math.\(name)", arguments), at: mark) }
    let list = try node(.list(arguments.map { Expr.Item(value: $0, optional: false) }), at: first.offset)
    return try node(.call("math.\(name)", [list]), at: mark)
  }

  private func requireNumber(_ argument: Expr, _ name: String) throws(CompileProblem) {
    switch argument.kind {
    case .literal(.int), .literal(.uint), .literal(.double): return
    case .literal, .list, .map, .message:
      throw CompileProblem(.syntax, "math.\(name)() compares numbers only", at: argument.offset)
    default: return
    }
  }
}
