import ConnectorKit
import Records

/// Finds out where a stream begins, makes what it needs on the server, and refuses to begin where changes would be
/// missing.
struct StreamOpening {
  /// Where reading begins.
  struct Start {
    var place: StreamPlace
    /// What the tables are read from; nil where they are not read.
    var snapshot: (name: String, lsn: LSN)?
    /// Holds the snapshot.
    var connection: PostgresConnection?
  }

  let settings: StreamSettings
  let context: Context
  let clerk: StreamClerk
  let tables: StreamTables
  /// Tables that were not followed before.
  let newTables: [StreamTable]

  /// - Parameters:
  ///   - place: nil where nothing was read yet.
  ///   - seen: the slot as the last attempt found it.
  func start(at place: StreamPlace?, after seen: SlotState?) throws(ConnectorError) -> Start {
    try requireLogicalLog()
    let connection = try PostgresConnection(settings.url, Patience(timeout: settings.timeout), replicates: true)
    let server = try identity(connection)
    let slot = try clerk.slot(settings.slot.text)
    let health = SlotHealth(
      slot: slot, name: settings.slot.text, system: server.system, database: server.database, written: try clerk.written
    )
    if let problem = health.problem(at: place?.stream, after: seen) { throw problem }
    // First, because the server decodes a change with the publications that there were when it was made.
    try publish(at: place)
    if let place { return try goOn(at: place, connection) }
    return try begin(slot, server.system, connection)
  }

  private func requireLogicalLog() throws(ConnectorError) {
    let level = try asking { connection throws(PostgresError) in try connection.query("SHOW wal_level").text(0, 0) }
    if level == "logical" { return }
    throw ConnectorError(
      "postgres.wal_level", "\(clerk.connection.address) writes its log with wal_level = \(level ?? "?").",
      remedy: .stop, hint: "ALTER SYSTEM SET wal_level = logical, and restart the server.")
  }

  private func identity(_ connection: PostgresConnection) throws(ConnectorError) -> (system: String, database: String) {
    do throws(PostgresError) {
      return try connection.identifySystem()
    } catch {
      throw error.connectorError("\(connection.address)")
    }
  }

  private func asking<Result>(
    _ body: (PostgresConnection) throws(PostgresError) -> Result
  ) throws(ConnectorError) -> Result {
    do throws(PostgresError) {
      return try body(clerk.connection)
    } catch {
      throw error.connectorError("\(clerk.connection.address)")
    }
  }

  // MARK: - The publication

  private func publish(at place: StreamPlace?) throws(ConnectorError) {
    let name = settings.publication
    let check = PublicationCheck(
      name: name, tables: tables.tables, schemas: tables.schemas, state: try clerk.publication(name.text))
    if let problem = check.problems.first(where: { $0.severity == .error }) {
      throw ConnectorError(
        problem.code, "\(clerk.connection.address): \(problem.message).", remedy: .stop, hint: problem.hint)
    }
    let missing = check.missing
    if missing.isEmpty || name.isGiven { return }
    if place != nil, check.state == nil {
      throw ConnectorError(
        "postgres.publication_missing",
        "The publication \(name.text) is gone, and changes since then are not published.",
        remedy: .stop, hint: "Load the tables anew with `millrace checkpoint reset`.")
    }
    try clerk.publish(missing, as: name.text, isNew: check.state == nil)
    let left = place == nil ? [] : missing.filter { !newTables.contains($0) }
    if !left.isEmpty {
      context.note(
        "\(left.map { "\($0.name)" }.joined(separator: ", ")) was not published any more, and is again: changes in between "
          + "were missed, and `millrace backfill` loads what there is.")
    }
  }

  // MARK: - Where

  private func begin(
    _ slot: SlotState?, _ system: String, _ connection: PostgresConnection
  ) throws(ConnectorError) -> Start {
    guard let slot, let confirmed = slot.confirmed else {
      let (lsn, snapshot) = try make(settings.slot.text, isTemporary: false, connection)
      context.note("Made the replication slot \(settings.slot.text) at \(lsn).")
      let place = StreamPlace(
        load: settings.load == nil ? nil : .start, stream: StreamPosition(system: system, lsn: lsn),
        tables: Roster(tables.tables))
      return Start(place: place, snapshot: (snapshot, lsn), connection: connection)
    }
    // Without a checkpoint it is a first start that was cut off, or a slot that somebody made for us: everything from
    // its place on comes, and tables are read whole.
    context.note(
      "There is no checkpoint: reading begins where the replication slot \(slot.name) stands, at \(confirmed).")
    let stream = StreamPosition(system: system, lsn: confirmed)
    let place = StreamPlace(
      load: settings.load == nil ? nil : .start, stream: stream, tables: Roster(tables.tables))
    return try goOn(at: place, connection)
  }

  private func goOn(at place: StreamPlace, _ connection: PostgresConnection) throws(ConnectorError) -> Start {
    guard place.load != nil else { return Start(place: place) }
    let process = try asking { connection throws(PostgresError) in
      try connection.query("SELECT pg_backend_pid()").text(0, 0)
    }
    let (lsn, snapshot) = try make("millrace_load_\(process ?? "")", isTemporary: true, connection)
    return Start(place: place, snapshot: (snapshot, lsn), connection: connection)
  }

  private func make(
    _ name: String, isTemporary: Bool, _ connection: PostgresConnection
  ) throws(ConnectorError) -> (LSN, String) {
    do throws(PostgresError) {
      return try connection.createSlot(name, isTemporary: isTemporary)
    } catch {
      var refused = error.connectorError("The replication slot \(name) at \(connection.address)")
      if error.state == "53400" {
        refused.hint = "Raise max_replication_slots, or drop a slot that nobody uses (pg_replication_slots)."
      }
      throw refused
    }
  }
}
