import ConnectorKit
import Records

/// Compares what a pipeline writes with the table that is there.
struct TargetCheck {
  let schema: TableSchema
  let columns: Columns
  let settings: TargetSettings

  /// The key's columns: the pipeline's, or the table's own where it names none.
  var key: [String] {
    if !columns.key.isEmpty { return columns.key.map { columns.names[$0] } }
    if let named = settings.key { return named }
    return settings.mode == .upsert ? schema.primaryKey : []
  }

  /// The mapping's columns, then the table's others where all is passed on.
  var names: [String] {
    guard let rest = columns.rest else { return columns.names }
    let others = schema.columns.filter { !$0.isGenerated }.map(\.name)
    return columns.names
      + others.filter { name in
        !columns.names.contains { $0.utf8.elementsEqual(name.utf8) }
          && !rest.excluded.contains { $0.utf8.elementsEqual(name.utf8) }
      }
  }

  /// All that keeps rows from being stored.
  func problems(_ connection: PostgresConnection) throws(PostgresError) -> [Problem] {
    let found = missing + keyProblems + unfilled + generated
    return found.isEmpty ? try privileges(connection) : found
  }

  private var missing: [Problem] {
    let used = names + (settings.version.map { [$0] } ?? []) + marks.map(\.column)
    return Set(used.filter { schema.column($0) == nil }).sorted().map { name in
      Problem(
        "table", code: "postgres.undefined_column", "\(schema.name) has no column `\(name)`",
        hint: Suggestion.hint(for: name, among: schema.columns.map(\.name), noun: "its columns are"))
    }
  }

  private var marks: [DeletePolicy.Mark] {
    if case .mark(let marks) = settings.onDelete { marks } else { [] }
  }

  private var keyProblems: [Problem] {
    let key = key
    let unmapped = key.filter { !names.contains($0) }
    if !unmapped.isEmpty {
      return [
        Problem("key", code: "postgres.key_not_mapped", "the mappings make no field for the key \(shown(unmapped))")
      ]
    }
    guard settings.mode == .upsert else { return [] }
    if key.isEmpty {
      return [
        Problem(
          "key", code: "postgres.key_missing", "an upsert needs a key, and \(schema.name) has no primary key",
          hint: "name the key: key: [id], or set mode: insert")
      ]
    }
    if schema.uniqueKeys.contains(where: { Set($0) == Set(key) }) { return [] }
    return [
      Problem(
        "key", code: "postgres.key_not_unique", "\(schema.name) has no unique index on \(shown(key))",
        hint: "CREATE UNIQUE INDEX ON \(schema.name.sql) (\(SQLName.list(key)))")
    ]
  }

  private var unfilled: [Problem] {
    let names = names
    let open = schema.columns.filter { column in
      column.isNotNull && !column.hasDefault && !column.isGenerated && !names.contains(column.name)
    }
    return open.map { column in
      Problem(
        "table", code: "postgres.column_not_filled",
        "the column `\(column.name)` of \(schema.name) must not be null, and the mappings make no field for it",
        hint: "map it, or give the column a default")
    }
  }

  private var generated: [Problem] {
    columns.names.filter { schema.column($0)?.isGenerated == true }.map { name in
      Problem(
        "table", code: "postgres.generated_column", "the server computes the column `\(name)` of \(schema.name) itself",
        hint: "remove it from the mappings")
    }
  }

  /// Columns that the source's values may not fit, where they arrive as they are.
  func typeProblems(_ table: SourceTable?) -> [Problem] {
    guard let table, table.system == "postgres" else { return [] }
    return names.enumerated().compactMap { index, name in
      let origin = index < columns.names.count ? columns.origins[safe: index] ?? nil : name
      guard let from = table.columns.first(where: { $0.name == origin }), let to = schema.column(name) else {
        return nil
      }
      let place = "\(table.fullName).\(from.name) (\(from.type)) into \(schema.name).\(name) (\(to.type))"
      switch TypeFit(from: from.type, to: to.type) {
      case .fits: return nil
      case .loses(let what):
        return Problem(
          "table", code: "postgres.type_loses", "\(place): \(what)",
          hint: "change the column's type, or map the field to what it holds", severity: .warning)
      case .refuses(let what):
        return Problem(
          "table", code: "postgres.type_refuses", "\(place): \(what)",
          hint: "change the column's type, or map the field to what it takes", severity: .warning)
      }
    }
  }

  /// Columns that the types of what the mappings make may not fit, beyond what is copied as it is.
  func madeProblems(_ table: SourceTable?) -> [Problem] {
    zip(columns.names, columns.made).enumerated().flatMap { index, column -> [Problem] in
      let (name, made) = column
      guard let to = schema.column(name) else { return [] }
      var problems: [Problem] = []
      if made.mayBeNull, to.isNotNull {
        problems.append(
          Problem(
            "table", code: "postgres.null_into_required",
            "the field `\(name)` may be null, and the column of \(schema.name) must not: such records become dead letters",
            hint: "give the field a `default`, or say `required: true` where that is meant", severity: .warning))
      }
      let isCopy = columns.origins[safe: index].flatMap(\.self) != nil
      if !isCopy, let problem = fit(made.type, name, to) { problems.append(problem) }
      return problems
    }
  }

  private func fit(_ type: String?, _ name: String, _ to: TableSchema.Column) -> Problem? {
    guard let type, let fit = TypeFit(made: type, to: to.type) else { return nil }
    let place = "the field `\(name)` (\(type)) into \(schema.name).\(name) (\(to.type))"
    switch fit {
    case .fits: return nil
    case .loses(let what):
      return Problem(
        "table", code: "postgres.type_loses", "\(place): \(what)",
        hint: "let the expression make what the column holds: round it, or cast it with `as`", severity: .warning)
    case .refuses(let what):
      return Problem(
        "table", code: "postgres.type_refuses", "\(place): \(what)",
        hint: "let the expression make what the column takes", severity: .warning)
    }
  }

  private func privileges(_ connection: PostgresConnection) throws(PostgresError) -> [Problem] {
    var wanted = ["INSERT"]
    if settings.mode == .upsert { wanted += ["SELECT", "UPDATE"] }
    if settings.onDelete == .delete, settings.mode == .upsert { wanted.append("DELETE") }
    var missing: [String] = []
    for privilege in wanted {
      let has = try connection.query(
        privilege == "DELETE"
          ? "SELECT has_table_privilege($1, $2)" : "SELECT has_any_column_privilege($1::regclass, $2)",
        [schema.name.sql, privilege])
      if has.text(0, 0) != "t" { missing.append(privilege) }
    }
    if missing.isEmpty { return [] }
    let list = missing.joined(separator: ", ")
    return [
      Problem(
        "url", code: "postgres.insufficient_privilege", "the role may not \(list) on \(schema.name)",
        hint: "GRANT \(list) ON \(schema.name.sql) TO the role of the url")
    ]
  }

  private func shown(_ names: [String]) -> String { "(\(names.joined(separator: ", ")))" }

  /// What the encoders need to know.
  func layout(lanes: Int) -> RowLayout {
    let names = names
    let fields = names.map { name in
      let column = schema.column(name)
      return RowLayout.Field(
        name: name, kind: column?.kind ?? .text, binary: column?.binary,
        mayBeLeftOut: column.map { !$0.isNotNull || $0.hasDefault } ?? true,
        keyType: column.flatMap { $0.isEnum ? $0.type : nil })
    }
    return RowLayout(
      fields: fields, columns: columns, key: key.compactMap { names.firstIndex(of: $0) },
      version: settings.version.flatMap { names.firstIndex(of: $0) }, onDelete: settings.onDelete, lanes: lanes,
      keyForms: keyForms)
  }

  private var keyForms: [BinaryForm]? {
    let columns = key.compactMap { schema.column($0) }
    let forms = columns.compactMap { $0.isBytewise ? $0.binary : nil }
    return forms.isEmpty || forms.count < key.count ? nil : forms
  }
}

extension Array {
  /// nil beyond the end.
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
