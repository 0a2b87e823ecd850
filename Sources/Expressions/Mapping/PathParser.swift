import Records

/// Why a text is no path, or no comparison of a path with a literal.
package struct ExpressionProblem: Error, Sendable, Equatable {
  package var code: String
  /// Where in the text, in characters (code points) from 0.
  package var offset: Int
  package var message: String
  package var hint: String?

  init(_ code: String, at offset: Int, _ message: String, hint: String? = nil) {
    self.code = code
    self.offset = offset
    self.message = message
    self.hint = hint
  }
}

extension Path {
  /// Reads a path in the notation of CEL: `record.brand.name`, `record.tags[0]`, `record["odd key"]`.
  package init(parsing text: String) throws(ExpressionProblem) {
    var scanner = PathScanner(text)
    self = try scanner.path()
    guard scanner.isAtEnd else { throw scanner.notSupported() }
  }

  /// In its usual notation; reading it gives the same path.
  package var text: String {
    steps.reduce(root.rawValue) { text, step in
      switch step {
      case .index(let index): "\(text)[\(index)]"
      case .member(let name) where PathScanner.isIdentifier(name): "\(text).\(name)"
      case .member(let name): "\(text)[\(PathScanner.quote(name))]"
      }
    }
  }
}

/// Reads the small part of CEL that paths and comparisons with a literal are made of.
struct PathScanner {
  private let text: [Unicode.Scalar]
  private var at = 0

  init(_ text: String) {
    self.text = Array(text.unicodeScalars)
    skipSpace()
  }

  var isAtEnd: Bool { at == text.count }
  var offset: Int { at }
  private var next: Unicode.Scalar? { at < text.count ? text[at] : nil }

  mutating func path() throws(ExpressionProblem) -> Path {
    let root = try self.root()
    var path = Path(root)
    while let step = try step() { path.steps.append(step) }
    skipSpace()
    try check(path)
    return path
  }

  private mutating func root() throws(ExpressionProblem) -> Path.Root {
    let start = at
    guard let name = identifier() else {
      throw isAtEnd
        ? ExpressionProblem("expression.syntax", at: at, "the expression is empty", hint: "name a field: record.id")
        : notSupported()
    }
    if next == "(" { throw notSupported() }
    guard let root = Path.Root(rawValue: name) else {
      let names = Path.Root.allCases.map(\.rawValue)
      let hint = "for a field of the record write record.\(name)"
      let nearest = next == "." || next == "[" ? Suggestion.nearest(to: name, among: names) : nil
      throw ExpressionProblem(
        "expression.unknown_name", at: start,
        "`\(name)` is not a part of an event (\(names.map { "`\($0)`" }.joined(separator: ", ")))",
        hint: nearest.map { "did you mean `\($0)`?" } ?? hint)
    }
    return root
  }

  private mutating func step() throws(ExpressionProblem) -> Path.Step? {
    switch next {
    case ".":
      at += 1
      let start = at
      guard let name = identifier() else {
        if next == "?" { throw notSupported() }
        throw ExpressionProblem(
          "expression.syntax", at: start, "a name must follow the point",
          hint: "write odd names as record[\"odd name\"]")
      }
      if next == "(" { throw notSupported() }
      return .member(name)
    case "[":
      at += 1
      skipSpace()
      let step = try subscriptValue()
      skipSpace()
      guard next == "]" else { throw notSupported("`]` is missing") }
      at += 1
      return step
    default: return nil
    }
  }

  private mutating func subscriptValue() throws(ExpressionProblem) -> Path.Step {
    let start = at
    if let name = try quoted() { return .member(name) }
    let digits = takeDigits()
    guard !digits.isEmpty else { throw notSupported("neither a position nor a name in quotes") }
    guard let index = Int(digits), index <= Int32.max else {
      throw ExpressionProblem("expression.syntax", at: start, "the position `\(digits)` is too large")
    }
    return .index(index)
  }

  /// The members of an event's parts that are no records.
  private static let metaNames = [
    "event_id", "type", "source", "table", "time", "ingested_at", "position", "schema_version", "headers",
    "traceparent",
  ]

  private func check(_ path: Path) throws(ExpressionProblem) {
    if path.root == .op, !path.steps.isEmpty {
      throw ExpressionProblem("expression.unknown_name", at: 0, "`op` is a text and has no members", hint: "write op")
    }
    guard path.root == .meta, let first = path.steps.first else { return }
    if case .member(let name) = first, Self.metaNames.contains(name) { return }
    let name = if case .member(let name) = first { name } else { "" }
    throw ExpressionProblem(
      "expression.unknown_name", at: 0, "`\(path.text)` is not a part of an event",
      hint: Suggestion.hint(for: name, among: Self.metaNames, noun: "meta has"))
  }

  /// What stands here belongs to a larger language.
  func notSupported(_ reason: String? = nil) -> ExpressionProblem {
    let found = next.map { "`\($0)`" } ?? "the end"
    return ExpressionProblem(
      "expression.not_supported", at: at,
      "only a path can stand here" + (reason.map { ": \($0)" } ?? "; \(found) is not part of one"),
      hint: "name a field: record.id, record.tags[0], record[\"odd name\"]")
  }
}

extension PathScanner {
  private mutating func identifier() -> String? {
    let start = at
    while let letter = next, Self.isWord(letter), at > start || !Self.isDigit(letter) { at += 1 }
    return at > start ? string(start..<at) : nil
  }

  /// A string literal in single or double quotes, if one begins here.
  mutating func quoted() throws(ExpressionProblem) -> String? {
    guard let quote = next, quote == "\"" || quote == "'" else { return nil }
    let start = at
    at += 1
    var content = String.UnicodeScalarView()
    while let letter = next {
      at += 1
      if letter == quote { return String(content) }
      content.append(letter == "\\" ? try escape() : letter)
    }
    throw ExpressionProblem("expression.syntax", at: start, "the text has no closing \(quote)")
  }

  private mutating func escape() throws(ExpressionProblem) -> Unicode.Scalar {
    let start = at - 1
    let letter = next
    at += 1
    switch letter {
    case "\\", "\"", "'", "`", "?": return letter ?? "\\"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u": if let scalar = hexadecimal(4) { return scalar }
    case "U": if let scalar = hexadecimal(8) { return scalar }
    default: break
    }
    throw ExpressionProblem("expression.syntax", at: start, "unknown escape", hint: "write \\\\ for a backslash")
  }

  private mutating func hexadecimal(_ count: Int) -> Unicode.Scalar? {
    guard at + count <= text.count, text[at..<at + count].allSatisfy({ $0.properties.isASCIIHexDigit }),
      let number = UInt32(string(at..<at + count), radix: 16)
    else { return nil }
    at += count
    return Unicode.Scalar(number)
  }

  mutating func takeDigits() -> String {
    let start = at
    while let letter = next, Self.isDigit(letter) { at += 1 }
    return string(start..<at)
  }

  mutating func skipSpace() {
    while let letter = next, letter == " " || letter == "\n" || letter == "\t" || letter == "\r" { at += 1 }
  }

  /// Goes past `word`, if it stands here.
  mutating func take(_ word: String) -> Bool {
    let letters = Array(word.unicodeScalars)
    guard text[at...].starts(with: letters) else { return false }
    at += letters.count
    return true
  }

  /// The rest of the text, to its end.
  mutating func takeRest() -> String {
    defer { at = text.count }
    return string(at..<text.count)
  }

  private func string(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: text[range])
    return String(view)
  }

  private static func isDigit(_ letter: Unicode.Scalar) -> Bool { ("0"..."9").contains(letter) }

  private static func isWord(_ letter: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(letter) || ("A"..."Z").contains(letter) || isDigit(letter) || letter == "_"
  }

  static func isIdentifier(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, !isDigit(first) else { return false }
    return name.unicodeScalars.allSatisfy(isWord)
  }

  /// As a string literal in double quotes.
  static func quote(_ text: String) -> String {
    var out = "\""
    for letter in text.unicodeScalars {
      switch letter {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      default: out.unicodeScalars.append(letter)
      }
    }
    return out + "\""
  }
}
