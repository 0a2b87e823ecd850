import Records

/// The tables that a name or a pattern means: `shop.products`, `shop.*`, `*`. Without a schema, tables of any are meant.
///
/// A `*` stands for any number of characters. A part with a dot, a quote or a star in its own name is written in double
/// quotes, as in SQL.
package struct TablePattern: Sendable, Equatable {
  private enum Piece: Equatable { case text(String), any }

  /// As it was written.
  package let text: String
  /// From the last part, the table's name, to the first.
  private var parts: [[Piece]] = []

  /// The most parts of a name: schema and table.
  private static let partsMax = 2

  /// nil where the text names no table.
  package init?(_ text: String) {
    self.text = text
    var rest = Substring(text)
    while true {
      guard let part = Self.part(&rest), !part.isEmpty else { return nil }
      parts.insert(part, at: 0)
      if rest.isEmpty { break }
      guard rest.removeFirst() == "." else { return nil }
    }
    guard parts.count <= Self.partsMax else { return nil }
  }

  /// Whether it names one table rather than many.
  package var isName: Bool { parts.allSatisfy { $0.allSatisfy { $0 != .any } } }

  package func matches(_ table: SourceTable) -> Bool {
    guard Self.matches(parts[0][...], table.name[...]) else { return false }
    guard parts.count > 1 else { return true }
    return table.schema.map { Self.matches(parts[1][...], $0[...]) } ?? false
  }

  /// Whether a table that the other may mean matches; where that means many, it may.
  package func mayMatch(_ other: TablePattern) -> Bool {
    guard other.isName else { return true }
    return zip(parts, other.parts).allSatisfy { own, others in Self.matches(own[...], Self.text(others)[...]) }
  }

  private static func text(_ pieces: [Piece]) -> String {
    pieces.reduce(into: "") { text, piece in if case .text(let part) = piece { text += part } }
  }

  private static func part(_ rest: inout Substring) -> [Piece]? {
    if rest.first == "\"" { return quoted(&rest).map { [.text($0)] } }
    let part = rest.prefix { $0 != "." && $0 != "\"" }
    rest = rest[part.endIndex...]
    var pieces: [Piece] = []
    for (index, text) in part.split(separator: "*", omittingEmptySubsequences: false).enumerated() {
      if index > 0, pieces.last != .any { pieces.append(.any) }
      if !text.isEmpty { pieces.append(.text(String(text))) }
    }
    return pieces
  }

  private static func quoted(_ rest: inout Substring) -> String? {
    rest.removeFirst()
    var part = ""
    while let next = rest.popFirst() {
      if next != "\"" {
        part.append(next)
      } else if rest.first == "\"" {
        part.append(rest.removeFirst())
      } else {
        return part.isEmpty ? nil : part
      }
    }
    return nil
  }

  private static func matches(_ pieces: ArraySlice<Piece>, _ text: Substring) -> Bool {
    switch pieces.first {
    case nil: return text.isEmpty
    case .text(let part):
      guard text.utf8.starts(with: part.utf8) else { return false }
      return matches(pieces.dropFirst(), Substring(text.utf8.dropFirst(part.utf8.count)))
    case .any:
      let rest = pieces.dropFirst()
      if rest.isEmpty { return true }
      return text.indices.contains { matches(rest, text[$0...]) }
    }
  }
}

/// A name with places for parts of the source's table: `mirror.{table}`, `{schema}_copy.{table}`.
package struct TableTemplate: Sendable, Equatable {
  package let text: String

  package init(_ text: String) { self.text = text }

  /// What may stand between braces.
  package static let names = ["schema", "table"]

  /// Whether it needs to know the source's table.
  package var hasPlaces: Bool { Self.names.contains { text.contains("{\($0)}") } }

  /// The name for a table; nil where the table does not have what is asked for.
  package func name(for table: SourceTable?) -> String? {
    guard hasPlaces else { return text }
    guard let table, table.schema != nil || !text.contains("{schema}") else { return nil }
    return text.replacing("{schema}", with: table.schema ?? "").replacing("{table}", with: table.name)
  }
}
