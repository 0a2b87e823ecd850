import ConnectorKit
import Records

/// Names in SQL: quoted whenever they are written, so that any name works and none is folded.
enum SQLName {
  static func quoted(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
  }

  static func list(_ names: [String], prefix: String = "") -> String {
    names.map { prefix + quoted($0) }.joined(separator: ", ")
  }
}

/// A text as an SQL literal.
enum SQLText {
  static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

  /// A value that the type of its place reads.
  static func literal(_ value: Value) -> String {
    switch value {
    case .null: "NULL"
    case .string(let text): quoted(text)
    default: quoted(value.json)
    }
  }
}

/// `table` or `schema.table`, as a pipeline file names it: as it stands, upper and lower case kept. A part with a dot
/// or a quote in it is written in double quotes, as in SQL.
struct TableName: Sendable, Equatable, CustomStringConvertible {
  /// nil: found along the server's search path.
  var schema: String?
  var name: String

  init(schema: String?, name: String) {
    self.schema = schema
    self.name = name
  }

  /// nil where the text is no name of a table.
  init?(_ text: String) {
    var parts: [String] = []
    var rest = Substring(text)
    while true {
      guard let part = Self.part(&rest), !part.isEmpty else { return nil }
      parts.append(part)
      if rest.isEmpty { break }
      guard rest.removeFirst() == "." else { return nil }
    }
    guard parts.count <= 2, let last = parts.last else { return nil }
    self.init(schema: parts.count == 2 ? parts[0] : nil, name: last)
  }

  private static func part(_ rest: inout Substring) -> String? {
    guard rest.first == "\"" else {
      let part = rest.prefix { $0 != "." && $0 != "\"" }
      rest = rest[part.endIndex...]
      return String(part)
    }
    rest.removeFirst()
    var part = ""
    while let next = rest.popFirst() {
      if next != "\"" {
        part.append(next)
      } else if rest.first == "\"" {
        part.append(rest.removeFirst())
      } else {
        return part
      }
    }
    return nil
  }

  /// The name with `{schema}` and `{table}` as they are for a table of the source; nil where there is no such table.
  func filled(for table: SourceTable?) -> TableName? {
    guard let name = TableTemplate(name).name(for: table) else { return nil }
    guard let schema else { return TableName(schema: nil, name: name) }
    return TableTemplate(schema).name(for: table).map { TableName(schema: $0, name: name) }
  }

  var sql: String { (schema.map { SQLName.quoted($0) + "." } ?? "") + SQLName.quoted(name) }

  /// As a pipeline file would name it.
  var description: String { ([schema, name] as [String?]).compactMap { $0.map(Self.shown) }.joined(separator: ".") }

  private static func shown(_ part: String) -> String {
    part.contains(".") || part.contains("\"") ? SQLName.quoted(part) : part
  }
}
