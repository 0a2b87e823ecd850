import ConnectorKit
import Records
import Synchronization

/// A stream that is only looked at: the rows of its tables as the stream has them, without the rows and the columns that
/// its publication leaves out, and how far its slot is behind. Takes nothing and makes nothing on the server.
actor StreamLook: Source {
  private let settings: StreamSettings
  private let load: SourceSettings
  private let context: Context
  private nonisolated let current: Mutex<PostgresSource>
  private var hasLooked = false
  private var isStreaming = false
  private var found: Lag?

  init(_ settings: StreamSettings, _ load: SourceSettings, _ context: Context) {
    self.settings = settings
    self.load = load
    self.context = context
    current = Mutex(PostgresSource(load, context))
  }

  private nonisolated var rows: PostgresSource { current.withLock { $0 } }

  func tables(at position: Position?) throws(ConnectorError) -> [SourceTable] {
    let clerk = StreamClerk(connection: try PostgresConnection(settings.url, Patience(timeout: settings.timeout)))
    var streamed = StreamTables()
    try streamed.look(settings, context, clerk)
    streamed.publish(try clerk.publication(settings.publication.text))
    var fixed = load
    fixed.published = streamed.published
    fixed.filters = streamed.filters
    current.withLock { $0 = PostgresSource(fixed, context) }
    hasLooked = true
    return streamed.list.tables
  }

  func open(at position: Position?) async throws(ConnectorError) {
    let place = try position.flatMap { position throws(ConnectorError) in
      position == .start ? nil : try StreamPlace(position)
    }
    isStreaming = place.map { $0.load == nil } ?? false
    if let place { found = try lag(place.stream) }
    if isStreaming { return }
    if !hasLooked { _ = try tables(at: position) }
    try await rows.open(at: place?.load == .start ? nil : place?.load)
  }

  private func lag(_ position: StreamPosition) throws(ConnectorError) -> Lag {
    let clerk = StreamClerk(connection: try PostgresConnection(settings.url, Patience(timeout: settings.timeout)))
    let asked = try PostgresConnection(settings.url, Patience(timeout: settings.timeout), replicates: true)
    let server: (system: String, database: String)
    do throws(PostgresError) { server = try asked.identifySystem() } catch {
      throw error.connectorError("\(clerk.connection.address)")
    }
    let written = try clerk.written
    let health = SlotHealth(
      slot: try clerk.slot(settings.slot.text), name: settings.slot.text, system: server.system,
      database: server.database, written: written)
    // That somebody reads from it is what a pipeline that runs looks like.
    if let problem = health.problem(at: position, after: nil), problem.code != "postgres.slot_taken" { throw problem }
    let waiting = try clerk.waiting(settings.slot.text, settings.publication.text)
    return Lag(bytes: written.bytes(since: position.lsn), seconds: waiting.seconds, events: waiting.events)
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    isStreaming ? .end : try await rows.next(into: batch)
  }

  nonisolated func makeDecoder() -> any Decoder { rows.makeDecoder() }
  func acknowledge(_ positions: [Position]) {}
  func extent() async -> Extent? { isStreaming ? nil : await rows.extent() }
  func lag() -> Lag? { found }
  func close() async { await rows.close() }
}

extension StreamClerk {
  /// So many changes are counted, and the rest of the transaction that the last of them is in.
  private static let countMax = 10_000

  /// What waits behind a slot: of one that is in use how late its reader is, as the server has measured it, and of one
  /// that is not how many changes there are.
  func waiting(_ slot: String, _ publication: String) throws(ConnectorError) -> (seconds: Double?, events: UInt64?) {
    do throws(PostgresError) {
      let row = try connection.query(
        """
        SELECT s.active, extract(epoch FROM r.flush_lag) FROM pg_replication_slots s
          LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = $1
        """, [slot]
      ).rows.first
      guard let row, row[0] == "f" else { return (row?[1].flatMap { Double($0) }, nil) }
      // Of pgoutput's messages the changes: I, U, D and T.
      let count = try connection.query(
        """
        SELECT count(*) FILTER (WHERE get_byte(data, 0) IN (73, 85, 68, 84)) FROM pg_logical_slot_peek_binary_changes(
          $1, NULL, \(Self.countMax), 'proto_version', '1', 'publication_names', $2)
        """, [slot, SQLName.quoted(publication)])
      return (nil, count.text(0, 0).flatMap { UInt64($0) })
    } catch {
      // Who may not read from the slot is told the bytes alone; and one that was taken meanwhile is in use.
      if error.state == "42501" || error.state == "55006" { return (nil, nil) }
      throw error.connectorError("The replication slot \(slot) at \(connection.address)")
    }
  }
}
