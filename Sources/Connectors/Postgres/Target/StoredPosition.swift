import ConnectorKit
import Records

/// The row of a pipeline in the table of positions, written in the data's own transactions.
struct StoredPosition: Sendable {
  let table: TableName
  let pipeline: String
  /// Names the checkpoint that the row belongs to: a run without its checkpoint begins a new one.
  private(set) var run = ""
  /// How many commits the target must have, because the checkpoint counts on them.
  private var commits: Int64 = 0

  init(table: TableName, pipeline: String) {
    self.table = table
    self.pipeline = pipeline
  }

  /// Goes on with the run of that name, or begins a new one.
  mutating func open(_ mark: Value?, _ connection: PostgresConnection) throws(PostgresError) {
    try create(connection)
    if let run = mark?["run"]?.string {
      self.run = run
      commits = mark?["commits"]?.int ?? 0
      return
    }
    run = try connection.query("SELECT md5(random()::text || clock_timestamp()::text)").text(0, 0) ?? ""
    try connection.query(
      "INSERT INTO \(table.sql) (pipeline, run) VALUES ($1, $2) "
        + "ON CONFLICT (pipeline) DO UPDATE SET run = EXCLUDED.run, progress = NULL, updated_at = now()",
      [pipeline, run])
  }

  /// What `open` needs to go on with this run.
  func mark(commits: Int64) -> Value { ["run": .string(run), "commits": .int(commits)] }

  private func create(_ connection: PostgresConnection) throws(PostgresError) {
    if try TableSchema.read(table, connection) != nil { return }
    if let schema = table.schema { try make("SCHEMA IF NOT EXISTS \(SQLName.quoted(schema))", connection) }
    try make(
      """
      TABLE IF NOT EXISTS \(table.sql) (
        pipeline text PRIMARY KEY, run text NOT NULL, progress json, updated_at timestamptz NOT NULL DEFAULT now())
      """, connection)
  }

  /// Of several pipelines that make the same at once the server refuses all but one, whatever IF NOT EXISTS says. The
  /// refusal comes when the one has committed, so the second time it is there.
  private func make(_ what: String, _ connection: PostgresConnection) throws(PostgresError) {
    do throws(PostgresError) {
      try connection.run("CREATE \(what)")
    } catch {
      guard error.state == "23505" else { throw error }
      try connection.run("CREATE \(what)")
    }
  }

  /// Waits for the transaction of a process that was killed, or of a connection that broke: until it has ended, nobody
  /// knows whether its position counts. A row's lock stands in the log, so what is read is durable when this returns, and so
  /// is everything that was committed before.
  ///
  /// - Parameter durably: how its commit is durable.
  func read(_ connection: PostgresConnection, _ durably: String) throws(PostgresError) -> Found {
    let found = try connection.query(
      "SELECT p.progress FROM \(table.sql) p, set_config('synchronous_commit', $3, true) "
        + "WHERE p.pipeline = $1 AND p.run = $2 FOR UPDATE OF p", [pipeline, run, durably])
    return found.count == 1 ? .own(found.text(0, 0)) : .taken
  }

  /// What stands in the row.
  enum Found: Equatable {
    /// Of this run; nil where it has committed nothing.
    case own(String?)
    /// Of another run, or nothing.
    case taken

    var progress: String? { if case .own(let text) = self { text } else { nil } }
  }

  /// - Returns: false where another run has taken the row over.
  func write(_ progress: String, _ connection: PostgresConnection) throws(PostgresError) -> Bool {
    try connection.run(
      "UPDATE \(table.sql) SET progress = \(SQLText.quoted(progress)), updated_at = now() "
        + "WHERE pipeline = \(SQLText.quoted(pipeline)) AND run = \(SQLText.quoted(run))"
    ) == 1
  }

  private static let keeping = "millrace_position"

  /// Names the statement that ``enqueue(_:_:)`` sends.
  func prepare(_ connection: PostgresConnection) throws(PostgresError) {
    try connection.prepare(
      Self.keeping,
      "WITH kept AS (UPDATE \(table.sql) SET progress = $1, updated_at = now() WHERE pipeline = $2 AND run = $3 RETURNING 1) "
        + "SELECT 1 / count(*) FROM kept")
  }

  /// Inside of a pipeline: as ``write(_:_:)``, and where another run has taken the row over the statement fails, so that
  /// nothing behind it is run.
  func enqueue(_ progress: String, _ connection: PostgresConnection) throws(PostgresError) {
    var cells = ByteBuffer()
    for var text in [progress, pipeline, run] {
      text.withUTF8 { BinaryCells.append(text: UnsafeRawBufferPointer($0), to: &cells) }
    }
    try connection.enqueue(prepared: Self.keeping, cells.bytes)
  }

  /// Why a run cannot go on that finds this stored: the target has fewer commits than the checkpoint counts on.
  func missing(from found: Found) -> ConnectorError? {
    guard case .own(let progress) = found, CommitMemory(found: progress).commits < commits else { return nil }
    return ConnectorError(
      "postgres.position_behind",
      "\(table) holds an earlier position of the pipeline \(pipeline) than its checkpoint: the target has lost rows that it"
        + " had made durable.", remedy: .stop,
      hint:
        "It was restored from a backup, or an asynchronous standby took over: compare both sides, then load the tables "
        + "anew with `millrace checkpoint reset`.")
  }

  /// A target that crashed.
  var lost: ConnectorError {
    ConnectorError(
      "postgres.commits_lost",
      "The target has lost the last commits of the pipeline \(pipeline) in a crash: they are read and stored again.",
      remedy: .reopen)
  }

  var takenOver: ConnectorError {
    ConnectorError(
      "postgres.position_taken", "Another run of the pipeline \(pipeline) has begun to write its position to \(table).",
      remedy: .stop, hint: "Let one run of a pipeline write at a time, or give the other one a name of its own.")
  }
}
