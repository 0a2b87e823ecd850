import ConnectorKit
import Records

/// Stores rows in one table: COPY into a stage and one statement to merge them, or COPY into the table itself.
///
/// `@unchecked Sendable`: all calls come from the target's lane, one at a time.
final class PostgresTarget: TransactionalTarget, @unchecked Sendable {
  private let settings: TargetSettings
  private let pipeline: String
  private let lanes: Int
  private let note: @Sendable (String) -> Void

  private var connection: PostgresConnection?
  /// What serves the connection, or served the last one.
  private var backend: Backend?
  private var position: StoredPosition?
  private var layout: RowLayout?
  private var statements: TargetStatements?
  private var hasDeferredConstraints = false
  /// Which stages this connection has.
  private var hasStage = false
  private var hasOrderedStage = false
  /// Whether keys were seen twice in one write, so that the next writes expect it.
  private var repeatsKeys = false
  /// A commit that was sent and not answered: what it stored, and what the write had done.
  private var unanswered: (progress: String, written: Written)?
  /// Whether a transaction is open that holds rows of earlier calls.
  private var isHolding = false

  init(_ settings: TargetSettings, pipeline: String, lanes: Int, note: @escaping @Sendable (String) -> Void) {
    self.settings = settings
    self.pipeline = pipeline
    self.lanes = lanes
    self.note = note
  }

  var storesProgress: Bool { lanes == 1 && settings.positions != nil }

  private var place: String { connection.map { "\(settings.table) at \($0.address)" } ?? "\(settings.table)" }

  // MARK: - Opening

  func open(at mark: Value?) throws(ConnectorError) -> Position? {
    close()
    let connection = try connect()
    guard storesProgress, let table = settings.positions else { return nil }
    var position = StoredPosition(table: table, pipeline: pipeline)
    do throws(PostgresError) {
      try position.open(mark, connection)
    } catch {
      var refused = error.connectorError("\(table) at \(connection.address)")
      if error.state == "42501" {
        refused.hint =
          "Let the role create \(table), create it by hand, or set `positions: none`: a crash may then "
          + "repeat the last rows."
      }
      throw refused
    }
    self.position = position
    return nil
  }

  func storedProgress() throws(ConnectorError) -> Value? {
    try serving { connection throws(PostgresError) in
      let text = try position?.read(connection) ?? nil
      return text.flatMap { try? Value(json: $0) }
    }
  }

  private func connect() throws(ConnectorError) -> PostgresConnection {
    if let connection, !connection.isLost { return connection }
    hasStage = false
    hasOrderedStage = false
    let fresh = try PostgresConnection(settings.url, Patience(timeout: settings.timeout, endsWithTask: true))
    do throws(PostgresError) {
      try backend?.end(over: fresh)
      backend = try Backend(of: fresh)
    } catch {
      throw error.connectorError("\(fresh.address)")
    }
    connection = fresh
    return fresh
  }

  /// Runs statements outside of a write.
  private func serving<Result>(
    _ body: (PostgresConnection) throws(PostgresError) -> Result
  ) throws(ConnectorError) -> Result {
    let connection = try connect()
    do throws(PostgresError) {
      return try body(connection)
    } catch {
      if connection.isLost { self.connection = nil }
      throw error.connectorError(place)
    }
  }

  func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    if let layout { return PostgresEncoder(layout) }
    let schema = try findTable(columns)
    let check = TargetCheck(schema: schema, columns: columns, settings: settings)
    let problems = try serving { connection throws(PostgresError) in try check.problems(connection) }
    if let first = problems.first { throw refusal(first, others: problems.count - 1) }
    if settings.mode == .insert, check.key.isEmpty, lanes > 1 {
      throw ConnectorError(
        "postgres.insert_needs_one_lane", "Rows without a key are inserted in one lane only.", remedy: .stop,
        hint: "Set lanes: 1; after a crash several lanes would insert some rows twice.")
    }
    let layout = check.layout(lanes: lanes)
    self.layout = layout
    hasDeferredConstraints = schema.hasDeferredConstraints
    statements = TargetStatements(
      table: schema.name.sql, layout: layout, upserts: settings.mode == .upsert,
      identities: Set(schema.columns.filter(\.isIdentityAlways).map(\.name)))
    return PostgresEncoder(layout)
  }

  private func findTable(_ columns: Columns) throws(ConnectorError) -> TableSchema {
    let name = settings.table
    if let found = try serving({ connection throws(PostgresError) in try TableSchema.read(name, connection) }) {
      return found
    }
    if settings.creates {
      let statement = try TableMaking.statement(name, columns, columns.key.map { columns.names[$0] })
      let made = try serving { connection throws(PostgresError) in
        try connection.run(statement)
        return try TableSchema.read(name, connection)
      }
      note("Created the table \(name).")
      if let made { return made }
    }
    throw ConnectorError(
      "postgres.undefined_table", "There is no table \(name) at \(connection.map { "\($0.address)" } ?? "the server").",
      remedy: .stop, hint: "Create it, correct its name (upper and lower case count), or set create: true.")
  }

  private func refusal(_ problem: Problem, others: Int) -> ConnectorError {
    let more = others > 0 ? " (and \(others) more; `millrace validate --connect` lists them)" : ""
    return ConnectorError(problem.code, "\(place): \(problem.message)\(more).", remedy: .stop, hint: problem.hint)
  }

  func flush() -> Value? { position?.mark }

  func finish() {}

  func close() {
    connection = nil
    layout = nil
    statements = nil
    position = nil
    unanswered = nil
    isHolding = false
  }
}

// MARK: - Writing

extension PostgresTarget {
  func write(_ payloads: [Payload]) async throws(ConnectorError) -> Written {
    try await write(payloads, progress: nil)
  }

  func write(
    _ payloads: [Payload], progress: @escaping @Sendable (Written) async throws(ConnectorError) -> Value
  ) async throws(ConnectorError) -> Written {
    try await write(payloads, progress: Optional(progress))
  }

  /// Leaves the transaction open, for rows that belong to the same transaction of the source.
  func hold(_ payloads: [Payload]) async throws(ConnectorError) -> Written {
    do throws(ConnectorError) {
      let written = try store(WriteRows(payloads), try holder())
      isHolding = true
      return written
    } catch {
      letGo()
      throw error
    }
  }

  private func write(
    _ payloads: [Payload], progress: (@Sendable (Written) async throws(ConnectorError) -> Value)?
  ) async throws(ConnectorError) -> Written {
    do throws(ConnectorError) {
      let connection = try holder()
      if let done = try answered() { return done }
      let written = try store(WriteRows(payloads), connection)
      if let progress {
        try await keep(progress, written, connection)
      } else {
        try commit(connection)
      }
      isHolding = false
      return written
    } catch {
      letGo()
      throw error
    }
  }

  /// The connection with the open transaction, where there is one: another one would not have it.
  private func holder() throws(ConnectorError) -> PostgresConnection {
    guard isHolding else { return try connect() }
    if let connection, !connection.isLost { return connection }
    throw PostgresError(state: "", message: "the connection with the open transaction is gone").connectorError(place)
  }

  /// What is held goes with its connection, and so do the stages that were made inside of the transaction.
  private func letGo() {
    if isHolding { connection = nil }
    isHolding = false
  }

  /// Whether the commit that was not answered has happened after all.
  private func answered() throws(ConnectorError) -> Written? {
    guard let last = unanswered, let position else { return nil }
    let stored = try serving { connection throws(PostgresError) in try position.read(connection) }
    unanswered = nil
    return stored == last.progress ? last.written : nil
  }

  /// Stores all rows in a transaction that stays open: at first as if every row were good and no key stood twice; where
  /// that fails, once more and with care.
  private func store(_ rows: WriteRows, _ connection: PostgresConnection) throws(ConnectorError) -> Written {
    guard let layout, let statements else {
      throw ConnectorError("postgres.not_open", "The target was written to before it was opened.", remedy: .stop)
    }
    var care = TableWriter.Care()
    care.ordersRows = repeatsKeys
    while true {
      var writer = TableWriter(
        rows: rows, layout: layout, statements: statements, mode: settings.mode, connection: connection, care: care,
        hasUsedStages: isHolding)
      do throws(PostgresError) {
        try prepare(writer.stages, connection)
        try connection.run(begin)
        if try writer.run() {
          if isHolding { try connection.run("RELEASE SAVEPOINT millrace_part") }
          return writer.written
        }
        care.ordersRows = true
      } catch {
        guard let more = care.more(after: error) else { throw lost(error, connection) }
        if error.isRepeatedKey { repeatsKeys = true }
        care = more
      }
      try goBack(connection)
    }
  }

  private var begin: String {
    if isHolding { return "SAVEPOINT millrace_part" }
    return hasDeferredConstraints ? "BEGIN; SET CONSTRAINTS ALL IMMEDIATE" : "BEGIN"
  }

  /// To where the rows of this call began.
  private func goBack(_ connection: PostgresConnection) throws(ConnectorError) {
    guard isHolding else { return try rollBack(connection) }
    do throws(PostgresError) {
      try connection.run("ROLLBACK TO SAVEPOINT millrace_part; RELEASE SAVEPOINT millrace_part")
    } catch {
      throw lost(error, connection)
    }
  }

  private func prepare(_ stages: TableWriter.Stages, _ connection: PostgresConnection) throws(PostgresError) {
    if stages.plain, !hasStage, let statements {
      try connection.run(statements.createStage)
      hasStage = true
    }
    if stages.ordered, !hasOrderedStage, let statements {
      try connection.run(statements.createOrdered)
      hasOrderedStage = true
    }
  }

  private func keep(
    _ progress: @Sendable (Written) async throws(ConnectorError) -> Value, _ written: Written,
    _ connection: PostgresConnection
  ) async throws(ConnectorError) {
    let text: String
    do {
      text = try await progress(written).json
    } catch {
      try? rollBack(connection)
      throw error
    }
    var isKept = true
    do throws(PostgresError) {
      if let position { isKept = try position.write(text, connection) }
    } catch {
      throw lost(error, connection)
    }
    guard isKept || position == nil else {
      try rollBack(connection)
      throw position?.takenOver ?? ConnectorError("postgres.position_taken", "The position is gone.", remedy: .stop)
    }
    unanswered = (text, written)
    try commit(connection)
    unanswered = nil
  }

  private func commit(_ connection: PostgresConnection) throws(ConnectorError) {
    do throws(PostgresError) {
      try connection.run("COMMIT")
    } catch {
      throw lost(error, connection)
    }
  }

  private func rollBack(_ connection: PostgresConnection) throws(ConnectorError) {
    do throws(PostgresError) {
      try connection.run("ROLLBACK")
    } catch {
      throw lost(error, connection)
    }
  }

  /// Leaves the transaction, or the connection where it is gone.
  private func lost(_ error: PostgresError, _ connection: PostgresConnection) -> ConnectorError {
    let said = error.connectorError(place)
    if connection.isLost || (try? connection.run("ROLLBACK")) == nil { self.connection = nil }
    return said
  }
}
