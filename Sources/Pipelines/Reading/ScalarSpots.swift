import ConnectorKit

/// Finds the characters of a scalar's text again in the file: messages about an expression point at the very character,
/// also where YAML folded lines or replaced escapes.
struct ScalarSpots {
  /// Longer scalars have no spots, in characters; a message points at their begin.
  private static let lengthMax = 10_000

  /// nil where the places are plain from the scalar's begin, or cannot be told.
  static func find(
    _ scalar: ConfigScalar, from start: YAMLMark, to end: YAMLMark, in source: SourceText
  ) -> [ConfigScalar.Spot]? {
    let text = Array(scalar.text.unicodeScalars)
    guard text.count <= lengthMax else { return nil }
    switch scalar.style {
    case .literal: return nil
    case .folded:
      var file = Self(source, from: YAMLMark(line: start.line + 1, column: 1), to: end)
      return file.folded(text)
    case .plain:
      if start.line == end.line { return nil }
      var file = Self(source, from: start, to: end)
      return file.folded(text)
    case .quoted:
      if start.line == end.line, end.column - start.column == text.count + 2 { return nil }
      var file = Self(source, from: start, to: end)
      return file.quoted(text)
    }
  }

  /// The characters of the file between two marks, each with its place.
  private var written: [(letter: Unicode.Scalar, spot: ConfigScalar.Spot)] = []
  private var at = 0

  private init(_ source: SourceText, from start: YAMLMark, to end: YAMLMark) {
    for line in start.line...max(start.line, end.line) {
      let letters = Array(source.line(line).unicodeScalars)
      let first = line == start.line ? start.column - 1 : 0
      let last = line == end.line ? min(end.column - 1, letters.count) : letters.count
      for column in first..<max(first, last) {
        written.append((letters[column], ConfigScalar.Spot(line: line, column: column + 1)))
      }
      written.append(("\n", ConfigScalar.Spot(line: line, column: max(first, last) + 1)))
    }
  }

  /// Folding changes white space alone, so the other characters come in the order of the file.
  private mutating func folded(_ text: [Unicode.Scalar]) -> [ConfigScalar.Spot]? {
    var spots: [ConfigScalar.Spot] = []
    for letter in text {
      if Self.isSpace(letter) {
        guard at < written.count else { return spots }
        spots.append(written[at].spot)
        if Self.isSpace(written[at].letter) { at += 1 }
      } else {
        while at < written.count, Self.isSpace(written[at].letter) { at += 1 }
        guard at < written.count, written[at].letter == letter else { return nil }
        spots.append(written[at].spot)
        at += 1
      }
    }
    return spots
  }

  private mutating func quoted(_ text: [Unicode.Scalar]) -> [ConfigScalar.Spot]? {
    guard let quote = written.first?.letter, quote == "'" || quote == "\"" else { return nil }
    at = 1
    var spots: [ConfigScalar.Spot] = []
    for letter in text {
      skipFolds(until: letter, quote)
      guard at < written.count else { return nil }
      spots.append(written[at].spot)
      at += length(quote)
    }
    return spots
  }

  /// Line breaks and what surrounds them stand for one space or for nothing.
  private mutating func skipFolds(until letter: Unicode.Scalar, _ quote: Unicode.Scalar) {
    if Self.isSpace(letter) { return }
    while at < written.count {
      if Self.isSpace(written[at].letter) {
        at += 1
      } else if quote == "\"", written[at].letter == "\\", at + 1 < written.count, written[at + 1].letter == "\n" {
        at += 2
      } else {
        return
      }
    }
  }

  /// How many characters of the file one character of the text is written with.
  private func length(_ quote: Unicode.Scalar) -> Int {
    let letter = written[at].letter
    if quote == "'" { return letter == "'" ? 2 : 1 }
    guard letter == "\\", at + 1 < written.count else { return 1 }
    return ["x": 4, "u": 6, "U": 10][written[at + 1].letter] ?? 2
  }

  private static func isSpace(_ letter: Unicode.Scalar) -> Bool { letter == " " || letter == "\n" || letter == "\t" }
}
