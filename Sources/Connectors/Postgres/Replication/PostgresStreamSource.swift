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
  /// Since when the stream has been quiet: a server that is busy with others says so all the time, and that is no news.
  private var quietSince = Duration.zero
  /// For how long it was waited since anything came, even what was asked for; while nobody reads, nothing can.
  private var deafness = Duration.zero
  private var acknowledgements = 0
  private var late = StreamLag()
  /// Where a run ends that reads no further than what is there when it begins.
  private var end: LSN?
  /// Whether the place where reading begins is still to be given out.
  private var isFresh = false
  /// The tables that were made again, and of which the target is to be emptied.
  private var remade: [Int] = []
  /// Whether there are other tables than those that are followed.
  private var hasOtherTables = false

  init(_ settings: StreamSettings, _ context: Context) {
    self.settings = settings
    self.context = context
  }

  // MARK: - Opening

  func tables(at position: Position?) throws(ConnectorError) -> [SourceTable] {
    let connection = try PostgresConnection(settings.url, Patience(timeout: settings.timeout))
    let roster = try begun(position)?.tables
    try streamed.look(settings, context, StreamClerk(connection: connection), since: roster)
    hasOtherTables = false
    return streamed.list.tables
  }

  /// nil where nothing was read yet.
  private func begun(_ position: Position?) throws(ConnectorError) -> StreamPlace? {
    guard let position, position != .start else { return nil }
    return try StreamPlace(position)
  }

  func open(at position: Position?) async throws(ConnectorError) {
    await close()
    let connection = try PostgresConnection(settings.url, Patience(timeout: settings.timeout))
    let clerk = StreamClerk(connection: connection)
    self.clerk = clerk
    var place = try begun(position)
    if streamed.tables.isEmpty { try streamed.look(settings, context, clerk, since: place?.tables) }
    streamed.publish(try clerk.publication(settings.publication.text))
    isFresh = place == nil
    let news = take(&place)
    let opening = StreamOpening(
      settings: settings, context: context, clerk: clerk, tables: streamed, newTables: news.map(\.table))
    let start = try await self.start(opening, at: place)
    self.place = start.place
    tell(news)
    if context.endsOnceRead { end = try clerk.written }
    try await begin(start)
  }

  /// A table that is followed from here on.
  private struct News {
    var table: StreamTable
    var index: Int
    var standing: Roster.Standing
  }

  /// Puts tables that came along, or were made again, into the place that is the first to be given out.
  private func take(_ place: inout StreamPlace?) -> [News] {
    remade = []
    guard let roster = place?.tables else {
      place?.tables = Roster(streamed.tables)
      return []
    }
    var news: [News] = []
    for (index, table) in streamed.tables.enumerated() {
      let standing = roster.standing(of: table)
      if standing == .followed { continue }
      place?.follow(table, isRead: settings.load != nil)
      if standing == .remade { remade.append(index) }
      news.append(News(table: table, index: index, standing: standing))
    }
    if !news.isEmpty { isFresh = true }
    return news
  }

  private func tell(_ news: [News]) {
    for new in news {
      let rows =
        settings.load == nil
        ? "changes from now on are read, rows that are there already are not: `millrace backfill` loads them"
        : "its rows are read, and then its changes"
      context.note(
        "\(new.table.name) \(new.standing.text)\(new.standing == .remade ? ": the target is emptied of it" : ""): \(rows)."
      )
    }
  }

  /// Waits for a slot that a run which was killed still holds: the server lets go of it when it notices.
  private func start(
    _ opening: StreamOpening, at place: StreamPlace?
  ) async throws(ConnectorError) -> StreamOpening.Start {
    var looks = 0
    while true {
      do throws(ConnectorError) {
        let start = try opening.start(at: place, after: seenSlot)
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
    fixed.filters = streamed.filters
    fixed.loads = start.place.loads ?? streamed.tables.map { "\($0.name)" }
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
    quietSince = context.now()
    deafness = .zero
    let conversation = StreamConversation(at: place.stream, ignoring: settings.ignoredOrigins)
    let (streamed, book, settings, context) = (streamed, book, settings, context)
    let reader = StreamReader(connection, conversation) { relation, isKnown throws(ConnectorError) in
      let number = try streamed.number(relation, isKnown: isKnown, clerk, book, settings.onSchemaChange, context.note)
      if number == nil, streamed.mayBeNew(relation, settings, context),
        try streamed.haveChanged(settings, context, clerk)
      {
        throw .tablesChanged
      }
      return number
    } mend: { number, message throws(ConnectorError) in
      try KeyChange(relation: book[number], clerk: clerk).mended(message)
    }
    if let durable { try reader.acknowledged(durable) }
    return reader
  }

  // MARK: - Reading

  func next(into batch: Batch) async throws(ConnectorError) -> Next {
    if isFresh {
      // Nothing was read, and it is known where the stream begins (Invariant 6), or which tables are followed from here on.
      isFresh = false
      for index in remade { empty(index, batch) }
      remade = []
      return complete(batch)
    }
    if hasOtherTables, place.stream.inside == nil { return .reopen }
    do throws(ConnectorError) {
      return try await read(into: batch)
    } catch {
      if error.code == ConnectorError.tablesChangedCode { return .reopen }
      throw error
    }
  }

  /// Says that a table has lost all its rows: it was dropped.
  private func empty(_ index: Int, _ batch: Batch) {
    let table = streamed.tables[index]
    let begin = OutputMessage.Begin(
      commit: place.stream.lsn, time: (context.wallTime() - 946_684_800_000) * 1_000, transaction: 0)
    begin.bytes.withUnsafeBytes { StreamFrames.append(.transaction, $0, to: &batch.bytes) }
    let version = RelationVersion(
      table: index, schema: table.name.schema ?? "", name: table.name.name, columns: [], kinds: [], key: [],
      hasWholeOldRows: false)
    // No transaction of the source has it, so what tells it from others is the table.
    StreamFrames.append(.truncate, number: book.number(of: version), count: Int64(table.id), to: &batch.bytes)
  }

  private func read(into batch: Batch) async throws(ConnectorError) -> Next {
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
    case .idle, .reopen: return .idle
    case .batch:
      place.load = batch.position
      batch.position = place.position
      return .batch
    case .end:
      await source.close()
      (place.load, place.loads) = (nil, nil)
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
      deafness = .zero
      quietSince = context.now()
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
    if context.now() - quietSince >= (isWaitedFor ? Self.quiet : settings.heartbeat) {
      quietSince = context.now()
      isDue = true
      try reader.tell(wantsReply: true)
      try check()
    }
    guard isDue, reader.hasMoved else { return .idle }
    return complete(batch, reader)
  }

  /// Looks whether the tables are still the same.
  private func check() throws(ConnectorError) {
    guard let clerk, !hasOtherTables else { return }
    hasOtherTables = try streamed.haveChanged(settings, context, clerk)
  }

  private func wait(for reader: StreamReader) throws(ConnectorError) -> Bool {
    if try reader.wait(Int32(Self.glance.components.attoseconds / 1_000_000_000_000_000)) {
      deafness = .zero
      return true
    }
    deafness += Self.glance
    // An answer is asked for with each heartbeat, so one is missing for as long as patience lasts: the connection may be
    // half open, which no error would ever tell (Invariant 8).
    if deafness >= settings.heartbeat + settings.timeout { throw reader.giveUp(after: deafness) }
    return false
  }

  private func complete(_ batch: Batch, _ reader: StreamReader) -> Next {
    let committed = reader.firstTime
    place.stream = reader.takePosition()
    hasOtherTables = hasOtherTables || reader.hasSeenNewTable
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
    if acknowledgements.isMultiple(of: Self.checkEvery) { try check() }
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
