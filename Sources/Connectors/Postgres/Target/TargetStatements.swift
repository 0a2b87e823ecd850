import Records

/// The SQL of a target: pure text, made of the table's and the pipeline's names.
struct TargetStatements: Sendable {
  let table: String
  let layout: RowLayout
  /// Whether a row whose key is there already is updated.
  let upserts: Bool
  /// Of fields that are columns `GENERATED ALWAYS AS IDENTITY`.
  let identities: Set<String>

  /// Of the stream; each has temporary tables of its own.
  var number = 0

  /// Where rows stand before they are merged; the ordered one also numbers them.
  var stage: String { "pg_temp.millrace_stage\(suffix)" }
  var ordered: String { "pg_temp.millrace_ordered\(suffix)" }
  private var suffix: String { number == 0 ? "" : "_\(number)" }
  /// In the ordered stage: `d` for a delete, and the rows' order.
  private static let operation = "\"_millrace_op\""
  private static let rank = "\"_millrace_n\""

  // MARK: - Stages

  var createStage: String {
    "CREATE TEMP TABLE IF NOT EXISTS millrace_stage\(suffix) ON COMMIT DELETE ROWS AS "
      + "SELECT \(list(all)) FROM \(table) WITH NO DATA"
  }

  var createOrdered: String {
    "CREATE TEMP TABLE IF NOT EXISTS millrace_ordered\(suffix) ON COMMIT DELETE ROWS AS "
      + "SELECT \(list(all)), NULL::\"char\" AS \(Self.operation) FROM \(table) WITH NO DATA; "
      + "ALTER TABLE \(ordered) ADD COLUMN IF NOT EXISTS \(Self.rank) bigserial"
  }

  func copy(_ shape: RowLayout.Shape, into place: String) -> String {
    let columns = layout.fields(of: shape)
    let names = shape.isDelete ? [list(columns), Self.operation].joined(separator: ", ") : list(columns)
    return "COPY \(place) (\(names)) FROM STDIN" + (shape.isBinary ? " WITH (FORMAT binary)" : "")
  }

  // MARK: - Merging

  /// Whole rows out of the plain stage, in which no key stands twice.
  var upsert: String { insert(all, from: stage) + onConflict(all) }

  /// Whole rows and deletes out of the ordered stage. Of several rows with one key the last one counts; with a version
  /// the highest, if there are no deletes among them.
  func merge(hasDeletes: Bool) -> [String] {
    guard hasDeletes else { return [insert(all, from: latest(all, by: versionOrder)) + onConflict(all)] }
    let kept = insert(all, from: last) + onConflict(all)
    switch layout.onDelete {
    case .delete, .ignore: return [delete, kept]
    case .mark(let marks):
      let before = insert(all, from: lastBeforeDelete) + onConflict(all)
      return [before, mark(marks), kept]
    }
  }

  /// Rows that leave fields out: first those that are there, whose other columns stay; then the new ones.
  func mergePartial(_ shape: RowLayout.Shape) -> [String] {
    let columns = layout.fields(of: shape)
    let rows = latest(columns, by: versionOrder)
    let changed = columns.filter { !layout.key.contains($0) && !identities.contains(layout.fields[$0].name) }
    let missing = "\(rows) WHERE NOT EXISTS (SELECT FROM \(table) AS t WHERE \(keysMatch("t", "s")))"
    let new = insert(columns, from: missing) + onConflict(columns)
    // What the source left out cannot be made up: a row that is not there (yet) stays away.
    let isChange = layout.changesOnly(shape)
    if changed.isEmpty { return isChange ? [] : [new] }
    let set = changed.map { "\(name($0)) = s.\(name($0))" }.joined(separator: ", ")
    let guarded = columns.contains { $0 == layout.version } ? newer("t", "s") : ""
    let update = "UPDATE \(table) AS t SET \(set) FROM \(rows) WHERE \(keysMatch("t", "s"))\(guarded)"
    return isChange ? [update] : [update, new]
  }

  // MARK: - Without a stage

  /// One row, its cells as parameters; nil where there is nothing to do.
  func single(_ shape: RowLayout.Shape) -> String? {
    let columns = layout.fields(of: shape)
    let values = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    if shape.set == nil {
      return "INSERT INTO \(table) AS t (\(list(columns)))\(overriding(columns)) VALUES (\(values))"
        + onConflict(columns)
    }
    let changed = columns.indices.filter {
      !layout.key.contains(columns[$0]) && !identities.contains(layout.fields[columns[$0]].name)
    }
    if changed.isEmpty { return nil }
    let set = changed.map { "\(name(columns[$0])) = $\($0 + 1)" }.joined(separator: ", ")
    let key = layout.key.compactMap { field in
      columns.firstIndex(of: field).map { "\(name(field)) = $\($0 + 1)" }
    }
    return "UPDATE \(table) SET \(set) WHERE \(key.joined(separator: " AND "))"
  }

  /// The rows of keys, which are given as an array a column.
  var deleteKeys: String {
    let forms = layout.keyForms ?? []
    let arrays = forms.enumerated().map { "$\($0 + 1)::\($1.elementName)[]" }.joined(separator: ", ")
    let names = forms.indices.map { "k\($0)" }.joined(separator: ", ")
    let match = layout.key.enumerated().map { index, field in
      let type = layout.fields[field].keyType.map { "::\($0)" } ?? ""
      return "t.\(name(field)) = s.k\(index)\(type)"
    }
    return "DELETE FROM \(table) AS t USING unnest(\(arrays)) AS s (\(names)) WHERE \(match.joined(separator: " AND "))"
  }

  var truncate: String {
    guard case .mark(let marks) = layout.onDelete else { return "DELETE FROM \(table)" }
    return "UPDATE \(table) AS t SET \(assignments(marks))"
  }

  /// Which rows of the ordered stage come too late, counted from 0: the table, or an earlier row of the stage, has a
  /// higher version. Asked before they are merged.
  var stale: String {
    guard let version = layout.version.map(name) else { return "" }
    return """
      SELECT s.millrace_row FROM
        (SELECT row_number() OVER (ORDER BY \(Self.rank)) - 1 AS millrace_row,
          max(\(version)) OVER (PARTITION BY \(list(layout.key)) ORDER BY \(Self.rank)
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS millrace_before, * FROM \(ordered)) s
        LEFT JOIN \(table) t ON \(keysMatch("t", "s"))
      WHERE t.\(version) > s.\(version) OR s.millrace_before > s.\(version) ORDER BY 1
      """
  }

  // MARK: - Parts

  private var all: [Int] { Array(layout.fields.indices) }
  private func name(_ field: Int) -> String { SQLName.quoted(layout.fields[field].name) }
  private func list(_ fields: [Int], prefix: String = "") -> String {
    fields.map { prefix + name($0) }.joined(separator: ", ")
  }
  private func keysMatch(_ a: String, _ b: String) -> String {
    layout.key.map { "\(a).\(name($0)) = \(b).\(name($0))" }.joined(separator: " AND ")
  }

  private func insert(_ columns: [Int], from rows: String) -> String {
    return "INSERT INTO \(table) AS t (\(list(columns)))\(overriding(columns)) SELECT \(list(columns)) FROM \(rows)"
  }

  private func overriding(_ columns: [Int]) -> String {
    columns.contains { identities.contains(layout.fields[$0].name) } ? " OVERRIDING SYSTEM VALUE" : ""
  }

  private func onConflict(_ columns: [Int]) -> String {
    if !upserts { return "" }
    let changed = columns.filter { !layout.key.contains($0) && !identities.contains(layout.fields[$0].name) }
    let target = " ON CONFLICT (\(list(layout.key)))"
    if changed.isEmpty { return target + " DO NOTHING" }
    let set = changed.map { "\(name($0)) = EXCLUDED.\(name($0))" }.joined(separator: ", ")
    let condition = columns.contains { $0 == layout.version } ? newer("t", "EXCLUDED") : ""
    return target + " DO UPDATE SET \(set)" + condition.replacing(" AND ", with: " WHERE ", maxReplacements: 1)
  }

  /// An older row never takes the place of a newer one; a version that is null keeps nothing out.
  private func newer(_ old: String, _ new: String) -> String {
    layout.version.map { " AND (\(old).\(name($0)) > \(new).\(name($0))) IS NOT TRUE" } ?? ""
  }

  private var versionOrder: String { layout.version.map { "\(name($0)) DESC NULLS LAST, " } ?? "" }

  /// One row a key.
  private func latest(_ columns: [Int], by order: String) -> String {
    let keys = list(layout.key)
    return "(SELECT DISTINCT ON (\(keys)) \(list(columns)) FROM \(ordered) "
      + "ORDER BY \(keys), \(order)\(Self.rank) DESC) s"
  }

  // Each sorts the stage once. Nobody has counted its rows, so that the server would join it with itself row by row.

  /// The last row of each key, where it is no delete.
  private var last: String {
    let key = list(layout.key)
    return "(SELECT \(list(all)) FROM (SELECT DISTINCT ON (\(key)) \(list(all)), \(Self.operation) FROM \(ordered) "
      + "ORDER BY \(key), \(Self.rank) DESC) k WHERE \(Self.operation) IS NULL) s"
  }

  /// The last row that stood before the last delete of each key that ends with one.
  private var lastBeforeDelete: String {
    let key = list(layout.key)
    let last = "first_value(\(Self.operation)) OVER (PARTITION BY \(key) ORDER BY \(Self.rank) DESC)"
    return "(SELECT DISTINCT ON (\(key)) \(list(all)) FROM (SELECT *, \(last) AS \"_millrace_last\" FROM \(ordered)) k "
      + "WHERE \(Self.operation) IS NULL AND \"_millrace_last\" IS NOT NULL ORDER BY \(key), \(Self.rank) DESC) s"
  }

  /// The last delete of each key.
  private var deletes: String {
    let columns = layout.fields(of: .delete)
    return "(SELECT DISTINCT ON (\(list(layout.key))) \(list(columns)) FROM \(ordered) "
      + "WHERE \(Self.operation) = 'd' ORDER BY \(list(layout.key)), \(Self.rank) DESC) s"
  }

  private var delete: String {
    "DELETE FROM \(table) AS t USING \(deletes) WHERE \(keysMatch("t", "s"))\(newer("t", "s"))"
  }

  private func mark(_ marks: [DeletePolicy.Mark]) -> String {
    "UPDATE \(table) AS t SET \(assignments(marks)) FROM \(deletes) WHERE \(keysMatch("t", "s"))\(newer("t", "s"))"
  }

  private func assignments(_ marks: [DeletePolicy.Mark]) -> String {
    marks.map { "\(SQLName.quoted($0.column)) = \(SQLText.literal($0.value))" }.joined(separator: ", ")
  }
}
