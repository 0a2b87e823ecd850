import Records

/// An expression of a form so common that a cell is taken through it step by step, without an evaluation.
///
/// The steps decide for the rows that are as one expects them. What is of another type, is missing where it may not be,
/// or has a spelling of its own is left to the evaluation, which also words what is wrong: a form never has to know how
/// an expression fails, and gives exactly what the evaluation gives where it gives anything.
indirect enum CommonForm: Sendable {
  case path(Path)
  case optional(OptionalPath)
  case constant(Value)
  case test(Test)
  case conditional(Test, CommonForm, CommonForm)
  /// `a == 'b' ? c : a == 'd' ? e : f` with constant results.
  case choice(Path, [FieldMapping.Pair], otherwise: Value)
  /// The first that is there and not null.
  case first([CommonForm])
  /// `a.?b.orValue(c)`
  case orElse(OptionalPath, CommonForm)
  case changed(Change, CommonForm)
  /// `{'a': 'b'}[c]`, and the value for what is no key.
  case lookup([FieldMapping.Pair], CommonForm, otherwise: CommonForm?)

  enum Change: BitwiseCopyable, Sendable { case trim, lower, upper, int, decimal, string }

  /// A path of fields that may be missing.
  struct OptionalPath: Sendable {
    var path: Path
    /// What must be an object for the path to be merely missing; nil where nothing needs to be.
    var holder: Path?
  }

  indirect enum Test: Sendable {
    case comparison(Filter)
    case isPresent(Path, holder: Path)
    /// `a in ['b', 'c']`
    case isAmong([String], CommonForm)
    case both(Test, Test)
    case either(Test, Test)
    case not(Test)
    /// A value that is a bool.
    case value(CommonForm)
  }
}

extension CommonForm {
  /// nil where the expression has another form, or a step more than a form is good for.
  init?(_ expr: Expr) {
    if let path = Path(expr) {
      self = .path(path)
    } else if let value = Value(constant: expr) {
      self = .constant(value)
    } else if let form = Self.composed(expr) ?? Test(operator: expr).map({ .test($0) }) {
      self = form
    } else {
      return nil
    }
  }

  /// Whether the steps do more than copying one value, which a plain evaluation of a path does as well.
  private static func composed(_ expr: Expr) -> CommonForm? {
    switch expr.kind {
    case .select: return OptionalPath(expr, inCoalesce: false).map { .optional($0) }
    case .call("_?_:_", let parts) where parts.count == 3:
      guard let test = Test(parts[0]), let yes = CommonForm(parts[1]), let no = CommonForm(parts[2]) else { return nil }
      return choice(test, yes, no) ?? .conditional(test, yes, no)
    case .call(let name, let arguments) where arguments.count == 1:
      return change(conversions[name], arguments[0])
    case .method(let target, "orValue", let arguments) where arguments.count == 1:
      return orElse(target, arguments[0])
    case .method(let target, let name, let arguments) where arguments.isEmpty:
      return change(methods[name], target)
    case .index(let map, let key, optional: false): return lookup(map, key, otherwise: nil)
    case .coalesce(let arguments): return first(arguments)
    default: return nil
    }
  }

  private static let conversions: [String: Change] = ["int": .int, "decimal": .decimal, "string": .string]
  private static let methods: [String: Change] = ["trim": .trim, "lowerAscii": .lower, "upperAscii": .upper]

  private static func change(_ change: Change?, _ operand: Expr) -> CommonForm? {
    guard let change, let form = CommonForm(operand) else { return nil }
    return .changed(change, form)
  }

  private static func orElse(_ target: Expr, _ other: Expr) -> CommonForm? {
    guard let otherwise = CommonForm(other) else { return nil }
    if case .index(let map, let key, optional: true) = target.kind { return lookup(map, key, otherwise: otherwise) }
    return OptionalPath(target, inCoalesce: false).map { .orElse($0, otherwise) }
  }

  /// What several tests of one path for texts choose among constants; nil for any other conditional.
  private static func choice(_ test: Test, _ yes: CommonForm, _ no: CommonForm) -> CommonForm? {
    guard case .comparison(let filter) = test, filter.comparison == .equal, case .string(let text) = filter.literal,
      case .constant(let value) = yes
    else { return nil }
    let pair = FieldMapping.Pair(.string(text), value)
    switch no {
    case .constant(let otherwise): return .choice(filter.path, [pair], otherwise: otherwise)
    case .choice(filter.path, let others, let otherwise):
      // A text that is tested twice is chosen by the first test.
      return .choice(filter.path, [pair] + others.filter { $0.from != pair.from }, otherwise: otherwise)
    default: return nil
    }
  }

  private static func first(_ arguments: [Expr]) -> CommonForm? {
    var forms: [CommonForm] = []
    for argument in arguments {
      let optional = OptionalPath(argument, inCoalesce: true).map { CommonForm.optional($0) }
      guard let form = optional ?? CommonForm(argument) else { return nil }
      forms.append(form)
    }
    return .first(forms)
  }

  private static func lookup(_ map: Expr, _ key: Expr, otherwise: CommonForm?) -> CommonForm? {
    guard case .map(let entries) = map.kind, let key = CommonForm(key) else { return nil }
    var pairs: [FieldMapping.Pair] = []
    for entry in entries {
      guard !entry.optional, case .literal(.string(let name)) = entry.key.kind, let value = Value(constant: entry.value)
      else { return nil }
      // A key that is there twice fails, and the evaluation says so.
      guard !pairs.contains(where: { $0.from == .string(name) }) else { return nil }
      pairs.append(FieldMapping.Pair(.string(name), value))
    }
    return .lookup(pairs, key, otherwise: otherwise)
  }
}

extension CommonForm.OptionalPath {
  /// - Parameter inCoalesce: whether plain fields may be missing too, and whatever holds them.
  fileprivate init?(_ expr: Expr, inCoalesce: Bool) {
    guard case .select(let operand, let field, let selection) = expr.kind else { return nil }
    if inCoalesce {
      guard let path = Self.chain(expr) else { return nil }
      self.init(path: path, holder: nil)
    } else {
      guard case .optional = selection, let holder = Path(fields: operand) else { return nil }
      self.init(path: Path(holder.root, holder.steps + [.member(field)]), holder: holder)
    }
  }

  /// `a.b.?c` as one path of fields.
  private static func chain(_ expr: Expr) -> Path? {
    switch expr.kind {
    case .identifier(let name): return Path.Root(rawValue: name).map { Path($0) }
    case .select(let operand, let field, .value), .select(let operand, let field, .optional):
      guard let holder = chain(operand) else { return nil }
      return Path(holder.root, holder.steps + [.member(field)])
    default: return nil
    }
  }
}

extension Path {
  /// A path that is written with points only.
  fileprivate init?(fields expr: Expr) {
    switch expr.kind {
    case .identifier, .select(_, _, .value): self.init(expr)
    default: return nil
    }
  }
}

extension CommonForm.Test {
  /// The test that an expression is; one that is a value is asked whether it is true.
  init?(_ expr: Expr) {
    if let test = Self(operator: expr) {
      self = test
    } else if let form = CommonForm(expr) {
      self = .value(form)
    } else {
      return nil
    }
  }

  fileprivate init?(operator expr: Expr) {
    if let filter = Filter(expr) {
      self = .comparison(filter)
      return
    }
    switch expr.kind {
    case .select(let operand, let field, .presence):
      guard let holder = Path(fields: operand) else { return nil }
      self = .isPresent(Path(holder.root, holder.steps + [.member(field)]), holder: holder)
    case .call("!_", let operands) where operands.count == 1:
      guard let test = Self(operands[0]) else { return nil }
      self = .not(test)
    case .call("_&&_", let operands):
      guard let test = Self.joined(operands, Self.both) else { return nil }
      self = test
    case .call("_||_", let operands):
      guard let test = Self.joined(operands, Self.either) else { return nil }
      self = test
    case .call("@in", let sides) where sides.count == 2:
      guard let among = Self.among(sides[0], sides[1]) else { return nil }
      self = among
    default: return nil
    }
  }

  private static func joined(_ operands: [Expr], _ join: (Self, Self) -> Self) -> Self? {
    let tests = operands.compactMap { Self($0) }
    guard tests.count == operands.count, let last = tests.last else { return nil }
    return tests.dropLast().reversed().reduce(last) { join($1, $0) }
  }

  private static func among(_ value: Expr, _ list: Expr) -> Self? {
    guard case .list(let items) = list.kind, let form = CommonForm(value) else { return nil }
    let texts = items.compactMap { item in
      if case .literal(.string(let text)) = item.value.kind, !item.optional { text } else { nil }
    }
    return texts.count == items.count ? .isAmong(texts, form) : nil
  }
}

extension Value {
  /// A literal as a cell can hold it; nil where the expression is none.
  fileprivate init?(constant expr: Expr) {
    if case .literal(.double(let number)) = expr.kind, number.isFinite {
      self = .number("\(number)")
    } else if let value = Value(literal: expr) {
      self = value
    } else {
      return nil
    }
  }
}
