import Records

/// Finds the type of every node of a resolved expression, and what cannot work.
struct Checker {
  let environment: Environment
  let source: SourceText
  private(set) var problems: [CompileProblem] = []
  private var unifier = Unifier()
  private var types: [Int: CELType] = [:]
  private var locals: [Int: CELType] = [:]

  init(environment: Environment, source: SourceText) {
    self.environment = environment
    self.source = source
  }

  /// The type of the whole.
  mutating func check(_ root: Expr) -> CELType {
    let type = self.type(of: root)
    return unifier.resolve(type, isFinal: true)
  }

  private mutating func type(of expr: Expr) -> CELType {
    let found = infer(expr)
    types[expr.id] = found
    return found
  }

  /// The type of a node with all that is known put in.
  private mutating func resolved(_ expr: Expr) -> CELType {
    let found = type(of: expr)
    return unifier.resolve(found)
  }

  private mutating func infer(_ expr: Expr) -> CELType {
    switch expr.kind {
    case .literal(let literal): literal.type
    case .variable(let index): environment.variables[index].type
    case .local(let slot): locals[slot] ?? .dyn
    case .type(let type): .type(type)
    case .identifier, .unresolved, .message: .error
    case .select(let operand, let field, let selection): select(operand, field, selection, expr)
    case .index(let operand, let index, let optional):
      call(optional ? "_[?_]" : "_[_]", nil, [operand, index], expr)
    case .call(let name, let arguments): call(name, nil, arguments, expr)
    case .method(let target, let name, let arguments): call(name, target, arguments, expr)
    case .list(let items): list(items)
    case .map(let entries): map(entries)
    case .bind(let local, let value, let body): bind(local, value, body)
    case .optionalMap(let target, let local, let body, let flat): optionalMap(target, local, body, flat, expr)
    case .loop(let loop): self.loop(loop)
    case .coalesce(let arguments): coalesce(arguments)
    case .attempt(let value, let otherwise): either(value, otherwise)
    }
  }

  private mutating func report(_ code: CompileProblem.Code, _ message: String, hint: String? = nil, _ expr: Expr) {
    problems.append(CompileProblem(code, message, hint: hint, at: expr.offset))
  }

  // MARK: Fields

  private mutating func select(
    _ operand: Expr, _ field: String, _ selection: Expr.Selection, _ expr: Expr
  ) -> CELType {
    let operandType = resolved(operand)
    let holder = operandType.wrapped ?? operandType
    let found = fieldType(unifier.resolve(holder), field, expr)
    if case .presence = selection { return .bool }
    if case .optional = selection { return .optional(found) }
    return operandType.wrapped == nil ? found : .optional(found)
  }

  private mutating func fieldType(_ holder: CELType, _ field: String, _ expr: Expr) -> CELType {
    switch holder.nonNull {
    case .map(_, let value): return value
    case .object(let object):
      if let type = object.type(of: field) { return type }
      report(
        .unknownField, "\(object.name) has no field `\(field)`",
        hint: Suggestion.among(object.fields.map(\.name), for: field), expr)
      return .error
    case .variable:
      _ = unifier.assign(.dyn, to: holder)
      return .dyn
    case .dyn, .error: return .dyn
    default:
      report(.typeMismatch, "\(holder.word) has no fields, so there is no '.\(field)'", expr)
      return .error
    }
  }

  // MARK: Calls

  private mutating func call(_ name: String, _ target: Expr?, _ arguments: [Expr], _ expr: Expr) -> CELType {
    let operands = (target.map { [$0] } ?? []) + arguments
    let operandTypes = operands.map { type(of: $0) }
    guard let function = environment.function(named: name) else { return .error }
    if name == "_&&_" || name == "_||_" { return logical(operands, operandTypes) }
    if name == "_[_]", let field = objectField(operands, operandTypes, expr) { return field }
    if let type = choose(function, isMethod: target != nil, operandTypes) { return type }
    let known = operandTypes.map { unifier.resolve($0, isFinal: true).nonNull }
    let report = OverloadReport(function: function, isMethod: target != nil, types: known)
    problems.append(report.problem(for: operands, in: source, at: expr.offset))
    return .error
  }

  /// The result of all overloads that fit: their common type, or `dyn` where they differ.
  private mutating func choose(_ function: Function, isMethod: Bool, _ operands: [CELType]) -> CELType? {
    var result: CELType?
    for overload in function.overloads where overload.isMethod == isMethod && overload.isEligible(for: operands) {
      let types = unifier.instantiate([overload.result] + overload.parameters)
      guard unifier.assign(operands, to: Array(types.dropFirst())) else { continue }
      let found = unifier.resolve(types[0])
      if let known = result { result = known == found ? known : .dyn } else { result = found }
    }
    return result
  }

  private mutating func logical(_ operands: [Expr], _ types: [CELType]) -> CELType {
    for (operand, type) in zip(operands, types) { require(.bool, type, operand) }
    return .bool
  }

  /// `record["name"]` with a constant name is checked like `record.name`.
  private mutating func objectField(_ operands: [Expr], _ types: [CELType], _ expr: Expr) -> CELType? {
    guard case .object(let object) = types[0] else { return nil }
    guard case .literal(.string(let field)) = operands[1].kind else { return .dyn }
    return fieldType(.object(object), field, expr)
  }

  private mutating func require(_ wanted: CELType, _ found: CELType, _ expr: Expr) {
    guard !unifier.assign(found, to: wanted) else { return }
    let type = unifier.resolve(found, isFinal: true)
    report(.typeMismatch, "this is \(type.word), but \(wanted.word) is needed here", expr)
  }

  // MARK: Lists and maps

  private mutating func list(_ items: [Expr.Item]) -> CELType {
    var element: CELType?
    for item in items {
      let type = item.optional ? unwrapped(item.value) : self.type(of: item.value)
      element = unifier.join(element, type)
    }
    return .list(element ?? unifier.fresh())
  }

  private mutating func map(_ entries: [Expr.Entry]) -> CELType {
    var key: CELType?
    var value: CELType?
    for entry in entries {
      let keyType = type(of: entry.key)
      key = unifier.join(key, keyType)
      let type = entry.optional ? unwrapped(entry.value) : self.type(of: entry.value)
      value = unifier.join(value, type)
    }
    return .map(key ?? unifier.fresh(), value ?? unifier.fresh())
  }

  /// The type inside the optional that `[?x]` and `{?k: x}` need.
  private mutating func unwrapped(_ expr: Expr) -> CELType {
    let type = resolved(expr)
    if let wrapped = type.wrapped { return wrapped }
    if type == .dyn || type == .error { return type }
    report(
      .typeMismatch, "after `?` an optional is needed, and this is \(type.word)", hint: "write optional.of(…)", expr)
    return .error
  }

  // MARK: Macros

  private mutating func bind(_ local: Expr.Local, _ value: Expr, _ body: Expr) -> CELType {
    locals[local.slot] = type(of: value)
    return type(of: body)
  }

  private mutating func optionalMap(
    _ target: Expr, _ local: Expr.Local, _ body: Expr, _ flat: Bool, _ expr: Expr
  ) -> CELType {
    let wrapped = unifier.fresh()
    let targetType = type(of: target)
    require(.optional(wrapped), targetType, target)
    locals[local.slot] = unifier.resolve(wrapped)
    let result = type(of: body)
    guard flat else { return .optional(result) }
    let inner = unifier.fresh()
    require(.optional(inner), result, body)
    return .optional(unifier.resolve(inner))
  }

  private mutating func loop(_ loop: Expr.Loop) -> CELType {
    let rangeType = resolved(loop.range)
    let (first, second) = elements(of: rangeType, loop)
    let pairs = loop.variables.count == 2
    locals[loop.variables[0].slot] = !pairs && rangeType.isList ? second : first
    if pairs { locals[loop.variables[1].slot] = second }
    if let filter = loop.filter {
      let type = self.type(of: filter)
      require(.bool, type, filter)
    }
    let body = type(of: loop.body)
    return result(of: loop, first, second, body)
  }

  /// Index and element of a list, key and value of a map.
  private mutating func elements(of range: CELType, _ loop: Expr.Loop) -> (CELType, CELType) {
    switch range.nonNull {
    case .list(let element): return (.int, element)
    case .map(let key, let value): return (key, value)
    case .object: return (.string, .dyn)
    case .variable:
      _ = unifier.assign(.dyn, to: range)
      return (.dyn, .dyn)
    case .dyn, .error: return (.dyn, .dyn)
    default:
      report(.typeMismatch, "this is \(range.word); only a list or a map has elements to go over", loop.range)
      return (.error, .error)
    }
  }

  private mutating func result(of loop: Expr.Loop, _ first: CELType, _ second: CELType, _ body: CELType) -> CELType {
    switch loop.result {
    case .all, .exists, .existsOne:
      require(.bool, body, loop.body)
      return .bool
    case .list: return .list(body)
    case .map: return .map(first, body)
    case .mapEntries:
      let (key, value) = (unifier.fresh(), unifier.fresh())
      require(.map(key, value), body, loop.body)
      return unifier.resolve(.map(key, value))
    case .sorted: return .list(locals[loop.variables[0].slot] ?? .dyn)
    case .grouped: return .map(body, .list(locals[loop.variables[0].slot] ?? .dyn))
    }
  }

  private mutating func coalesce(_ arguments: [Expr]) -> CELType {
    var types: [CELType] = []
    for argument in arguments {
      let type = resolved(argument)
      if type != .null { types.append(type) }
    }
    // One that is always there ends the search.
    let isThere = types.contains { $0.wrapped == nil && $0.nonNull == $0 && $0 != .dyn }
    var result: CELType?
    for type in types {
      let value = type.wrapped ?? type
      result = unifier.join(result, isThere ? value.nonNull : value)
    }
    return result ?? .null
  }

  private mutating func either(_ a: Expr, _ b: Expr) -> CELType {
    let (first, second) = (type(of: a), type(of: b))
    return unifier.join(first, second)
  }
}

extension Literal {
  var type: CELType {
    switch self {
    case .null: .null
    case .bool: .bool
    case .int: .int
    case .uint: .uint
    case .double: .double
    case .string: .string
    case .bytes: .bytes
    }
  }
}

extension CELType {
  fileprivate var isList: Bool { if case .list = self { true } else { false } }
}
