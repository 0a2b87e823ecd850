/// Makes the steps that run of a resolved expression, and computes what is the same for every record.
struct Compiler {
  let environment: Environment
  private(set) var problems: [CompileProblem] = []
  /// Parts that depend on no record and fail.
  private(set) var warnings: [CompileProblem] = []
  /// The names of the fields that the expression reads.
  private(set) var names: [String] = []
  private(set) var paths: [FieldPath] = []
  /// The variables of the environment that it reads.
  private(set) var variables: Set<Int> = []
  /// For computing constants.
  private let scratch = Frame(variables: 0, locals: 0)

  /// What messages show of the expression.
  private let source: SourceText

  init(environment: Environment, source: SourceText) {
    self.environment = environment
    self.source = source
  }

  mutating func compile(_ expr: Expr) -> Code {
    let code = make(expr)
    return isFoldable(expr) ? fold(code) : code
  }

  private mutating func make(_ expr: Expr) -> Code {
    let at = expr.offset
    switch expr.kind {
    case .literal(let literal): return ConstantCode(CELValue(literal), at)
    case .type(let type): return ConstantCode(.type(CELTypeValue(type)), at)
    case .variable(let index):
      variables.insert(index)
      return SlotCode(index, at)
    case .local(let slot): return SlotCode(local(slot), at)
    case .identifier(let name), .unresolved(let name), .message(let name):
      return FailureCode(EvaluationError(.unknownName, "there is no `\(name)` here"), at)
    case .select(let operand, let field, .value):
      return path(expr) ?? MemberCode(compile(operand), self.field(field), at, mend: "\(text(of: operand)).?\(field)")
    case .select(let operand, let field, .optional):
      return ProbeCode(compile(operand), self.field(field), isTest: false, at)
    case .select(let operand, let field, .presence):
      return path(expr) ?? ProbeCode(compile(operand), self.field(field), isTest: true, at)
    case .index(let operand, let index, let optional):
      let mend = "\(text(of: operand))[?\(text(of: index))]"
      return IndexCode(compile(operand), compile(index), optional: optional, at, mend: mend)
    case .call(let name, let arguments): return call(name, arguments, isMethod: false, at)
    case .method(let target, let name, let arguments): return call(name, [target] + arguments, isMethod: true, at)
    case .list(let items): return ListCode(items.map { compile($0.value) }, optional: items.map(\.optional), at)
    case .map(let entries):
      return MapCode(
        entries.map { compile($0.key) }, entries.map { compile($0.value) }, optional: entries.map(\.optional), at)
    case .bind(let name, let value, let body): return BindCode(local(name.slot), compile(value), compile(body), at)
    case .optionalMap(let target, let name, let body, let flat):
      return OptionalMapCode(compile(target), local(name.slot), compile(body), flat: flat, at)
    case .loop(let loop): return self.loop(loop, at)
    case .coalesce(let arguments): return CoalesceCode(arguments.map { optional($0) }, at)
    case .attempt(let value, let otherwise): return AttemptCode(compile(value), compile(otherwise), at)
    }
  }

  private func local(_ slot: Int) -> Int { environment.variables.count + slot }

  // MARK: Fields

  private mutating func field(_ name: String) -> FieldName {
    let index = names.firstIndex { $0.hasSameCodePoints(as: name) } ?? names.count
    if index == names.count { names.append(name) }
    return FieldName(text: name, index: index)
  }

  /// The step for a path from a variable; nil where the expression is none.
  private mutating func path(_ expr: Expr) -> Code? {
    guard let path = FieldPath(expr) else { return nil }
    let index = place(of: path)
    guard case .select(let operand, let field, .presence) = expr.kind else {
      return PathCode(index, members(expr), isTest: false)
    }
    return PathCode(index, ProbeCode(members(operand), self.field(field), isTest: true, expr.offset), isTest: true)
  }

  /// `a.b.c` as `a.?b.?c`, for a macro that passes over what is not there: an error would cost more to make.
  private mutating func optional(_ expr: Expr) -> Code {
    let probes = self.probes(expr)
    guard case .select(_, _, .value) = expr.kind, let path = FieldPath(expr) else { return probes }
    return PathCode(place(of: path), probes, isTest: false)
  }

  private mutating func probes(_ expr: Expr) -> Code {
    guard case .select(let operand, let field, .value) = expr.kind else { return compile(expr) }
    return ProbeCode(probes(operand), self.field(field), isTest: false, expr.offset)
  }

  private mutating func place(of path: FieldPath) -> Int {
    let index = paths.firstIndex(of: path) ?? paths.count
    if index == paths.count { paths.append(path) }
    return index
  }

  /// The fields of a path one by one, without the path's own place.
  private mutating func members(_ expr: Expr) -> Code {
    guard case .select(let operand, let field, .value) = expr.kind else { return compile(expr) }
    return MemberCode(members(operand), self.field(field), expr.offset, mend: "\(text(of: operand)).?\(field)")
  }

  // MARK: Constants

  /// Whether it depends on nothing but constants and is neither a constant already nor a loop.
  private func isFoldable(_ expr: Expr) -> Bool {
    switch expr.kind {
    case .call, .method, .list, .map, .select, .index: expr.children.allSatisfy { isConstant($0) }
    default: false
    }
  }

  private func isConstant(_ expr: Expr) -> Bool {
    switch expr.kind {
    case .literal, .type: true
    default: isFoldable(expr)
    }
  }

  /// The value itself where there is one; what fails is left to fail when it runs.
  private mutating func fold(_ code: Code) -> Code {
    scratch.reset()
    do throws(EvaluationError) {
      return ConstantCode(try code.run(scratch), code.offset)
    } catch {
      let offset = error.offset ?? code.offset
      if !warnings.contains(where: { $0.offset == offset }) {
        warnings.append(
          CompileProblem(.alwaysFails, "this always fails: \(error.message)", hint: error.hint, at: offset))
      }
      return code
    }
  }

  // MARK: Calls

  private mutating func call(_ name: String, _ arguments: [Expr], isMethod: Bool, _ at: Int) -> Code {
    let codes = arguments.map { compile($0) }
    switch (name, codes.count) {
    case ("_&&_", _): return LogicCode(codes, deciding: false, at)
    case ("_||_", _): return LogicCode(codes, deciding: true, at)
    case ("_?_:_", 3): return ConditionalCode(codes[0], codes[1], codes[2], at)
    case ("or", 2) where isMethod: return OrElseCode(codes[0], codes[1], unwraps: false, at)
    case ("orValue", 2) where isMethod: return OrElseCode(codes[0], codes[1], unwraps: true, at)
    default: break
    }
    guard let function = environment.function(named: name) else {
      return FailureCode(EvaluationError(.unknownName, "there is no function `\(name)`"), at)
    }
    let site = CallSite(function: function, isMethod: isMethod, offset: at, texts: arguments.map { text(of: $0) })
    return pattern(codes, site) ?? call(codes, site)
  }

  /// The longest text that is shown whole, in bytes.
  private static let shownMax = 40

  private func text(of expr: Expr) -> String {
    expr.range.count <= Self.shownMax ? source.text(in: expr.range) : "…"
  }

  private func call(_ codes: [Code], _ site: CallSite) -> Code {
    let function = site.function
    let fitting = function.overloads.filter { $0.isMethod == site.isMethod && $0.parameters.count == codes.count }
    let single = fitting.count == 1 ? fitting[0].implementation : nil
    switch (fitting.isEmpty ? nil : function.shared) ?? single {
    case .zero(let body): return ZeroCall(site, body)
    case .one(let body) where codes.count == 1: return OneCall(site, codes[0], body)
    case .two(let body) where codes.count == 2: return TwoCall(site, codes[0], codes[1], body)
    case .three(let body) where codes.count == 3: return ThreeCall(site, codes, body)
    default: return ManyCall(site, codes, fitting)
    }
  }

  /// A pattern that is known already is compiled once, and what is wrong with it is a problem of the expression.
  private mutating func pattern(_ codes: [Code], _ site: CallSite) -> Code? {
    guard let place = RegexFunctions.patternPlace[site.function.name], place < codes.count,
      let constant = codes[place].constant, let text = try? constant.string()
    else { return nil }
    do throws(EvaluationError) {
      let pattern = try Pattern(text)
      return RegexFunctions.code(pattern, codes, site)
    } catch {
      problems.append(CompileProblem(.badPattern, error.message, hint: error.hint, at: codes[place].offset))
      return FailureCode(error, site.offset)
    }
  }

  // MARK: Loops

  private mutating func loop(_ loop: Expr.Loop, _ at: Int) -> Code {
    let range = compile(loop.range)
    let slots = loop.variables.map { local($0.slot) }
    let filter = loop.filter.map { compile($0) }
    let body = compile(loop.body)
    switch loop.result {
    case .all: return QuantifierCode(deciding: false, range, slots: slots, body: body, at)
    case .exists: return QuantifierCode(deciding: true, range, slots: slots, body: body, at)
    case .existsOne: return ExistsOneCode(range, slots: slots, filter: filter, body: body, at)
    case .list: return ListLoopCode(range, slots: slots, filter: filter, body: body, at)
    case .map: return MapLoopCode(makesEntries: false, range, slots: slots, filter: filter, body: body, at)
    case .mapEntries: return MapLoopCode(makesEntries: true, range, slots: slots, filter: filter, body: body, at)
    case .sorted: return SortCode(range, slots: slots, filter: filter, body: body, at)
    case .grouped: return GroupCode(range, slots: slots, filter: filter, body: body, at)
    }
  }
}
