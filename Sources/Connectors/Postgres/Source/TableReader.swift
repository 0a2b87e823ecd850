import ConnectorKit
import Records

/// Reads all rows of one table, in ranges of its key.
///
/// Belongs to the source's lane.
final class TableReader {
  let query: SnapshotQuery
  private(set) var progress: TableProgress
  private let chunkRows: Int
  private let readers: [RangeReader]
  /// Finds where ranges end, where several are read at once.
  private let surveyor: PostgresConnection?
  /// The reader whose turn it is.
  private var turn = 0

  /// - Parameter connections: of the source; a table without a key takes one of them.
  init(
    _ query: SnapshotQuery, _ progress: TableProgress, chunkRows: Int, _ connections: [PostgresConnection],
    surveyor: PostgresConnection?
  ) throws(PostgresError) {
    self.query = query
    self.progress = progress
    self.chunkRows = chunkRows
    if query.key.isEmpty {
      readers = connections.prefix(1).map { RangeReader($0) }
      self.surveyor = nil
      if let only = connections.first { try Self.beginPass(only) }
    } else {
      readers = connections.map { RangeReader($0) }
      self.surveyor = connections.count > 1 ? surveyor : nil
    }
  }

  /// Rows without a key are read as they were at one instant.
  private static func beginPass(_ connection: PostgresConnection) throws(PostgresError) {
    try connection.run(
      "SET synchronize_seqscans = off; SET max_parallel_workers_per_gather = 0; "
        + "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
  }

  var isDone: Bool { progress.isDone && busy.isEmpty }

  /// The readers that something is expected from.
  var busy: [RangeReader] { readers.filter { $0.work != nil } }

  /// The reader whose rows the batch at hand has.
  var current: RangeReader { readers[turn] }

  /// Leaves what was begun on the connections.
  func end() throws(PostgresError) {
    if query.key.isEmpty, let only = readers.first { try only.connection.run("COMMIT") }
  }

  func cancel() {
    for reader in busy { reader.connection.cancel() }
  }

  /// What ``fill(_:upTo:)`` came to.
  enum Filled {
    /// The batch holds as much as it should, or all of its range.
    case full
    /// The batch has rows, and there is room for more of the same range.
    case some
    /// Nothing has arrived.
    case nothing
  }

  /// Gives every idle reader something to read, as long as there is something, and asks for rows that have arrived: each
  /// reader once, or the one whose rows the batch has already. A batch that is handed on must be told to ``complete(_:)``.
  func fill(_ batch: Batch, upTo bytesMax: Int) throws(PostgresError) -> Filled {
    try giveOut()
    return try batch.bytes.isEmpty ? fillInTurn(batch, upTo: bytesMax) : fill(current, batch, upTo: bytesMax)
  }

  private func giveOut() throws(PostgresError) {
    for reader in readers where reader.work == nil {
      let taken = readers.compactMap { reader in
        if case .range(let range) = reader.work { range } else { nil }
      }
      if let range = progress.open.first(where: { !taken.contains($0) }) {
        try reader.begin(.range(range), query.copy(range, limit: nil), limit: nil)
      } else if progress.isAtEnd {
        continue
      } else if let surveyor {
        try openRange(surveyor)
        if let range = progress.open.last { try reader.begin(.range(range), query.copy(range, limit: nil), limit: nil) }
      } else {
        let rest = TableProgress.Range(after: progress.frontier, to: nil)
        let limit = query.key.isEmpty ? nil : chunkRows
        try reader.begin(.tail, query.copy(rest, limit: limit), limit: limit)
      }
    }
  }

  /// Opens the next range behind the frontier.
  private func openRange(_ surveyor: PostgresConnection) throws(PostgresError) {
    let found = try surveyor.query(query.boundary(after: progress.frontier, rows: chunkRows)).rows.first
    let to = found.map { $0.compactMap(\.self) }
    progress.open.append(TableProgress.Range(after: progress.frontier, to: to))
    if let to { progress.frontier = to } else { progress.isAtEnd = true }
  }

  /// Asks each reader once, beginning with the one whose turn it is.
  private func fillInTurn(_ batch: Batch, upTo bytesMax: Int) throws(PostgresError) -> Filled {
    for _ in readers.indices {
      turn = (turn + 1) % readers.count
      let filled = try fill(current, batch, upTo: bytesMax)
      if filled != .nothing { return filled }
    }
    return .nothing
  }

  private func fill(_ reader: RangeReader, _ batch: Batch, upTo bytesMax: Int) throws(PostgresError) -> Filled {
    if reader.work == nil { return .nothing }
    switch try reader.fill(batch, upTo: bytesMax) {
    case .full: return .full
    case .waiting: return batch.bytes.isEmpty ? .nothing : .some
    case .end:
      if !batch.bytes.isEmpty { return .full }
      finish(reader)
      return .nothing
    }
  }

  /// The batch is handed on as it is: what is read from now on comes behind it.
  func complete(_ batch: Batch) {
    let reader = current
    advance(reader, reader.takeRows(), batch)
    if reader.isAtEnd { finish(reader) }
  }

  /// Moves the reader's cursor behind the last row of the batch.
  private func advance(_ reader: RangeReader, _ count: Int, _ batch: Batch) {
    progress.rows += Int64(count)
    let key = query.cursor(of: batch.bytes.bytes, reader.lastRow..<batch.bytes.count)
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
}
