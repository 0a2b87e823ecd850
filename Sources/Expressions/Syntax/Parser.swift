/// Reads the tokens of an expression into a tree: recursive descent, with the grammar's binary operators by precedence.
struct Parser {
  let source: SourceText
  /// Whether `all`, `map`, `has` and the like are macros rather than calls.
  let expandsMacros: Bool
  private let tokens: [Token]
  private var at = 0
  private var nesting = 0
  private var nextID = 0

  /// Parses a whole expression.
  static func parse(_ source: SourceText, macros: Bool = true) throws(CompileProblem) -> Expr {
    guard source.bytes.count(where: { !isContinuation($0) }) <= ExpressionLimits.sourceLength else {
      throw CompileProblem(.tooLong, "an expression has at most \(ExpressionLimits.sourceLength) characters", at: 0)
    }
    var parser = Parser(source: source, expandsMacros: macros, tokens: try Lexer.tokens(of: source))
    let root = try parser.expression()
    guard parser.current.kind == .end else { throw parser.unexpected("an operator or the end") }
    return root
  }

  private init(source: SourceText, expandsMacros: Bool, tokens: [Token]) {
    self.source = source
    self.expandsMacros = expandsMacros
    self.tokens = tokens
  }

  // MARK: Tokens

  private var current: Token { tokens[at] }
  private var previousEnd: Int { at == 0 ? 0 : tokens[at - 1].range.upperBound }

  private func isAt(_ symbol: Symbol) -> Bool { current.kind == .symbol(symbol) }

  private mutating func skip(_ symbol: Symbol) -> Bool {
    guard isAt(symbol) else { return false }
    at += 1
    return true
  }

  private mutating func expect(_ symbol: Symbol, _ why: String) throws(CompileProblem) {
    guard skip(symbol) else { throw unexpected("`\(symbol.rawValue)` \(why)") }
  }

  private func unexpected(_ wanted: String) -> CompileProblem {
    if current.kind == .end {
      return CompileProblem(
        .syntax, "the expression ends where \(wanted) should follow", at: current.range.lowerBound)
    }
    let found = source.text(in: current.range)
    return CompileProblem(
      .syntax, "found `\(found)` where \(wanted) should stand", hint: mend(found), at: current.range.lowerBound)
  }

  /// What to write for a word of other languages.
  private func mend(_ found: String) -> String? {
    if at > 0, tokens[at - 1].kind == .identifier("not") { return "write ! for not" }
    if at > 0, tokens[at - 1].kind == .symbol(.less), found == ">" { return "write != for <>" }
    if isTemplate { return "write the expression itself, without {{ }}" }
    return Self.mends[found]
  }

  private static let mends = [
    "and": "write && for and", "or": "write || for or", "is": "write == to compare: record.name == null",
    "like": "write record.name.contains('part'), or record.name.matches('pattern')",
    "then": "write condition ? this : that", "else": "write condition ? this : that",
    "if": "write condition ? this : that", "?": "write coalesce(a, b) for a ?? b",
  ]

  /// Whether it is written as templates are: `{{ record.name }}`.
  private var isTemplate: Bool {
    tokens.count > 2 && tokens[0].kind == .symbol(.openBrace) && tokens[1].kind == .symbol(.openBrace)
  }

  // MARK: Nodes

  mutating func node(_ kind: Expr.Kind, at offset: Int, from start: Int? = nil) throws(CompileProblem) -> Expr {
    var made = Expr(
      id: nextID, offset: offset, range: (start ?? offset)..<max(previousEnd, offset), depth: 1, kind: kind)
    made.depth = (made.children.map(\.depth).max() ?? 0) + 1
    guard made.depth <= ExpressionLimits.chain else {
      throw CompileProblem(
        .tooDeep, "an expression is at most \(ExpressionLimits.chain) steps deep",
        hint: "use a list and join or sum it",
        at: offset)
    }
    nextID += 1
    return made
  }

  private mutating func nested<T>(
    _ parse: (inout Parser) throws(CompileProblem) -> T
  ) throws(CompileProblem) -> T {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= ExpressionLimits.nesting else {
      throw CompileProblem(
        .tooDeep, "parentheses, calls, lists and maps nest at most \(ExpressionLimits.nesting) deep",
        at: current.range.lowerBound
      )
    }
    return try parse(&self)
  }

  // MARK: Operators

  private mutating func expression() throws(CompileProblem) -> Expr {
    try nested { parser throws(CompileProblem) in try parser.conditional() }
  }

  private mutating func conditional() throws(CompileProblem) -> Expr {
    let condition = try logical(.or, "_||_")
    let mark = current.range.lowerBound
    guard skip(.question) else { return condition }
    let yes = try logical(.or, "_||_")
    try expect(.colon, "between the two branches of `?`")
    let no = try expression()
    return try node(.call("_?_:_", [condition, yes, no]), at: mark, from: condition.range.lowerBound)
  }

  /// A chain of `||` or `&&`, as one call with all its operands.
  private mutating func logical(_ symbol: Symbol, _ name: String) throws(CompileProblem) -> Expr {
    var operands = [try logicalOperand(of: symbol)]
    let mark = current.range.lowerBound
    while skip(symbol) { operands.append(try logicalOperand(of: symbol)) }
    if operands.count == 1 { return operands[0] }
    return try node(.call(name, operands), at: mark, from: operands[0].range.lowerBound)
  }

  private mutating func logicalOperand(of symbol: Symbol) throws(CompileProblem) -> Expr {
    symbol == .or ? try logical(.and, "_&&_") : try binary(above: 0)
  }

  /// Operators that bind tighter than `precedence`, from left to right.
  private mutating func binary(above precedence: Int) throws(CompileProblem) -> Expr {
    var left = try unary()
    while case .symbol(let symbol) = current.kind, let found = Self.operators[symbol], found.precedence > precedence {
      let mark = current.range.lowerBound
      at += 1
      let right = try binary(above: found.precedence)
      left = try node(.call(found.name, [left, right]), at: mark, from: left.range.lowerBound)
    }
    return left
  }

  private static let operators: [Symbol: (name: String, precedence: Int)] = [
    .less: ("_<_", 1), .lessOrEqual: ("_<=_", 1), .greater: ("_>_", 1), .greaterOrEqual: ("_>=_", 1),
    .equal: ("_==_", 1), .notEqual: ("_!=_", 1), .in: ("@in", 1),
    .plus: ("_+_", 2), .minus: ("_-_", 2),
    .times: ("_*_", 3), .divide: ("_/_", 3), .modulo: ("_%_", 3),
  ]

  private mutating func unary() throws(CompileProblem) -> Expr {
    let mark = current.range.lowerBound
    if isAt(.not) { return try prefix(.not, "!_", at: mark) }
    guard isAt(.minus) else { return try member() }
    if let number = try negativeLiteral() { return try members(of: number) }
    return try prefix(.minus, "-_", at: mark)
  }

  /// `!!!x`: an even number of signs leaves the operand twice negated, so that its type is still looked at.
  private mutating func prefix(_ symbol: Symbol, _ name: String, at mark: Int) throws(CompileProblem) -> Expr {
    var signs = 0
    while isAt(symbol) {
      at += 1
      signs += 1
    }
    var operand = try member()
    for _ in 0..<(signs % 2 == 0 ? 2 : 1) { operand = try node(.call(name, [operand]), at: mark) }
    return operand
  }

  private mutating func negativeLiteral() throws(CompileProblem) -> Expr? {
    let mark = current.range.lowerBound
    switch tokens[at + 1].kind {
    case .int(let digits):
      at += 2
      return try node(.literal(.int(try integer("-" + digits, at: mark))), at: mark)
    case .double(let digits):
      at += 2
      return try node(.literal(.double(try double("-" + digits, at: mark))), at: mark)
    default:
      return nil
    }
  }

  // MARK: Members

  private mutating func member() throws(CompileProblem) -> Expr {
    let first = try primary()
    return try members(of: first)
  }

  private mutating func members(of first: Expr) throws(CompileProblem) -> Expr {
    var operand = first
    while true {
      let mark = current.range.lowerBound
      if skip(.dot) {
        operand = try selection(of: operand, at: mark)
      } else if skip(.openBracket) {
        let optional = skip(.question)
        let index = try expression()
        try expect(.closeBracket, "after an index")
        operand = try node(.index(operand, index, optional: optional), at: mark, from: first.range.lowerBound)
      } else {
        return operand
      }
    }
  }

  private mutating func selection(of operand: Expr, at mark: Int) throws(CompileProblem) -> Expr {
    let optional = skip(.question)
    let nameAt = current.range.lowerBound
    let start = operand.range.lowerBound
    switch current.kind {
    case .quoted(let name):
      at += 1
      return try node(.select(operand, field: name, optional ? .optional : .value), at: nameAt, from: start)
    case .identifier(let name) where !Self.keywords.contains(name):
      at += 1
      guard !optional, skip(.openParenthesis) else {
        return try node(.select(operand, field: name, optional ? .optional : .value), at: nameAt, from: start)
      }
      let arguments = try self.arguments()
      if let macro = try expand(name, on: operand, arguments, at: nameAt) { return macro }
      return try node(.method(operand, name, arguments), at: nameAt, from: start)
    default:
      throw unexpected("the name of a field or function")
    }
  }

  private mutating func arguments() throws(CompileProblem) -> [Expr] {
    var arguments: [Expr] = []
    if skip(.closeParenthesis) { return arguments }
    repeat { arguments.append(try expression()) } while skip(.comma)
    try expect(.closeParenthesis, "after the arguments")
    return arguments
  }

  // MARK: Primaries

  private mutating func primary() throws(CompileProblem) -> Expr {
    let token = current
    let mark = token.range.lowerBound
    switch token.kind {
    case .identifier(let name):
      return try name == "true" || name == "false" || name == "null" ? word(name) : named(name)
    case .symbol(.dot): return try rooted()
    case .symbol(.openParenthesis):
      at += 1
      var inner = try expression()
      try expect(.closeParenthesis, "to close `(`")
      inner.range = mark..<previousEnd
      return inner
    case .symbol(.openBracket): return try list()
    case .symbol(.openBrace): return try map()
    case .int, .uint, .double, .string, .bytes: return try literal(token)
    default: throw unexpected("a value")
    }
  }

  private mutating func word(_ name: String) throws(CompileProblem) -> Expr {
    at += 1
    return try node(
      .literal(name == "null" ? .null : .bool(name == "true")), at: previousEnd - name.utf8.count)
  }

  private mutating func literal(_ token: Token) throws(CompileProblem) -> Expr {
    at += 1
    let mark = token.range.lowerBound
    switch token.kind {
    case .int(let digits): return try node(.literal(.int(try integer(digits, at: mark))), at: mark)
    case .double(let digits): return try node(.literal(.double(try double(digits, at: mark))), at: mark)
    case .string(let text): return try node(.literal(.string(text)), at: mark)
    case .bytes(let bytes): return try node(.literal(.bytes(bytes)), at: mark)
    case .uint(let digits):
      let (body, radix) = digits.hasPrefix("0x") ? (String(digits.dropFirst(2)), 16) : (digits, 10)
      guard let value = UInt64(body, radix: radix) else {
        throw CompileProblem(.syntax, "\(digits)u is beyond uint, which ends at 18446744073709551615u", at: mark)
      }
      return try node(.literal(.uint(value)), at: mark)
    default: throw unexpected("a value")
    }
  }

  private func integer(_ digits: String, at mark: Int) throws(CompileProblem) -> Int64 {
    let plain = digits.hasPrefix("0x") || digits.hasPrefix("-0x")
    let value = plain ? Int64(digits.replacingFirst("0x", with: ""), radix: 16) : Int64(digits)
    guard let value else {
      throw CompileProblem(
        .syntax, "\(digits) is beyond int, which ends at 9223372036854775807", hint: "write \(digits).0 for a double",
        at: mark)
    }
    return value
  }

  private func double(_ digits: String, at mark: Int) throws(CompileProblem) -> Double {
    guard let value = Double(digits.hasPrefix(".") ? "0" + digits : digits), value.isFinite else {
      throw CompileProblem(.syntax, "\(digits) is beyond double", at: mark)
    }
    return value
  }

  private mutating func rooted() throws(CompileProblem) -> Expr {
    at += 1
    guard case .identifier(let name) = current.kind, !Self.keywords.contains(name) else {
      throw unexpected("a name")
    }
    return try named(name, dot: ".")
  }

  /// A variable, a call of a function, or the name of a message before `{`.
  private mutating func named(_ name: String, dot: String = "") throws(CompileProblem) -> Expr {
    let mark = current.range.lowerBound
    guard !Self.reserved.contains(name) else {
      throw CompileProblem(
        .syntax, "`\(name)` is a reserved word",
        hint: Self.mends[name] ?? "a field of that name is read after a dot", at: mark)
    }
    at += 1
    if skip(.openParenthesis) {
      let arguments = try self.arguments()
      if dot.isEmpty, let macro = try expand(name, on: nil, arguments, at: mark) { return macro }
      return try node(.call(dot + name, arguments), at: mark)
    }
    if let message = try messageName(name) { return try node(.message(message), at: mark) }
    return try node(.identifier(dot + name), at: mark)
  }

  /// Skips `a.b.C{…}`, which builds a protocol-buffer message; there are none, and the resolver says so.
  private mutating func messageName(_ first: String) throws(CompileProblem) -> String? {
    var name = first
    var ahead = at
    while tokens[ahead].kind == .symbol(.dot), case .identifier(let part) = tokens[ahead + 1].kind {
      name += "." + part
      ahead += 2
    }
    guard tokens[ahead].kind == .symbol(.openBrace) else { return nil }
    at = ahead + 1
    while !isAt(.closeBrace) {
      _ = skip(.question)
      switch current.kind {
      case .identifier, .quoted: at += 1
      default: throw unexpected("the name of a field")
      }
      try expect(.colon, "after the name of a field")
      _ = try expression()
      if !skip(.comma) { break }
    }
    try expect(.closeBrace, "to close `{`")
    return name
  }

  private mutating func list() throws(CompileProblem) -> Expr {
    let mark = current.range.lowerBound
    at += 1
    var items: [Expr.Item] = []
    while !isAt(.closeBracket) {
      let optional = skip(.question)
      items.append(Expr.Item(value: try expression(), optional: optional))
      if !skip(.comma) { break }
    }
    try expect(.closeBracket, "to close `[`")
    return try node(.list(items), at: mark)
  }

  private mutating func map() throws(CompileProblem) -> Expr {
    let mark = current.range.lowerBound
    at += 1
    var entries: [Expr.Entry] = []
    while !isAt(.closeBrace) {
      let optional = skip(.question)
      let key = try expression()
      try expect(.colon, "between a key and its value")
      entries.append(Expr.Entry(key: key, value: try expression(), optional: optional))
      if !skip(.comma) { break }
    }
    try expect(.closeBrace, "to close `{`")
    return try node(.map(entries), at: mark)
  }

  private static let keywords: Set = ["true", "false", "null"]
  private static let reserved: Set = [
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while",
  ]
}

extension String {
  /// This text with the first `old` exchanged.
  func replacingFirst(_ old: String, with new: String) -> String {
    let bytes = Array(utf8)
    let wanted = Array(old.utf8)
    guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: wanted) }) else { return self }
    return String(decoding: bytes[..<start] + Array(new.utf8) + bytes[(start + wanted.count)...], as: UTF8.self)
  }
}
