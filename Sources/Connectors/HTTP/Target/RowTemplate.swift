import ConnectorKit
import Records

/// What a `{name}` in a template stands for.
enum RowField: Sendable, Equatable {
  /// A column of the mapping.
  case column(Int)
  /// A member of the record that the mapping passes on.
  case member(String)
  /// All fields, as an object.
  case row
  /// All rows of the request, as an array of what each is.
  case rows
  /// `create`, `update`, `delete` or `read`.
  case operation
  case eventID, idempotencyKey

  /// A field of that name comes before the words that mean something else.
  init?(_ name: String, _ columns: Columns) {
    if let column = columns.names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) {
      self = .column(column)
      return
    }
    switch name {
    case "row": self = .row
    case "rows": self = .rows
    case "op": self = .operation
    case "event_id": self = .eventID
    case "idempotency_key": self = .idempotencyKey
    default:
      guard let rest = columns.rest, !rest.excluded.contains(name) else { return nil }
      self = .member(name)
    }
  }

  static let words = ["row", "rows", "op", "event_id", "idempotency_key"]
}

/// A text with `{name}` in it: an address, a header's value. `{{` and `}}` are the braces themselves.
struct RowTemplate: Sendable, Equatable {
  enum Part: Sendable, Equatable {
    case text(String)
    case field(name: String)
  }

  let parts: [Part]

  /// nil where a brace stands alone.
  init?(_ text: String) {
    var parts: [Part] = []
    var literal = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "{" where rest.first == "{", "}" where rest.first == "}":
        rest.removeFirst()
        literal.append(character)
      case "{":
        guard let end = rest.firstIndex(of: "}"), end > rest.startIndex, !rest[..<end].contains("{") else { return nil }
        if !literal.isEmpty { parts.append(.text(literal)) }
        literal = ""
        parts.append(.field(name: String(rest[..<end])))
        rest = rest[rest.index(after: end)...]
      case "}": return nil
      default: literal.append(character)
      }
    }
    if !literal.isEmpty { parts.append(.text(literal)) }
    self.parts = parts
  }

  var hasFields: Bool { parts.contains { if case .field = $0 { true } else { false } } }

  /// The text of one without fields.
  var literal: String { parts.map { if case .text(let text) = $0 { text } else { "" } }.joined() }
}

/// A ``RowTemplate`` whose names are found.
struct CompiledTemplate: Sendable {
  enum Part: Sendable {
    case text(String)
    case field(RowField, name: String)
  }
  let parts: [Part]

  init(_ template: RowTemplate, _ columns: Columns, in setting: String) throws(ConnectorError) {
    var parts: [Part] = []
    for part in template.parts {
      switch part {
      case .text(let text): parts.append(.text(text))
      case .field(let name):
        guard let field = RowField(name, columns), field != .row, field != .rows else {
          throw .unknownField(name, columns, in: setting)
        }
        parts.append(.field(field, name: name))
      }
    }
    self.parts = parts
  }
}

extension ConnectorError {
  static func unknownField(_ name: String, _ columns: Columns, in setting: String) -> ConnectorError {
    let known = columns.names + RowField.words
    return ConnectorError(
      "http.unknown_field", "`{\(name)}` in \(setting) is no field of the mappings.", remedy: .stop,
      hint: Suggestion.nearest(to: name, among: known).map { "Did you mean `{\($0)}`?" }
        ?? "Name a field of the mappings; for the text itself write `{{\(name)}}`.")
  }
}
