import ConnectorKit
import Records
import Synchronization

/// Some rows of tables whose changes a pipeline follows, for a backfill beside it: as they were at a place of the log
/// behind everything that the pipeline has stored, so that none is older than what its target holds.
///
/// A slot gives the snapshot, and lasts until it is taken over: a snapshot that is merely taken now may miss a
/// transaction whose commit is in the log, and was stored, and is not yet seen by others.
actor StreamPart: Source {
  private let settings: StreamSettings
  private let load: SourceSettings
  private let context: Context
  private nonisolated let rows: Mutex<PostgresSource>

  init(_ settings: StreamSettings, _ load: SourceSettings, _ context: Context) {
    self.settings = settings
    self.load = load
    self.context = context
    rows = Mutex(PostgresSource(load, context))
  }

  private nonisolated var reader: PostgresSource { rows.withLock { $0 } }

  func tables(at position: Position?) async throws(ConnectorError) -> [SourceTable] { try await reader.tables(at: nil) }

  func open(at position: Position?) async throws(ConnectorError) {
    await close()
    let connection = try PostgresConnection(settings.url, Patience(timeout: settings.timeout), replicates: true)
    let clerk = StreamClerk(connection: try PostgresConnection(settings.url, Patience(timeout: settings.timeout)))
    var streamed = StreamTables()
    try streamed.look(settings, context, clerk)
    streamed.publish(try clerk.publication(settings.publication.text))
    var fixed = load
    fixed.published = streamed.published
    do throws(PostgresError) {
      // Named after another session: this one speaks no more than the replication protocol has.
      let process = try clerk.connection.query("SELECT pg_backend_pid()").text(0, 0) ?? ""
      fixed.snapshot = try connection.createSlot("millrace_part_\(process)", isTemporary: true).snapshot
    } catch {
      throw error.connectorError("A replication slot for the snapshot at \(connection.address)")
    }
    let source = PostgresSource(fixed, context)
    try await source.open(at: position)
    rows.withLock { $0 = source }
    // What reads has taken the snapshot over; the slot goes with its connection.
    withExtendedLifetime(connection) {}
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next { try await reader.next(into: batch) }
  nonisolated func makeDecoder() -> any Decoder { reader.makeDecoder() }
  func acknowledge(_ positions: [Position]) {}
  func extent() async -> Extent? { await reader.extent() }
  func close() async { await reader.close() }
}
