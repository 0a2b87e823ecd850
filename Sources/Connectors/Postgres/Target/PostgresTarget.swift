import ConnectorKit
import Records

/// Stores rows in one table or several: COPY into a stage and one statement to merge them, or COPY into the table itself.
///
/// `@unchecked Sendable`: all calls come from the target's lane, one at a time.
final class PostgresTarget: TransactionalTarget, @unchecked Sendable {
  private let settings: TargetSettings
  private let pipeline: String
  private let lanes: Int
  private let note: @Sendable (String) -> Void
  /// nil where nobody else loads rows of the pipeline beside it.
  private let turn: WriteTurn?
  /// Whether the turn was had already, by a connection that may be gone.
  private var hadTurn = false

  private var connection: PostgresConnection?
  /// What serves the connection, or served the last one.
  private var backend: Backend?
  private var position: StoredPosition?
  /// Whether the connection knows the statement that stores the position behind rows.
  private var isPositionPrepared = false
  /// One a stream.
  private var tables: [TargetTable] = []
  /// Whether no two streams go to one table.
  private var hasTablesApart = false
  /// What the target has committed, as far as is known here.
  private var memory = CommitMemory()
  /// How a commit of this session is durable, as `synchronous_commit` says it; the commits of rows are not at once.
  private var durably = ""
  /// Whether the connection's commits are not durable at once.
  private var commitsAhead = false
  /// Whether a transaction is open that holds rows of earlier calls.
  private var isHolding = false

  init(_ settings: TargetSettings, _ context: Context) {
    self.settings = settings
    pipeline = context.pipeline
    lanes = context.lanes
    note = context.note
    let stores = context.lanes == 1 && settings.positions != nil
    if let pipeline = context.beside {
      turn = .alone(pipeline: pipeline)
    } else {
      turn = stores ? .shared(pipeline: context.pipeline) : nil
    }
  }

  var storesProgress: Bool { lanes == 1 && settings.positions != nil }

  /// - Parameter stream: whose table is meant; nil for all of them.
  private func place(_ stream: Int? = nil) -> String {
    let one = tables.count == 1 ? tables[0] : stream.flatMap { tables.indices.contains($0) ? tables[$0] : nil }
    let name = one.map { "\($0.name)" } ?? (tables.isEmpty ? "\(settings.table)" : "\(tables.count) tables")
    return connection.map { "\(name) at \($0.address)" } ?? name
  }

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
          "Let the role create \(table), or use the one that is there (USAGE on its schema, and SELECT, INSERT and UPDATE "
          + "on it); or set `positions: none`: a crash may then repeat the last rows."
      }
      throw refused
    }
    self.position = position
    return nil
  }

  func storedProgress() throws(ConnectorError) -> Value? {
    guard let position else { return nil }
    let found = try serving { connection throws(PostgresError) in try position.read(connection, durably) }
    if let missing = position.missing(from: found) { throw missing }
    memory = CommitMemory(found: found.progress)
    return found.progress.flatMap { try? Value(json: $0) }
  }

  private func connect() throws(ConnectorError) -> PostgresConnection {
    if let connection, !connection.isLost { return connection }
    for table in tables { table.forgetStages() }
    isPositionPrepared = false
    commitsAhead = false
    let fresh = try PostgresConnection(settings.url, Patience(timeout: settings.timeout, endsWithTask: true))
    do throws(PostgresError) {
      try backend?.end(over: fresh)
      backend = try Backend(of: fresh)
      if storesProgress { durably = try CommitMode.durable(of: fresh) }
    } catch {
      throw error.connectorError("\(fresh.address)")
    }
    if settings.foreignKeys == .off { try fresh.leaveForeignKeys() }
    if let origin = settings.origin { try fresh.store(under: origin) }
    if let statement = turn?.connect { try take(statement, fresh) }
    connection = fresh
    memory.connected()
    return fresh
  }

  /// What was read while an earlier connection had the turn may be older by now than what the target holds: it is read
  /// again in another turn.
  private func take(_ turn: String, _ fresh: PostgresConnection) throws(ConnectorError) {
    if hadTurn {
      hadTurn = false
      throw WriteTurn.lost
    }
    do throws(PostgresError) { try fresh.run(turn) } catch { throw error.connectorError("\(fresh.address)") }
    hadTurn = true
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
      throw error.connectorError(place())
    }
  }

  func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    try makeEncoder([TargetStream(columns)])
  }

  func makeEncoder(_ streams: [TargetStream]) throws(ConnectorError) -> any Encoder {
    if tables.isEmpty {
      let finder = TargetTables(own: settings, lanes: lanes, note: note)
      let connection = try connect()
      var found: [TargetTable] = []
      for (number, stream) in streams.enumerated() {
        found.append(try finder.table(stream, number: number, connection))
      }
      tables = found
      hasTablesApart = Set(found.map { "\($0.name)" }).count == found.count
    }
    return tables.count == 1 ? PostgresEncoder(tables[0].layout) : PostgresStreamsEncoder(tables.map(\.layout))
  }

  /// Waits until what was committed is on the target's disk, and on those of its standbys where the server waits for them.
  func flush() throws(ConnectorError) -> Value? {
    guard position != nil else { return nil }
    if memory.isAhead { _ = try recall() }
    return position?.mark(commits: memory.commits)
  }

  func finish() {}

  func close() {
    connection = nil
    tables = []
    position = nil
    memory = CommitMemory()
    isHolding = false
    // What is read after another opening is read in another turn.
    hadTurn = false
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
      let connection = try holder()
      if memory.isUnsure, let done = try recall() { return done }
      try commitAhead(connection)
      let written = try store(WriteRows(payloads), connection)
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
      if memory.isUnsure, let done = try recall() { return done }
      try commitAhead(connection)
      let rows = WriteRows(payloads)
      if let progress, try await storeAtOnce(rows, progress, connection) { return Written() }
      let written = try store(rows, connection)
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
    throw PostgresError(state: "", message: "the connection with the open transaction is gone").connectorError(place())
  }

  /// What is held goes with its connection, and so do the stages that were made inside of the transaction.
  private func letGo() {
    if isHolding { connection = nil }
    isHolding = false
  }

  /// Looks at what the target has, and makes it durable.
  ///
  /// - Returns: what the commit did that was not answered, where it has happened after all.
  private func recall() throws(ConnectorError) -> Written? {
    guard let position else { return nil }
    let found = try serving { connection throws(PostgresError) in try position.read(connection, durably) }
    guard case .intact(let written) = memory.recalled(found.progress) else {
      throw found == .taken ? position.takenOver : position.lost
    }
    return written
  }

  /// From here on nobody waits for the disk with a commit: what is lost in a crash is lost together with its progress, and
  /// ``flush()`` comes before anybody hears of it (Invariant 1).
  private func commitAhead(_ connection: PostgresConnection) throws(ConnectorError) {
    guard position != nil, !commitsAhead else { return }
    _ = try serving { connection throws(PostgresError) in try connection.run(CommitMode.ahead) }
    commitsAhead = true
  }

  /// Stores few rows, the progress and the commit in one journey to the server, as if every row were good.
  ///
  /// - Returns: false where it takes more than that; nothing is stored then.
  private func storeAtOnce(
    _ rows: WriteRows, _ progress: @Sendable (Written) async throws(ConnectorError) -> Value,
    _ connection: PostgresConnection
  ) async throws(ConnectorError) -> Bool {
    let care = TableWriter.Care()
    guard let position, !tables.isEmpty, !isHolding, rows.count <= SetWriter.singlyMax, takesSets(rows),
      !defersConstraints(care), let last = LastRows.of(rows.payloads, tables.map(\.layout))
    else { return false }
    let text = memory.text(of: try await progress(Written()))
    do throws(PostgresError) {
      if !isPositionPrepared { try position.prepare(connection) }
      isPositionPrepared = true
      let writer = SetWriter(tables: tables, connection: connection, hasUsedStages: false)
      let isStored = try writer.runAtOnce(last, begin: begin(care)) { () throws(PostgresError) in
        memory.sends(text, Written())
        try position.enqueue(text, connection)
        try connection.enqueue("COMMIT")
      }
      if isStored { memory.committed() }
      return isStored
    } catch {
      if connection.isLost { throw lost(error, connection) }
      // What failed stands before the commit, or is the commit.
      memory.failed()
      guard error.isAboutRow || error.isRepeatedKey else { throw lost(error, connection) }
      try rollBack(connection)
      return false
    }
  }

  /// Stores all rows in a transaction that stays open: at first as if every row were good and no key stood twice; where
  /// that fails, once more and with care.
  private func store(_ rows: WriteRows, _ connection: PostgresConnection) throws(ConnectorError) -> Written {
    if tables.isEmpty {
      throw ConnectorError("postgres.not_open", "The target was written to before it was opened.", remedy: .stop)
    }
    var care = TableWriter.Care()
    care.ordersRows = Set(tables.indices.filter { tables[$0].repeatsKeys })
    care.retriesRefused = settings.foreignKeys == .deferred
    var rejections: [Rejection] = []
    if takesSets(rows), try storeSets(rows, connection) { return Written() }
    while true {
      let rows = care.keepsOrder ? rows : rows.grouped { tables[$0].cascades }
      var writer = TableWriter(rows, into: tables, connection, care, hasUsedStages: isHolding)
      do throws(PostgresError) {
        for (stream, needed) in writer.stages { try tables[stream].prepare(needed, connection) }
        connection.runAhead(begin(care).joined(separator: "; "))
        if try writer.run() {
          if defersConstraints(care) { try connection.run("SET CONSTRAINTS ALL IMMEDIATE") }
          if !writer.foundGood {
            if isHolding { connection.runAhead("RELEASE SAVEPOINT millrace_part") }
            var written = writer.written
            written.rejections += rejections
            return written
          }
          // Some were stored behind others, maybe later ones of their keys: once more without those that are refused, in
          // the order of all, and checked at the end.
          rejections = writer.written.rejections
          (care.leavesOut, care.isolatesRows, care.retriesRefused) = (writer.refusedRows, false, false)
        } else {
          care.ordersRows.insert(writer.stream)
        }
      } catch {
        guard let more = care.more(after: error, in: writer.stream, grouped: rows.isGrouped) else {
          throw lost(error, connection, in: writer.stream)
        }
        if error.isRepeatedKey { tables[writer.stream].repeatsKeys = true }
        care = more
      }
      try goBack(connection)
    }
  }

  /// Whether the rows may be brought down to the last of each key, and whether that is worth while: whole rows whose keys
  /// hardly repeat go as they are.
  private func takesSets(_ rows: WriteRows) -> Bool {
    guard hasTablesApart, rows.streams.allSatisfy({ tables[$0].takesSets }) else { return false }
    return rows.count <= SetWriter.singlyMax || tables.contains(where: \.repeatsKeys) || rows.hasChanges
  }

  /// - Returns: false where rows must be stored as they came: only the server can tell what they come to, or one of them
  ///   was refused and is to be found.
  private func storeSets(_ rows: WriteRows, _ connection: PostgresConnection) throws(ConnectorError) -> Bool {
    guard let last = LastRows.of(rows.payloads, tables.map(\.layout)) else { return false }
    let care = TableWriter.Care()
    do throws(PostgresError) {
      try SetWriter(tables: tables, connection: connection, hasUsedStages: isHolding).run(last, begin: begin(care))
      if defersConstraints(care) { try connection.run("SET CONSTRAINTS ALL IMMEDIATE") }
      if isHolding { connection.runAhead("RELEASE SAVEPOINT millrace_part") }
      return true
    } catch {
      guard error.isAboutRow || error.isRepeatedKey else { throw lost(error, connection) }
      try goBack(connection)
      return false
    }
  }

  /// Constraints are checked before the write ends, so that the rows that break one are found among its own.
  private func begin(_ care: TableWriter.Care) -> [String] {
    let begin = isHolding ? ["SAVEPOINT millrace_part"] : ["BEGIN"] + (turn?.begin ?? [])
    if defersConstraints(care) { return begin + ["SET CONSTRAINTS ALL DEFERRED"] }
    let isDeferring = settings.foreignKeys == .deferred || tables.contains { $0.hasDeferredConstraints }
    return isDeferring ? begin + ["SET CONSTRAINTS ALL IMMEDIATE"] : begin
  }

  /// Where some row is refused, each is checked by itself.
  private func defersConstraints(_ care: TableWriter.Care) -> Bool {
    settings.foreignKeys == .deferred && !care.isolatesRows
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

  private func keep(
    _ progress: @Sendable (Written) async throws(ConnectorError) -> Value, _ written: Written,
    _ connection: PostgresConnection
  ) async throws(ConnectorError) {
    let text: String
    do {
      text = memory.text(of: try await progress(written))
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
    memory.sends(text, written)
    try commit(connection)
    memory.committed()
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
  private func lost(_ error: PostgresError, _ connection: PostgresConnection, in stream: Int? = nil) -> ConnectorError {
    let said = error.connectorError(place(stream))
    if connection.isLost || (try? connection.run("ROLLBACK")) == nil { self.connection = nil }
    return said
  }
}
