import ConnectorKit
import Records

/// Which rows are read: a condition in SQL for the one table, or one for each of several.
struct RowConditions: Sendable, Equatable {
  private enum Form: Equatable {
    case all
    case one(String)
    case named([Named])
  }

  /// The condition of the tables that a name or a pattern means.
  struct Named: Sendable, Equatable {
    var name: String
    var condition: String
  }

  private let form: Form

  private init(_ form: Form) { self.form = form }

  /// All rows.
  static let none = RowConditions(.all)

  init(_ condition: String?) { form = condition.map { .one($0) } ?? .all }

  init(_ named: [Named]) { form = .named(named) }

  var isEmpty: Bool { form == .all }

  /// The names that conditions are given for; nil where there is one condition without a name.
  var names: [String]? {
    switch form {
    case .all: []
    case .one: nil
    case .named(let named): named.map(\.name)
    }
  }

  /// The condition of a table: that of its name, or else that of the first pattern that means it.
  func condition(for table: SourceTable) -> String? {
    switch form {
    case .all: return nil
    case .one(let condition): return condition
    case .named(let named):
      let meant = named.filter { TablePattern($0.name)?.matches(table) == true }
      return (meant.first { TablePattern($0.name)?.isName == true } ?? meant.first)?.condition
    }
  }

  /// A name that means none of the tables that are read.
  func problem(with tables: [SourceTable]) -> Problem? {
    let unused = (names ?? []).first { name in !tables.contains { TablePattern(name)?.matches($0) == true } }
    return unused.map { name in
      Problem(
        "where", code: "postgres.undefined_table",
        "`where` has a condition for \(name), which is none of the tables that are read",
        hint: Suggestion.hint(for: name, among: tables.map(\.fullName), noun: "they are"))
    }
  }
}

extension RowConditions: SettingValue {
  private static let noun = "a condition, or conditions by the names of tables"

  static var shape: SettingShape {
    .custom(
      noun,
      schema: [
        "oneOf": [
          ["type": "string", "minLength": 1],
          ["type": "object", "minProperties": 1, "additionalProperties": ["type": "string", "minLength": 1]],
        ]
      ])
  }

  static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> RowConditions? {
    guard node.map != nil else { return String.read(node, &loader).map { RowConditions($0) } }
    guard let conditions = SettingMap<String>.read(node, &loader) else { return nil }
    if conditions.entries.isEmpty { return loader.mismatch(node, expected: noun) }
    return RowConditions(conditions.entries.map { Named(name: $0.name, condition: $0.value) })
  }

  var written: Value {
    switch form {
    case .all: .null
    case .one(let condition): .string(condition)
    case .named(let named): .object(named.map { Value.Member($0.name, .string($0.condition)) })
    }
  }
}
