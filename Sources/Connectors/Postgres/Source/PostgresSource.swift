import ConnectorKit
import Glibc
import Records
import Synchronization

/// A source's settings, read.
struct SourceSettings: Sendable {
  var url: Secret
  var table: TableName
  var condition: String?
  /// The most rows that one statement reads.
  var chunkRows: Int
  /// How many ranges are read at the same time.
  var chunksAtOnce: Int
  var timeout: Duration
}

/// Reads all rows of a table, in ranges of its key.
actor PostgresSource: Source {
  /// How long one wait for the server lasts before a stop is looked for, in milliseconds.
  private static let glance: Int32 = 100

  private let settings: SourceSettings
  private let context: Context
  private nonisolated let schema = Mutex<TableSchema?>(nil)

  private var query: SnapshotQuery?
  private var progress: SnapshotProgress
  private var readers: [RangeReader] = []
  /// Finds where ranges end, where several are read at once.
  private var surveyor: PostgresConnection?
  /// The reader whose turn it is.
  private var turn = 0
  /// How long no connection has brought anything.
  private var silence = Duration.zero

  init(_ settings: SourceSettings, _ context: Context) {
    self.settings = settings
    self.context = context
    progress = SnapshotProgress(table: "\(settings.table)")
  }

  // MARK: - Opening

  func open(at position: Position?) throws(ConnectorError) {
    close()
    let connection = try connect()
    let schema = try find(connection)
    let query = SnapshotQuery(schema, condition: settings.condition)
    self.schema.withLock { $0 = schema }
    self.query = query
    progress = SnapshotProgress(table: "\(schema.name)")
    if let position, position != .start {
      progress = try SnapshotProgress(position, table: progress.table)
      resume(query)
    }
    readers = [RangeReader(connection)]
    if query.key.isEmpty {
      try onePass(connection)
    } else if settings.chunksAtOnce > 1 {
      for _ in 1..<settings.chunksAtOnce { readers.append(RangeReader(try connect())) }
      surveyor = try connect()
    }
  }

  private func connect() throws(ConnectorError) -> PostgresConnection {
    try PostgresConnection(settings.url, Patience(timeout: settings.timeout))
  }

  private func find(_ connection: PostgresConnection) throws(ConnectorError) -> TableSchema {
    do throws(PostgresError) {
      if let found = try TableSchema.read(settings.table, connection) { return found }
    } catch {
      throw error.connectorError("\(settings.table) at \(connection.address)")
    }
    throw ConnectorError(
      "postgres.undefined_table", "There is no table \(settings.table) at \(connection.address).", remedy: .stop,
      hint: "Correct its name; upper and lower case count, and a schema other than the search path's is named.")
  }

  private func resume(_ query: SnapshotQuery) {
    guard !progress.isDone else { return }
    switch query.order {
    case .key: break
    case .place where progress.frontier != nil:
      context.note(
        "\(progress.table) has no key: reading goes on at row place \(progress.frontier?.first ?? ""). Rows that were "
          + "changed since the last run may be missed or come twice.")
    default:
      context.note("\(progress.table) has neither a key nor places: it is read from its begin again.")
      progress = SnapshotProgress(table: progress.table)
    }
  }

  /// Rows without a key are read as they were at one instant.
  private func onePass(_ connection: PostgresConnection) throws(ConnectorError) {
    do throws(PostgresError) {
      try connection.run(
        "SET synchronize_seqscans = off; SET max_parallel_workers_per_gather = 0; "
          + "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    } catch {
      throw error.connectorError("\(progress.table) at \(connection.address)")
    }
  }

  // MARK: - Reading

  func next(into batch: Batch) throws(ConnectorError) -> Next {
    guard let query else { throw ConnectorError("postgres.not_open", "The source is not open.", remedy: .stop) }
    do throws(PostgresError) {
      while !Task.isCancelled {
        try giveOut(query)
        if progress.isDone, readers.allSatisfy({ $0.work == nil }) { return .end }
        if try fillInTurn(batch, query) { return .batch }
        try wait()
      }
      return .idle
    } catch {
      throw error.connectorError(progress.table)
    }
  }

  /// Gives every idle reader something to read, as long as there is something.
  private func giveOut(_ query: SnapshotQuery) throws(PostgresError) {
    for reader in readers where reader.work == nil {
      let taken = readers.compactMap { reader in
        if case .range(let range) = reader.work { range } else { nil }
      }
      if let range = progress.open.first(where: { !taken.contains($0) }) {
        try reader.begin(.range(range), query.copy(range, limit: nil), limit: nil)
      } else if progress.isAtEnd {
        continue
      } else if let surveyor {
        try openRange(query, surveyor)
        if let range = progress.open.last { try reader.begin(.range(range), query.copy(range, limit: nil), limit: nil) }
      } else {
        let rest = SnapshotProgress.Range(after: progress.frontier, to: nil)
        let limit = query.key.isEmpty ? nil : settings.chunkRows
        try reader.begin(.tail, query.copy(rest, limit: limit), limit: limit)
      }
    }
  }

  /// Opens the next range behind the frontier.
  private func openRange(_ query: SnapshotQuery, _ surveyor: PostgresConnection) throws(PostgresError) {
    let found = try surveyor.query(query.boundary(after: progress.frontier, rows: settings.chunkRows)).rows.first
    let to = found.map { $0.compactMap(\.self) }
    progress.open.append(SnapshotProgress.Range(after: progress.frontier, to: to))
    if let to { progress.frontier = to } else { progress.isAtEnd = true }
  }

  /// Asks each reader once, beginning with the one whose turn it is.
  private func fillInTurn(_ batch: Batch, _ query: SnapshotQuery) throws(PostgresError) -> Bool {
    for _ in readers.indices {
      turn = (turn + 1) % readers.count
      let reader = readers[turn]
      if reader.work == nil { continue }
      let before = reader.rows
      let filled = try reader.fill(batch, upTo: context.batchBytes)
      let count = reader.rows - before
      if count > 0 { advance(reader, count, batch, query) }
      if filled == .end { finish(reader) }
      if count > 0 {
        complete(batch)
        return true
      }
    }
    return false
  }

  /// Moves the reader's cursor behind the last row of the batch.
  private func advance(_ reader: RangeReader, _ count: Int, _ batch: Batch, _ query: SnapshotQuery) {
    progress.rows += Int64(count)
    let key = CopyLine.cells(query.cursor, ofLastLineOf: batch.bytes.bytes)
    switch reader.work {
    case .range(let range):
      guard let index = progress.open.firstIndex(of: range) else { return }
      progress.open[index].after = key
      reader.move(to: progress.open[index])
    case .tail: progress.frontier = key
    case nil: break
    }
  }

  private func finish(_ reader: RangeReader) {
    switch reader.work {
    case .range(let range): progress.open.removeAll { $0 == range }
    case .tail: progress.isAtEnd = reader.limit.map { reader.rows < $0 } ?? true
    case nil: break
    }
    progress.rangesDone += 1
    reader.end()
  }

  private func complete(_ batch: Batch) {
    batch.inputBytes = batch.bytes.count
    batch.origin = Origin(name: progress.table, columns: query?.columns)
    batch.position = progress.position
  }

  /// Waits until the server has sent something on one of the connections, or for a moment.
  private func wait() throws(PostgresError) {
    let busy = readers.filter { $0.work != nil }
    var sockets = busy.map { pollfd(fd: $0.connection.socket, events: Int16(POLLIN), revents: 0) }
    let found = poll(&sockets, nfds_t(sockets.count), Self.glance)
    silence = found == 0 ? silence + .milliseconds(Int(Self.glance)) : .zero
    if silence < settings.timeout { return }
    for reader in busy.dropFirst() { _ = reader.connection.giveUp(after: silence) }
    if let first = busy.first { throw first.connection.giveUp(after: silence) }
  }

  // MARK: - The rest

  nonisolated func makeDecoder() -> any Decoder {
    let schema = schema.withLock { $0 }
    let key = schema.map { SnapshotQuery($0, condition: nil).key.map(\.index) }
    return PostgresDecoder(schema?.columns ?? [], key: key ?? [])
  }

  /// Tables keep what was read.
  func acknowledge(_ positions: [Position]) {}

  func extent() -> Extent? {
    guard settings.condition == nil, let rows = schema.withLock({ $0?.estimatedRows }) else { return nil }
    return Extent(unit: .rows, total: max(rows, UInt64(progress.rows)), done: UInt64(progress.rows))
  }

  func close() {
    for reader in readers where reader.work != nil { reader.connection.cancel() }
    readers = []
    surveyor = nil
    query = nil
    turn = 0
    silence = .zero
  }
}
