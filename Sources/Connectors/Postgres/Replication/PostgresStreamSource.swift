import ConnectorKit
import Glibc
import Records
import Synchronization

/// Reads the changes of tables as the server's log has them, and before them, where that is wanted, the tables.
///
/// The tables are read from a snapshot that is exactly what was committed before one place of the log, and the changes
/// from that place on: no change is missed, and none is applied to a row that is newer. A snapshot dies with its
/// connection. When reading goes on after a stop, another one is made: a temporary slot gives it and its place, the
/// stream is read up to there first, and what is left of the tables from the snapshot. So rows of a table that were read
/// before have all changes up to the place that the others are read at, whatever happened to them meanwhile, and rows
/// that were deleted meanwhile are gone.
actor PostgresStreamSource: Source {
  /// How long one wait for the server lasts before a stop is looked for.
  private static let glance = Duration.milliseconds(100)
  /// How long a stream may be quiet before the server is asked whether there is anything, where somebody waits for the end.
  private static let quiet = Duration.milliseconds(100)

  /// How often a slot that is in use is looked at before somebody hears of it, and how long after each look.
  private static let takenLooksMax = 60
  private static let takenLook = Duration.milliseconds(250)
  /// After how many acknowledgements, about as many seconds, it is looked whether the tables are still published.
  private static let checkEvery = 16

  private enum Phase {
    case closed
    /// The tables are read.
    case load(PostgresSource)
    /// The stream is read, up to the place of a snapshot from which the rest of the tables is read then.
    case catchUp(StreamReader, until: LSN, then: PostgresSource)
    case stream(StreamReader)
  }

  private let settings: StreamSettings
  private let context: Context
  private nonisolated let book = RelationBook()
  /// Decodes rows of the tables.
  private nonisolated let rows = Mutex<PostgresSource?>(nil)

  private var phase = Phase.closed
  private var place = StreamPlace(stream: StreamPosition(system: "", lsn: .zero))
  private var durable: StreamPosition?
  private var streamed = StreamTables()
  private var clerk: StreamClerk?
  private var seenSlot: SlotState?
  /// How long the stream has been quiet.
  private var silence = Duration.zero
  private var acknowledgements = 0
  private var late = StreamLag()
  /// Where a run ends that reads no further than what is there when it begins.
  private var end: LSN?
  /// Whether the place where reading begins is still to be given out.
  private var isFresh = false

  init(_ settings: StreamSettings, _ context: Context) {
    self.settings = settings
    self.context = context
  }

  // MARK: - Opening

  func tables() throws(ConnectorError) -> [SourceTable] {
    let connection = try PostgresConnection(settings.url, Patience(timeout: settings.timeout))
    try streamed.look(settings, context, StreamClerk(connection: connection))
    return streamed.list.tables
  }

  func open(at position: Position?) async throws(ConnectorError) {
    await close()
    let connection = try PostgresConnection(settings.url, Patience(timeout: settings.timeout))
    let clerk = StreamClerk(connection: connection)
    self.clerk = clerk
    try streamed.look(settings, context, clerk)
    let begun = position == .start ? nil : position
    streamed.publish(try clerk.publication(settings.publication.text))
    let opening = StreamOpening(settings: settings, context: context, clerk: clerk, tables: streamed)
    let start = try await self.start(opening, at: begun)
    place = start.place
    isFresh = begun == nil
    if context.endsOnceRead { end = try clerk.written }
    try await begin(start)
  }

  /// Waits for a slot that a run which was killed still holds: the server lets go of it when it notices.
  private func start(
    _ opening: StreamOpening, at position: Position?
  ) async throws(ConnectorError) -> StreamOpening.Start {
    var looks = 0
    while true {
      do throws(ConnectorError) {
        let start = try opening.start(at: position, after: seenSlot)
        seenSlot = nil
        return start
      } catch {
        looks += 1
        guard error.code == "postgres.slot_taken", error.remedy != .stop, looks < Self.takenLooksMax else {
          throw error
        }
        seenSlot = try opening.clerk.slot(settings.slot.text)
        guard await context.sleep(Self.takenLook) else { throw error }
      }
    }
  }

  private func begin(_ start: StreamOpening.Start) async throws(ConnectorError) {
    guard let load = settings.load, start.place.load != nil else {
      phase = .stream(try startReader(start.connection))
      return
    }
    // The connection that made the snapshot stays until all that read from it have taken it over.
    var fixed = load
    fixed.snapshot = start.snapshot?.name
    fixed.published = streamed.published
    let source = PostgresSource(fixed, context)
    try await source.open(at: start.place.load == .start ? nil : start.place.load)
    rows.withLock { $0 = source }
    guard let snapshot = start.snapshot, snapshot.lsn > start.place.stream.lsn else {
      phase = .load(source)
      return
    }
    phase = .catchUp(try startReader(nil), until: snapshot.lsn, then: source)
  }

  private func replicate() throws(ConnectorError) -> PostgresConnection {
    try PostgresConnection(settings.url, Patience(timeout: settings.timeout), replicates: true)
  }

  private func startReader(_ connection: PostgresConnection?) throws(ConnectorError) -> StreamReader {
    guard let clerk else { throw ConnectorError("postgres.not_open", "The source is not open.", remedy: .stop) }
    let connection = if let connection { connection } else { try replicate() }
    let version = connection.serverVersion / 10_000
    do throws(PostgresError) {
      // Large transactions come when they have ended: the server keeps them on its disk, and not this side, which could
      // store nothing of them earlier anyway.
      try connection.startReplication(
        settings.slot.text, at: place.stream.lsn,
        [
          ("proto_version", version >= 16 ? "4" : version == 15 ? "3" : version == 14 ? "2" : "1"),
          ("publication_names", SQLName.quoted(settings.publication.text)),
        ])
    } catch {
      throw error.streamError(connection.address)
    }
    silence = .zero
    let conversation = StreamConversation(at: place.stream, ignoring: settings.ignoredOrigins)
    let (streamed, book, settings, context) = (streamed, book, settings, context)
    let reader = StreamReader(connection, conversation) { relation, isKnown throws(ConnectorError) in
      try streamed.number(relation, isKnown: isKnown, clerk, book, settings.onSchemaChange, context.note)
    } mend: { number, message throws(ConnectorError) in
      try KeyChange(relation: book[number], clerk: clerk).mended(message)
    }
    if let durable { try reader.acknowledged(durable) }
    return reader
  }

  // MARK: - Reading

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    if isFresh {
      // Nothing was read, and it is known where the stream begins (Invariant 6).
      isFresh = false
      return complete(batch)
    }
    switch phase {
    case .closed: throw ConnectorError("postgres.not_open", "The source is not open.", remedy: .stop)
    case .load(let source): return try await load(source, batch)
    case .catchUp(let reader, let limit, let source):
      if let next = try stream(reader, batch, until: limit) { return next }
      phase = .load(source)
      return complete(batch)
    case .stream(let reader):
      if let next = try stream(reader, batch, until: nil) { return next }
      return .end
    }
  }

  private func load(_ source: PostgresSource, _ batch: Batch) async throws(ConnectorError) -> Next {
    switch try await source.next(into: batch) {
    case .idle: return .idle
    case .batch:
      place.load = batch.position
      batch.position = place.position
      return .batch
    case .end:
      await source.close()
      place.load = nil
      phase = .stream(try startReader(nil))
      return complete(batch)
    }
  }

  /// - Returns: nil where everything before the limit, or the end of the run, was given out.
  private func stream(_ reader: StreamReader, _ batch: Batch, until limit: LSN?) throws(ConnectorError) -> Next? {
    var filled = try reader.fill(batch, upTo: context.batchBytes, until: limit ?? end)
    if filled == .waiting, batch.bytes.isEmpty || !reader.isBetweenTransactions {
      // The rest of a transaction is on its way.
      if try wait(for: reader) { filled = try reader.fill(batch, upTo: context.batchBytes, until: limit ?? end) }
    }
    if !batch.bytes.isEmpty || place.stream.inside != nil && reader.position.inside == nil {
      silence = .zero
      return complete(batch, reader)
    }
    if filled == .limit {
      guard reader.position != place.stream else { return nil }
      return complete(batch, reader)
    }
    return try rest(reader, batch)
  }

  /// A quiet stream: its place moves along with the log now and then, so that the server can let go of it.
  private func rest(_ reader: StreamReader, _ batch: Batch) throws(ConnectorError) -> Next {
    let isWaitedFor = end != nil || settings.load != nil && place.load != nil
    var isDue = isWaitedFor
    if silence >= (isWaitedFor ? Self.quiet : settings.heartbeat) {
      silence = .zero
      isDue = true
      try reader.tell(wantsReply: true)
      try streamed.check(settings, clerk)
    }
    guard isDue, reader.hasMoved else { return .idle }
    return complete(batch, reader)
  }

  private func wait(for reader: StreamReader) throws(ConnectorError) -> Bool {
    if try reader.wait(Int32(Self.glance.components.attoseconds / 1_000_000_000_000_000)) { return true }
    silence += Self.glance
    return false
  }

  private func complete(_ batch: Batch, _ reader: StreamReader) -> Next {
    let committed = reader.firstTime
    place.stream = reader.takePosition()
    late.gave(upTo: place.stream.inside == nil ? place.stream.lsn : nil, committedAt: committed)
    return complete(batch)
  }

  private func complete(_ batch: Batch) -> Next {
    batch.inputBytes = batch.bytes.count
    batch.origin = Origin(name: settings.slot.text)
    batch.position = place.position
    batch.isInsideTransaction = place.stream.inside != nil
    batch.tables = streamed.list
    return .batch
  }

  // MARK: - The rest

  nonisolated func makeDecoder() -> any Decoder {
    StreamAndRowsDecoder(StreamDecoder(book), rows: rows.withLock { $0?.makeDecoder() })
  }

  /// Invariant 1: the server hears of what is durable downstream and in the checkpoint, and of nothing else.
  func acknowledge(_ positions: [Position]) throws(ConnectorError) {
    guard let last = positions.last, last != .start else { return }
    let position = try StreamPlace(last).stream
    durable = position
    late.stored(upTo: position.lsn)
    acknowledgements += 1
    if acknowledgements.isMultiple(of: Self.checkEvery) { try streamed.check(settings, clerk) }
    switch phase {
    case .stream(let reader), .catchUp(let reader, _, _): try reader.acknowledged(position)
    case .load, .closed: break
    }
  }

  func lag() throws(ConnectorError) -> Lag? {
    guard let clerk, place.load == nil else { return nil }
    return late.lag(behind: try clerk.written, at: context.wallTime())
  }

  nonisolated var wantsKeepAlive: Bool { true }

  func keepAlive() throws(ConnectorError) {
    switch phase {
    case .stream(let reader), .catchUp(let reader, _, _): try reader.tell()
    case .load, .closed: break
    }
  }

  func extent() async -> Extent? {
    guard case .load(let source) = phase else { return nil }
    return await source.extent()
  }

  func close() async {
    switch phase {
    case .load(let source), .catchUp(_, _, let source): await source.close()
    case .stream, .closed: break
    }
    phase = .closed
    clerk = nil
  }
}

/// Decodes batches of both kinds.
final class StreamAndRowsDecoder: Decoder {
  private let stream: StreamDecoder
  private let rows: (any Decoder)?

  init(_ stream: StreamDecoder, rows: (any Decoder)?) {
    self.stream = stream
    self.rows = rows
  }

  func decode(_ batch: Batch) {
    if batch.bytes.isEmpty || StreamFrames.isStream(batch) { stream.decode(batch) } else { rows?.decode(batch) }
  }
}
