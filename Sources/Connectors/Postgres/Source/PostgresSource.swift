import ConnectorKit
import Glibc
import Records
import Synchronization

/// A source's settings, read.
struct SourceSettings: Sendable {
  var url: Secret
  /// Names and patterns.
  var tables: [String]
  var conditions = RowConditions.none
  /// The most rows that one statement reads.
  var chunkRows: Int
  /// How many ranges are read at the same time.
  var chunksAtOnce: Int
  var timeout: Duration
  /// What the rows are read from; nil: as they are when they are read.
  var snapshot: String?
  /// The names of the only tables that are read; nil: all.
  var loads: [String]?
  /// For some tables the only columns that are read.
  var published: [String: [String]] = [:]
  /// For some tables a condition in SQL that the rows meet that are read, beside what the pipeline asks for.
  var filters: [String: String] = [:]
  /// The only columns that are read, beside those that a key is made of; nil: all.
  var only: [String]?
}

/// Reads all rows of its tables, one table after the other in the order of their foreign keys.
actor PostgresSource: Source {
  /// How long one wait for the server lasts before a stop is looked for, in milliseconds.
  private static let glance: Int32 = 100
  /// How long the server is silent before a batch with room left goes on, in milliseconds.
  private static let lull: Int32 = 2
  /// One part in so many of a batch is left for text that decoding makes, so that its memory does not grow.
  private static let spareShare = 4

  private let settings: SourceSettings
  private let context: Context
  private nonisolated let schemas = Mutex<[TableSchema]>([])

  private var list = TableList([])
  private var progress = SnapshotProgress()
  private var connections: [PostgresConnection] = []
  private var surveyor: PostgresConnection?
  /// The table that is being read.
  private var reader: TableReader?
  private var table = 0
  /// How long no connection has brought anything.
  private var silence = Duration.zero

  init(_ settings: SourceSettings, _ context: Context) {
    self.settings = settings
    self.context = context
  }

  // MARK: - Opening

  func tables(at position: Position?) throws(ConnectorError) -> [SourceTable] {
    try look(try connect())
    return list.tables
  }

  /// Learns what the tables are now.
  private func look(_ connection: PostgresConnection) throws(ConnectorError) {
    var found = try SourceTables(patterns: settings.tables, wants: context.wants).find(connection)
    for index in found.schemas.indices {
      guard let published = settings.published["\(found.schemas[index].name)"] else { continue }
      found.schemas[index].columns.removeAll { !published.contains($0.name) }
    }
    if let only = settings.only {
      for index in found.schemas.indices {
        let needed = only + found.schemas[index].primaryKey + found.schemas[index].uniqueKeys.joined()
        found.schemas[index].columns.removeAll { !needed.contains($0.name) }
      }
    }
    for key in [context.part.from, context.part.to].compactMap(\.self) { try checkKey(key, found.schemas) }
    schemas.withLock { $0 = found.schemas }
    list = TableList(found.schemas.map(\.sourceTable))
    if let problem = settings.conditions.problem(with: list.tables) {
      throw ConnectorError(problem.code, "\(problem.message).", remedy: .stop, hint: problem.hint)
    }
    for schema in found.schemas { try SourceTables.check(query(of: schema), of: schema.name, connection) }
    guard found.schemas.count > 1 || !found.circles.isEmpty else { return }
    for name in found.circles {
      context.note(
        "The foreign keys of \(name) lead in a circle: some rows come before those that they refer to. A target that "
          + "has these keys needs `foreign_keys: off`.")
    }
  }

  /// A bound of a backfill must be a key of the one table.
  private func checkKey(_ key: [String], _ schemas: [TableSchema]) throws(ConnectorError) {
    let names = schemas.first.map { SnapshotQuery($0, condition: nil).key.map(\.name) } ?? []
    if schemas.count == 1, names.count == key.count { return }
    throw ConnectorError(
      "backfill.bad_key",
      schemas.count == 1
        ? "The key of \(schemas[0].name) has \(names.count) columns (\(names.joined(separator: ", "))), and the bound has \(key.count)."
        : "A range of keys is one table's, and the source reads \(schemas.count).", remedy: .stop,
      hint: schemas.count > 1
        ? "Load tables in shards: --shard 1/8, or write a pipeline for the one table."
        : "Write the columns of a key in its order as a JSON array: --from '[\"a\", 1]'.")
  }

  func open(at position: Position?) throws(ConnectorError) {
    close()
    let connection = try connect()
    if list.tables.isEmpty { try look(connection) }
    progress = SnapshotProgress()
    if let position, position != .start {
      progress = try SnapshotProgress(position)
      restart()
    }
    connections = [connection]
    if settings.chunksAtOnce > 1 {
      for _ in 1..<settings.chunksAtOnce { connections.append(try connect()) }
      surveyor = try connect()
    }
  }

  private func query(of schema: TableSchema) -> SnapshotQuery {
    let conditions = [settings.conditions.condition(for: schema.sourceTable), settings.filters["\(schema.name)"]]
    let given = conditions.compactMap { $0.map { "(\($0))" } }
    return SnapshotQuery(schema, condition: given.isEmpty ? nil : given.joined(separator: " AND "), context.part)
  }

  private func connect() throws(ConnectorError) -> PostgresConnection {
    let connection = try PostgresConnection(settings.url, Patience(timeout: settings.timeout))
    guard let snapshot = settings.snapshot else { return connection }
    do throws(PostgresError) {
      try connection.run(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT "
          + SQLText.quoted(snapshot))
    } catch {
      throw error.connectorError("The snapshot at \(connection.address)")
    }
    return connection
  }

  /// What reading that was begun goes on with.
  private func restart() {
    for schema in schemas.withLock({ $0 }) {
      guard let begun = progress.tables.first(where: { $0.table == "\(schema.name)" }), !begun.isDone else { continue }
      switch query(of: schema).order {
      case .key: break
      case .place where begun.frontier != nil:
        context.note(
          "\(begun.table) has no key: reading goes on at row place \(begun.frontier?.first ?? ""). Rows that were "
            + "changed since the last run may be missed or come twice.")
      default:
        context.note("\(begun.table) has neither a key nor places: it is read from its begin again.")
        progress.tables.removeAll { $0.table == begun.table }
      }
    }
  }

  // MARK: - Reading

  func next(into batch: Batch) throws(ConnectorError) -> Next {
    guard !connections.isEmpty else {
      throw ConnectorError("postgres.not_open", "The source is not open.", remedy: .stop)
    }
    do throws(PostgresError) {
      while !Task.isCancelled {
        if reader == nil { reader = try nextTable() }
        guard let reader else { return .end }
        switch try reader.fill(batch, upTo: context.batchBytes - context.batchBytes / Self.spareShare) {
        case .full: return complete(batch, reader)
        // Rows come faster than the server sends small pieces of them: a batch of few costs as much as a full one.
        case .some: if try !wait(for: [reader.current], Self.lull) { return complete(batch, reader) }
        case .nothing:
          if reader.isDone {
            try leave(reader)
          } else if !reader.busy.isEmpty {
            _ = try wait(for: reader.busy, Self.glance)
          }
        }
      }
      // An idle source leaves the batch as it was.
      if let reader, !batch.bytes.isEmpty { return complete(batch, reader) }
      return .idle
    } catch {
      throw error.connectorError(reader?.progress.table ?? "The tables")
    }
  }

  /// Begins the next table that is not done.
  private func nextTable() throws(PostgresError) -> TableReader? {
    let schemas = schemas.withLock { $0 }
    while table < schemas.count {
      let schema = schemas[table]
      guard isRead(schema) else {
        table += 1
        continue
      }
      let begun = progress.tables.first { $0.table == "\(schema.name)" } ?? TableProgress(table: "\(schema.name)")
      if !begun.isDone {
        return try TableReader(
          query(of: schema), begun, chunkRows: settings.chunkRows, connections, surveyor: surveyor)
      }
      table += 1
    }
    return nil
  }

  private func isRead(_ schema: TableSchema) -> Bool { settings.loads?.contains("\(schema.name)") ?? true }

  private func leave(_ done: TableReader) throws(PostgresError) {
    progress.update(done.progress)
    try done.end()
    reader = nil
    table += 1
  }

  private func complete(_ batch: Batch, _ reader: TableReader) -> Next {
    reader.complete(batch)
    progress.update(reader.progress)
    batch.inputBytes = batch.bytes.count
    batch.origin = Origin(name: reader.progress.table, columns: reader.query.columns)
    batch.position = progress.position
    batch.tables = list
    return .batch
  }

  /// Waits until the server has sent something on one of the connections, or for so many milliseconds.
  ///
  /// - Returns: whether something came.
  private func wait(for busy: [RangeReader], _ time: Int32) throws(PostgresError) -> Bool {
    var sockets = busy.map { pollfd(fd: $0.connection.socket, events: Int16(POLLIN), revents: 0) }
    let found = poll(&sockets, nfds_t(sockets.count), time)
    silence = found == 0 ? silence + .milliseconds(Int(time)) : .zero
    if silence < settings.timeout { return found > 0 }
    for reader in busy.dropFirst() { _ = reader.connection.giveUp(after: silence) }
    if let first = busy.first { throw first.connection.giveUp(after: silence) }
    return false
  }

  // MARK: - The rest

  nonisolated func makeDecoder() -> any Decoder { TablesDecoder(schemas.withLock { $0 }) }

  /// Tables keep what was read.
  func acknowledge(_ positions: [Position]) {}

  func extent() -> Extent? {
    let schemas = schemas.withLock { $0 }
    guard settings.conditions.isEmpty, context.part.isWhole || context.part.shard != nil else { return nil }
    var total: UInt64 = 0
    for schema in schemas where isRead(schema) {
      guard let rows = schema.estimatedRows else { return nil }
      total += max(rows, UInt64(progress.tables.first { $0.table == "\(schema.name)" }?.rows ?? 0))
    }
    return Extent(unit: .rows, total: total, done: UInt64(progress.tables.reduce(0) { $0 + $1.rows }))
  }

  func close() {
    reader?.cancel()
    reader = nil
    connections = []
    surveyor = nil
    table = 0
    silence = .zero
  }
}
