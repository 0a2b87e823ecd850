import ConnectorKit

/// Lines of files that messages point into, with secrets masked.
package struct Excerpts: Sendable {
  private var sources: [String: (text: SourceText, secrets: [Place])] = [:]

  package init() {}

  mutating func add(_ source: SourceText, secrets: [Place]) { sources[source.file] = (source, secrets) }

  /// The line that the place points into, and a line that marks the place; nil where there is no text.
  package func excerpt(_ place: Place) -> (line: String, marker: String)? {
    guard let (text, secrets) = sources[place.file], place.line <= text.lineCount else { return nil }
    let line = Self.printable(text.line(place.line))
    guard !hidesSecret(line, at: place, secrets) else { return nil }
    return Self.marked(line, from: place.column, to: place.endLine == place.line ? place.endColumn : place.column + 1)
  }

  /// A line, and a line that marks its characters from one column, counted from 1, up to another; nil where it is empty
  /// or too long to be shown.
  package static func marked(_ line: String, from column: Int, to end: Int) -> (line: String, marker: String)? {
    let line = printable(line)
    guard !line.isEmpty, line.unicodeScalars.count <= lengthMax else { return nil }
    let before = line.unicodeScalars.prefix(column - 1).count
    let length = max(1, min(end - column, line.unicodeScalars.count - before))
    return (line, String(repeating: " ", count: before) + String(repeating: "^", count: length))
  }

  /// Longer lines are not shown, in characters.
  private static let lengthMax = 400

  /// A line that a secret stands in is not shown at all: not where a setting is known to hold one, and not where a
  /// name or an address says that one is meant.
  private func hidesSecret(_ line: String, at place: Place, _ secrets: [Place]) -> Bool {
    if secrets.contains(where: { $0.line <= place.line && place.line <= $0.endLine }) { return true }
    return SecretLine.isLikely(line)
  }

  /// Control characters would move the marker, or the terminal.
  private static func printable(_ line: String) -> String {
    var shown = String.UnicodeScalarView()
    for letter in line.unicodeScalars {
      shown.append(letter == "\t" ? " " : letter.properties.generalCategory == .control ? "\u{fffd}" : letter)
    }
    return String(shown)
  }
}

/// Guesses whether a line of text holds a secret, for texts whose settings are not known.
enum SecretLine {
  private static let names = [
    "password", "passwd", "secret", "token", "api_key", "apikey", "credential", "private_key", "access_key", "bearer",
  ]

  static func isLikely(_ line: String) -> Bool {
    let text = Array(line.lowercased().utf8)
    return names.contains { contains(text, Array($0.utf8)) } || hasAddressWithPassword(text)
  }

  private static func contains(_ text: [UInt8], _ word: [UInt8]) -> Bool {
    text.indices.contains { text[$0...].starts(with: word) }
  }

  /// `://user:password@host`
  private static func hasAddressWithPassword(_ text: [UInt8]) -> Bool {
    text.indices.contains { start in
      guard text[start...].starts(with: Array("://".utf8)) else { return false }
      let authority = text[(start + 3)...].prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: " ") }
      guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return false }
      return authority[..<at].contains(UInt8(ascii: ":"))
    }
  }
}
