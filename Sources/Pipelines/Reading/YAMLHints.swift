import ConnectorKit

extension YAMLSyntaxError {
  /// libyaml's words, with a code, and with what a person probably did.
  func diagnostic(in source: SourceText) -> Diagnostic {
    let guess = guess(in: source)
    let at = guess.usesContext ? contextPlace ?? place : place
    let words = context.map { "\(problem), \($0)" } ?? problem
    return Diagnostic(
      code: guess.code,
      place: byte.map(source.place(ofByte:)) ?? Place(file: source.file, line: at.line, column: at.column),
      message: guess.message ?? "not YAML: \(words)", hint: guess.hint)
  }

  private struct Guess {
    var code = "yaml.syntax"
    var message: String?
    var hint: String?
    /// Whether the place to look at is where libyaml began rather than where it gave up.
    var usesContext = false
  }

  private func guess(in source: SourceText) -> Guess {
    let line = source.line(place.line)
    if problem.hasPrefix("found a tab character")
      || (problem.contains("cannot start any token") && character(in: line) == "\t")
    {
      return Guess(code: "yaml.tab", message: "a tab stands where YAML wants spaces", hint: "indent with spaces")
    }
    if let unquoted = unquotedReference(line) { return unquoted }
    switch problem {
    case "found character that cannot start any token":
      let found = character(in: line).map { "`\($0)`" } ?? "this character"
      return Guess(
        code: "yaml.reserved_character", message: "a value cannot begin with \(found)",
        hint: "put the value in quotes")
    case "mapping values are not allowed in this context":
      return Guess(
        code: "yaml.colon_in_value", message: "a `: ` cannot stand inside a value without quotes",
        hint: "put the whole value in quotes; or the indentation of this line is wrong")
    case "found unexpected end of stream", "found unexpected document indicator":
      return Guess(
        code: "yaml.unclosed_quote", message: "the quote that begins here is never closed", hint: nil, usesContext: true
      )
    case "found unknown escape character":
      return Guess(
        code: "yaml.escape", message: "unknown escape in double quotes",
        hint: "write \\\\ for a backslash, or use single quotes")
    case "control characters are not allowed":
      return Guess(code: "yaml.control_character", message: "a control character stands in the file", hint: "remove it")
    case "did not find expected alphabetic or numeric character" where context == "while scanning an alias":
      return Guess(
        code: "yaml.star", message: "a `*` without quotes begins an alias",
        hint: "write \"*\"; a value that begins with * needs quotes", usesContext: true)
    case "could not find expected ':'":
      return Guess(hint: "a key needs a colon and a space behind it: `key: value`", usesContext: true)
    case "did not find expected key" where endsEarly(line):
      return Guess(
        code: "yaml.value_ended",
        message: "to YAML the value ends before this, with the quote or bracket it began with",
        hint: "put the whole value in quotes of the other kind, or write it behind `>-` on a line of its own")
    case "did not find expected key", "did not find expected '-' indicator":
      return Guess(hint: "check the indentation of this line, and the quotes of the one before")
    case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
      return Guess(hint: "a comma or a closing bracket is missing; values with , : { } [ ] need quotes here")
    default: return Guess()
    }
  }

  /// Whether something follows a quote or bracket that ended the value: `'id-' + record.id`.
  private func endsEarly(_ line: String) -> Bool {
    let before = line.unicodeScalars.prefix(place.column - 1).reversed().drop { $0 == " " }
    return before.first.map { ["'", "\"", "]", "}"].contains($0) } ?? false
  }

  private func character(in line: String) -> Unicode.Scalar? {
    line.unicodeScalars.dropFirst(place.column - 1).first
  }

  /// `{url: ${NAME}}`: inside braces the reference's own braces are YAML's.
  private func unquotedReference(_ line: String) -> Guess? {
    guard problem.hasPrefix("did not find expected") else { return nil }
    let pieces = line.split(separator: "$", omittingEmptySubsequences: false)
    let before = pieces.first ?? ""
    guard pieces.dropFirst().contains(where: { $0.hasPrefix("{") }), before.contains("{"), let last = before.last,
      last != "\"", last != "'"
    else { return nil }
    return Guess(
      code: "yaml.unquoted_reference", message: "a reference such as `${NAME}` inside braces needs quotes",
      hint: "write \"${NAME}\"")
  }
}

extension SourceText {
  /// How far the lines of a block scalar are indented whose header stands in that line.
  func indent(after line: Int) -> Int {
    var number = line + 1
    while number <= lineCount {
      let text = self.line(number)
      let spaces = text.prefix { $0 == " " }.count
      if spaces < text.count { return spaces }
      number += 1
    }
    return 0
  }

  /// The column of a `#` that ended a plain value although it probably belongs to it: right behind a value that opened
  /// a quote or a bracket and did not close it, or where a value should stand (`colour: #fff`).
  func eatenComment(after end: YAMLMark, text: String) -> Int? {
    let rest = line(end.line).unicodeScalars.dropFirst(end.column - 1)
    let gap = rest.prefix { $0 == " " || $0 == "\t" }.count
    let comment = rest.dropFirst(gap)
    guard gap > 0, comment.first == "#" else { return nil }
    let isTight = comment.dropFirst().first.map { $0 != " " && $0 != "#" && $0 != "!" } ?? false
    return text.isEmpty ? (isTight ? end.column + gap : nil) : (isUnfinished(text) ? end.column + gap : nil)
  }

  private func isUnfinished(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    func count(_ letter: Unicode.Scalar) -> Int { bytes.count { $0 == UInt8(ascii: letter) } }
    return count("\"") % 2 == 1 || count("(") > count(")") || count("[") > count("]")
  }
}
