import Records

extension Filter {
  /// Reads the comparison of a path with a literal, in the notation of CEL: `record.kind == "physical"`.
  package init(parsing text: String) throws(ExpressionProblem) {
    var scanner = PathScanner(text)
    let path = try scanner.path()
    let comparison = try Self.comparison(&scanner)
    let start = scanner.offset
    let literal = try Self.literal(&scanner)
    self.init(path, comparison, literal)
    try check(at: start)
  }

  /// In its usual notation; reading it gives the same filter.
  package var text: String { "\(path.text) \(comparison.rawValue) \(Self.text(literal))" }

  private static func text(_ literal: Value) -> String {
    if case .string(let text) = literal { return PathScanner.quote(text) }
    return literal.json
  }

  private static func comparison(_ scanner: inout PathScanner) throws(ExpressionProblem) -> Comparison {
    // The longer ones first: `<=` begins with `<`.
    let all: [Comparison] = [.equal, .notEqual, .lessOrEqual, .greaterOrEqual, .less, .greater]
    for comparison in all where scanner.take(comparison.rawValue) {
      scanner.skipSpace()
      return comparison
    }
    let hint =
      scanner.take("=") ? "write == to compare" : "compare a path with a literal: record.kind == \"physical\""
    throw ExpressionProblem(
      "expression.not_supported", at: scanner.offset, "only a path compared with a literal can stand here", hint: hint)
  }

  private static func literal(_ scanner: inout PathScanner) throws(ExpressionProblem) -> Value {
    let start = scanner.offset
    if let text = try scanner.quoted() {
      scanner.skipSpace()
      guard scanner.isAtEnd else { throw more(scanner) }
      return .string(text)
    }
    var word = scanner.takeRest()
    while word.last?.isWhitespace == true { word.removeLast() }
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default:
      if let number = number(word) { return number }
      throw ExpressionProblem(
        "expression.not_supported", at: start,
        word.isEmpty ? "a literal must follow" : "`\(word)` is not a single literal",
        hint: "compare with a text in quotes, a number, true, false or null; several filters must all hold")
    }
  }

  private static func number(_ word: String) -> Value? {
    guard word.first != "+", Decimal(word) != nil else { return nil }
    if let whole = Int64(word) { return .int(whole) }
    // As JSON writes it, with digits on both sides of the point.
    guard word.first != ".", !word.hasPrefix("-."), !word.contains(".e"), word.last != "." else { return nil }
    return .number(word)
  }

  private static func more(_ scanner: PathScanner) -> ExpressionProblem {
    ExpressionProblem(
      "expression.not_supported", at: scanner.offset, "only one comparison can stand here",
      hint: "write several filters one after the other; an event must pass all of them")
  }

  private func check(at offset: Int) throws(ExpressionProblem) {
    guard comparison != .equal, comparison != .notEqual else { return }
    switch literal {
    case .bool, .null:
      throw ExpressionProblem(
        "expression.type", at: offset, "`\(literal.json)` has no order for `\(comparison.rawValue)`",
        hint: "use == or !=")
    default: break
    }
  }
}
