import ConnectorKit
import Records
import Synchronization

/// Some rows of tables whose changes a pipeline follows, for a backfill beside it, in turns with it: each turn reads a
/// piece as it is at a place of the log behind everything that the pipeline has stored, so that none of its rows is older
/// than what the target holds. What the pipeline stores after the turn has changed since.
///
/// A slot gives a turn's snapshot, and lasts until it is taken over: a snapshot that is merely taken now may miss a
/// transaction whose commit is in the log, and was stored, and is not yet seen by others.
///
/// The target takes the turn when it is opened and gives it back when it is closed, so a turn is one opening of the flow:
/// what ends it is asked for with ``Next/reopen``. Nothing is waited for inside of one: not for a transaction of the source
/// that is open, and not for a server that is away.
actor StreamPart: Source {
  /// How long a turn reads, and how many bytes; but at least one batch, so that there is progress.
  private static let turnReads = Duration.milliseconds(500)
  private static let turnBytes = 8 << 20
  /// How long a turn waits for one transaction of the source, in milliseconds.
  private static let slotWaits = 500
  /// lock_not_available and serialization_failure: a lock was waited for too long, or the snapshot would be too large.
  private static let passing: Set<String> = ["55P03", "40001"]
  /// A turn that is longer is said.
  private static let turnIsLong = Duration.seconds(5)

  private let settings: StreamSettings
  private let load: SourceSettings
  private let context: Context
  private nonisolated let rows: Mutex<PostgresSource>

  /// When the turn began; nil where it is the pipeline's.
  private var turnBegan: Duration?
  private var bytesRead = 0
  private var hasEnded = false
  /// Whether the turn may end before everything is read: a table without a key is read in one.
  private var isDivisible = false
  /// What a turn ended with, told when nobody waits.
  private var failure: ConnectorError?
  /// Whether a transaction of the source kept the last turn from reading.
  private var waitsForTransactions = false
  private var hasTold = false

  init(_ settings: StreamSettings, _ load: SourceSettings, _ context: Context) {
    self.settings = settings
    self.load = load
    self.context = context
    rows = Mutex(PostgresSource(load, context))
  }

  private nonisolated var reader: PostgresSource { rows.withLock { $0 } }

  // MARK: - Between two turns

  func tables(at position: Position?) async throws(ConnectorError) -> [SourceTable] {
    try await giveWay()
    rows.withLock { $0 = PostgresSource(load, context) }
    return try await reader.tables(at: nil)
  }

  /// The pipeline gets at least as much time as the last turn took, where it runs.
  private func giveWay() async throws(ConnectorError) {
    let last = turnBegan.map { context.now() - $0 }
    turnBegan = nil
    if let last, last > Self.turnIsLong, !hasTold {
      hasTold = true
      context.note(
        "A turn of this backfill took \(last.components.seconds) s, in which the pipeline stored nothing: a condition "
          + "without an index is slow to find its first rows.")
    }
    if let failure {
      self.failure = nil
      throw failure
    }
    if waitsForTransactions {
      // With a turn that nobody has: the slot comes when the transactions that are open now have ended.
      context.note("A transaction of the source is open: the backfill waits for its end, and the pipeline goes on.")
      if try snapshot(waits: nil) == nil { _ = await context.sleep(.milliseconds(Self.slotWaits)) }
      waitsForTransactions = false
    }
    guard let last else { return }
    let clerk = StreamClerk(connection: try PostgresConnection(settings.url, Patience(timeout: settings.timeout)))
    if try clerk.slot(settings.slot.text)?.activePID != nil { _ = await context.sleep(last) }
  }

  // MARK: - A turn

  func open(at position: Position?) async throws(ConnectorError) {
    await close()
    turnBegan = context.now()
    (bytesRead, hasEnded) = (0, false)
    do throws(ConnectorError) {
      try await begin(at: position)
    } catch {
      try end(with: error)
    }
  }

  private func begin(at position: Position?) async throws(ConnectorError) {
    let clerk = StreamClerk(connection: try PostgresConnection(settings.url, Patience(timeout: settings.timeout)))
    var streamed = StreamTables()
    try streamed.look(settings, context, clerk)
    streamed.publish(try clerk.publication(settings.publication.text))
    isDivisible = streamed.schemas.allSatisfy { !SnapshotQuery($0, condition: nil).key.isEmpty }
    guard let taken = try snapshot(waits: Self.slotWaits) else {
      (waitsForTransactions, hasEnded) = (true, true)
      return
    }
    var fixed = load
    fixed.published = streamed.published
    fixed.filters = streamed.filters
    fixed.snapshot = taken.name
    let source = PostgresSource(fixed, context)
    try await source.open(at: position)
    rows.withLock { $0 = source }
    // What reads has taken the snapshot over; the slot goes with its connection.
    withExtendedLifetime(taken.connection) {}
  }

  /// - Parameter waits: the longest wait for a transaction that is open, in milliseconds.
  /// - Returns: nil where it was longer, or so many transactions are about that the server makes no snapshot of them.
  private func snapshot(
    waits: Int?
  ) throws(ConnectorError) -> (name: String, connection: PostgresConnection)? {
    let connection = try PostgresConnection(
      settings.url, Patience(timeout: settings.timeout, endsWithTask: true), replicates: true)
    do throws(PostgresError) {
      if let waits { try connection.run("SET lock_timeout = \(waits)") }
      let name = "millrace_part_\(connection.backendID)"
      return (try connection.createSlot(name, isTemporary: true).snapshot, connection)
    } catch {
      if Self.passing.contains(error.state) { return nil }
      throw error.connectorError("A replication slot for the snapshot at \(connection.address)")
    }
  }

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    if hasEnded { return .reopen }
    do throws(ConnectorError) {
      let next = try await reader.next(into: batch)
      if next == .batch { bytesRead += batch.bytes.count }
      hasEnded = isDivisible && bytesRead > 0 && (bytesRead >= Self.turnBytes || isLate)
      return next
    } catch {
      batch.reset()
      try end(with: error)
      return .reopen
    }
  }

  private var isLate: Bool { turnBegan.map { context.now() - $0 >= Self.turnReads } ?? false }

  /// What passes is waited for when the pipeline has its turn.
  private func end(with error: ConnectorError) throws(ConnectorError) {
    if error.remedy == .stop { throw error }
    (failure, hasEnded) = (error, true)
  }

  // MARK: - The rest

  nonisolated func makeDecoder() -> any Decoder { reader.makeDecoder() }
  func acknowledge(_ positions: [Position]) {}
  func extent() async -> Extent? { await reader.extent() }
  func close() async { await reader.close() }
}
