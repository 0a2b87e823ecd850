import ConnectorKit

/// What keeps the changes of tables from being read through a publication.
struct PublicationCheck {
  let name: PublicationName
  let tables: [StreamTable]
  let schemas: [TableSchema]
  /// nil where there is none yet.
  let state: PublicationState?

  /// Tables that it does not have yet.
  var missing: [StreamTable] {
    guard let state else { return tables }
    return tables.filter { state.tables["\($0.name)"] == nil }
  }

  var problems: [Problem] {
    // Before anything else: publishing such a table would break the applications that write to it.
    let unfit = tables.compactMap(\.problem)
    if !unfit.isEmpty { return unfit }
    guard let state else {
      return name.isGiven
        ? [
          problem(
            "postgres.publication_missing", "there is no publication \(name.text)",
            "create it, or leave `publication` out")
        ]
        : []
    }
    return tableProblems(state) + operationProblems(state)
  }

  private func tableProblems(_ state: PublicationState) -> [Problem] {
    let missing = missing
    if !missing.isEmpty, name.isGiven || state.isForAllTables {
      let list = missing.map { "\($0.name)" }.joined(separator: ", ")
      return [
        problem(
          "postgres.table_not_published", "the publication \(name.text) does not have \(list)",
          "ALTER PUBLICATION \(SQLName.quoted(name.text)) ADD TABLE \(missing.map(\.name.sql).joined(separator: ", "))")
      ]
    }
    return zip(tables, schemas).compactMap { columnProblem($0, $1, state) }
      + tables.compactMap { rowProblem($0, state) }
  }

  /// Rows outside of the filter are as good as not there, in what is read at first as in the stream.
  private func rowProblem(_ table: StreamTable, _ state: PublicationState) -> Problem? {
    guard let filter = state.filters["\(table.name)"] else { return nil }
    var problem = problem(
      "postgres.rows_not_published", "the publication \(name.text) has only rows of \(table.name) where \(filter)",
      "a row that leaves the filter comes as a delete, and one that enters it as a new row")
    problem.severity = .warning
    return problem
  }

  /// Columns that are left out are missing in every row.
  private func columnProblem(_ table: StreamTable, _ schema: TableSchema, _ state: PublicationState) -> Problem? {
    guard let published = state.tables["\(table.name)"], !published.isEmpty else { return nil }
    let key = (table.identity ?? []).filter { !published.contains($0) }
    if !key.isEmpty {
      return problem(
        "postgres.identity_not_published",
        "the publication \(name.text) leaves out \(key.joined(separator: ", ")) of \(table.name), which its replica "
          + "identity needs: the server refuses updates and deletes in it",
        "add the column to the publication's list")
    }
    let missing = schema.columns.filter { !$0.isGenerated && !published.contains($0.name) }.map(\.name)
    if missing.isEmpty { return nil }
    var problem = problem(
      "postgres.column_not_published",
      "the publication \(name.text) leaves out \(missing.joined(separator: ", ")) of \(table.name)",
      "events will not have it")
    problem.severity = .warning
    return problem
  }

  private func operationProblems(_ state: PublicationState) -> [Problem] {
    let missing = ["insert", "update", "delete", "truncate"].filter { !state.operations.contains($0) }
    if missing.isEmpty { return [] }
    var problem = problem(
      "postgres.operation_not_published",
      "the publication \(name.text) does not publish \(missing.joined(separator: ", "))",
      "ALTER PUBLICATION \(SQLName.quoted(name.text)) SET (publish = 'insert, update, delete, truncate')")
    problem.severity = .warning
    return [problem]
  }

  private func problem(_ code: String, _ message: String, _ hint: String) -> Problem {
    Problem("publication", code: code, message, hint: hint)
  }
}
