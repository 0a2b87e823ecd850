import ConnectorKit
import Records

/// Stores the rows of one write inside a transaction that is open.
struct TableWriter {
  /// What is expected of the rows.
  struct Care: Equatable {
    /// Streams whose keys may stand twice, or whose rows that a version kept out must be known.
    var ordersRows: Set<Int> = []
    /// One table's rows may need another's to be there, or gone, before them.
    var keepsOrder = false
    /// Rows may be refused: each part is stored behind a savepoint, and halved until the bad rows are found.
    var isolatesRows = false
    /// Refused rows are tried once more when the others are there, which they may refer to.
    var retriesRefused = false
    /// Rows that are known to be refused, and are left out.
    var leavesOut: Set<Int> = []

    /// How to go about it after it failed; nil where care does not help.
    ///
    /// - Parameters:
    ///   - stream: whose rows failed.
    ///   - grouped: whether rows were stored in another order than theirs.
    func more(after error: PostgresError, in stream: Int, grouped: Bool) -> Care? {
      var care = self
      if error.isRepeatedKey {
        care.ordersRows.insert(stream)
      } else if error.isAboutRow, grouped {
        care.keepsOrder = true
      } else if error.isAboutRow {
        care.isolatesRows = true
      }
      return care == self ? nil : care
    }
  }

  /// The temporary tables that it needs.
  struct Stages { var plain = false, ordered = false }

  let rows: WriteRows
  let tables: [TargetTable]
  let connection: PostgresConnection
  let care: Care
  private(set) var written = Written()
  /// The refused rows, each by itself.
  private var refused: [WriteRows.Segment] = []
  /// Whether a row that was refused was good once the others were there.
  private(set) var foundGood = false
  /// The stream whose rows are being stored.
  private(set) var stream = 0
  private let segments: [WriteRows.Segment]
  /// Streams whose stages hold rows of this write.
  private var usedStages: Set<Int> = []
  private var usedOrdered: Set<Int> = []

  /// - Parameter hasUsedStages: whether the transaction holds rows of an earlier write.
  init(
    _ rows: WriteRows, into tables: [TargetTable], _ connection: PostgresConnection, _ care: Care,
    hasUsedStages: Bool = false
  ) {
    self.rows = rows
    self.tables = tables
    self.connection = connection
    self.care = care
    usedStages = hasUsedStages ? Set(tables.indices) : []
    usedOrdered = usedStages
    segments = rows.segments.flatMap { $0.without(care.leavesOut) }
  }

  /// The places of the rows that are refused for good.
  var refusedRows: Set<Int> { Set(refused.map(\.rows.lowerBound)) }

  private var layout: RowLayout { tables[stream].layout }
  private var statements: TargetStatements { tables[stream].statements }
  private var mode: PostgresTargetConnector.Mode { tables[stream].settings.mode }

  /// The streams that have rows, and the temporary tables that each of them needs.
  var stages: [Int: Stages] {
    var stages: [Int: Stages] = [:]
    for segment in segments {
      switch way(of: segment) {
      case .direct, .truncate: stages[segment.stream, default: Stages()].plain = stages[segment.stream]?.plain ?? false
      case .staged: stages[segment.stream, default: Stages()].plain = true
      case .ordered: stages[segment.stream, default: Stages()].ordered = true
      }
    }
    return stages
  }

  /// - Returns: false where it must be done again with the rows in order, because some seem to be stale.
  mutating func run() throws(PostgresError) -> Bool {
    if goesByTable { return try storeByTable() }
    for segment in segments {
      stream = segment.stream
      guard try care.isolatesRows ? storeHalving(segment) : store(segment) else { return false }
    }
    return try care.retriesRefused ? retryRefused() : true
  }

  // MARK: - By table

  /// Whether the rows of each table go through its stage at once.
  private var goesByTable: Bool {
    guard rows.isGrouped, Set(segments.map(\.stream)).count == segments.count else { return false }
    return segments.allSatisfy { segment in
      let way = way(of: segment)
      return segment.shape.set == nil && (way == .staged || way == .ordered)
    }
  }

  /// Of several tables, rows go from the last to the first, and come from the first to the last: what refers to a row goes
  /// before it and comes behind it.
  private mutating func storeByTable() throws(PostgresError) -> Bool {
    var merges: [(segment: WriteRows.Segment, statements: [String])] = []
    for segment in segments {
      stream = segment.stream
      merges.append((segment, try fill(segment)))
    }
    for (segment, statements) in merges.reversed() where statements.count > 1 {
      stream = segment.stream
      for statement in statements.dropLast() { try connection.run(statement) }
    }
    for (segment, statements) in merges {
      stream = segment.stream
      guard let last = statements.last else { continue }
      let stored = try connection.run(last)
      if way(of: segment) == .staged, layout.version != nil, stored != segment.rows.count { return false }
    }
    return true
  }

  /// Puts rows into their stage.
  ///
  /// - Returns: what takes them from there into the table; the last of it brings rows, what stands before takes some away.
  private mutating func fill(_ segment: WriteRows.Segment) throws(PostgresError) -> [String] {
    if way(of: segment) == .staged {
      try fillStage(segment)
      return [statements.upsert]
    }
    return try fillOrdered(segment)
  }

  // MARK: - Bad rows

  /// Rows that referred to others which came behind them are good now: as long as that is so for one of them.
  private mutating func retryRefused() throws(PostgresError) -> Bool {
    while !refused.isEmpty {
      let again = refused
      (refused, written.rejections) = ([], [])
      for segment in again {
        stream = segment.stream
        guard try storeHalving(segment) else { return false }
      }
      if refused.count == again.count { break }
      foundGood = true
    }
    return true
  }

  private mutating func storeHalving(_ segment: WriteRows.Segment) throws(PostgresError) -> Bool {
    let before = written
    do throws(PostgresError) {
      try connection.run("SAVEPOINT millrace")
      let isDone = try store(segment)
      try connection.run("RELEASE SAVEPOINT millrace")
      return isDone
    } catch {
      guard error.isAboutRow, !segment.rows.isEmpty else { throw error }
      written = before
      try connection.run("ROLLBACK TO SAVEPOINT millrace; RELEASE SAVEPOINT millrace")
      // What the stages hold went with the savepoint.
      return try storeWithout(bad: error, segment)
    }
  }

  private mutating func storeWithout(
    bad error: PostgresError, _ segment: WriteRows.Segment
  ) throws(PostgresError) -> Bool {
    let range = segment.rows
    if range.count == 1 {
      reject(range.lowerBound, error, segment)
      return true
    }
    var parts: [Range<Int>]
    if let bad = badRow(error, segment) {
      reject(bad, error, segment)
      parts = [range.lowerBound..<bad, bad + 1..<range.upperBound]
    } else {
      let middle = range.lowerBound + range.count / 2
      parts = [range.lowerBound..<middle, middle..<range.upperBound]
    }
    for part in parts where !part.isEmpty {
      guard try storeHalving(WriteRows.Segment(rows: part, stream: segment.stream, shape: segment.shape)) else {
        return false
      }
    }
    return true
  }

  /// The row at COPY's line, where the server names it and all rows went through one COPY.
  private func badRow(_ error: PostgresError, _ segment: WriteRows.Segment) -> Int? {
    guard let line = error.copyLine, rows.runs(in: segment.rows).count == 1 else { return nil }
    let row = segment.rows.lowerBound + line - 1
    return segment.rows.contains(row) ? row : nil
  }

  private mutating func reject(_ row: Int, _ error: PostgresError, _ segment: WriteRows.Segment) {
    refused.append(WriteRows.Segment(rows: row..<row + 1, stream: segment.stream, shape: segment.shape))
    let message = error.detail.map { "\(error.message) (\($0))" } ?? error.message
    written.rejections.append(
      Rejection(place: rows.place(of: row), code: error.code, field: error.column, message: message))
  }

  // MARK: - Storing

  private enum Way { case direct, staged, ordered, truncate }

  private func way(of segment: WriteRows.Segment) -> Way {
    let mode = tables[segment.stream].settings.mode
    switch segment.shape {
    case .truncate: return .truncate
    case .partial where mode == .insert, .binaryPartial where mode == .insert: return .direct
    case .partial, .binaryPartial: return .ordered
    case .full, .binary, .delete, .binaryDelete: break
    }
    let hasDeletes = rows.runs(in: segment.rows).contains { $0.shape.isDelete }
    if mode == .insert { return hasDeletes ? .ordered : .direct }
    return hasDeletes || care.ordersRows.contains(segment.stream) ? .ordered : .staged
  }

  private mutating func store(_ segment: WriteRows.Segment) throws(PostgresError) -> Bool {
    switch way(of: segment) {
    case .truncate: try connection.run(statements.truncate)
    case .direct: try copyRuns(of: segment.rows, into: statements.table)
    case .staged: return try storeStaged(segment)
    case .ordered: try storeOrdered(segment)
    }
    return true
  }

  private mutating func storeStaged(_ segment: WriteRows.Segment) throws(PostgresError) -> Bool {
    try fillStage(segment)
    let stored = try connection.run(statements.upsert)
    return layout.version == nil || stored == segment.rows.count
  }

  private mutating func fillStage(_ segment: WriteRows.Segment) throws(PostgresError) {
    if !usedStages.insert(stream).inserted { connection.runAhead("TRUNCATE \(statements.stage)") }
    try copyRuns(of: segment.rows, into: statements.stage)
  }

  private mutating func storeOrdered(_ segment: WriteRows.Segment) throws(PostgresError) {
    for statement in try fillOrdered(segment) { try connection.run(statement) }
  }

  private mutating func fillOrdered(_ segment: WriteRows.Segment) throws(PostgresError) -> [String] {
    if !usedOrdered.insert(stream).inserted { connection.runAhead("TRUNCATE \(statements.ordered)") }
    let runs = try copyRuns(of: segment.rows, into: statements.ordered)
    if layout.version != nil { try findStale(segment) }
    return merging(segment, runs)
  }

  private func merging(_ segment: WriteRows.Segment, _ runs: [WriteRows.Segment]) -> [String] {
    if segment.shape.set != nil { return statements.mergePartial(segment.shape) }
    return statements.merge(hasDeletes: runs.contains { $0.shape.isDelete })
  }

  private mutating func findStale(_ segment: WriteRows.Segment) throws(PostgresError) {
    for row in try connection.query(statements.stale).rows {
      guard let number = row[0].flatMap({ Int($0) }) else { continue }
      written.stale.append(rows.place(of: segment.rows.lowerBound + number))
    }
  }

  @discardableResult
  private func copyRuns(of range: Range<Int>, into place: String) throws(PostgresError) -> [WriteRows.Segment] {
    let runs = rows.runs(in: range)
    for run in runs { try copy(run, into: place) }
    return runs
  }

  private func copy(_ run: WriteRows.Segment, into place: String) throws(PostgresError) {
    try connection.beginCopyIn(statements.copy(run.shape, into: place))
    if run.shape.isBinary { try connection.send(BinaryCopy.header) }
    try rows.forEachText(of: run.rows) { text throws(PostgresError) in try connection.send(text) }
    if run.shape.isBinary { try connection.send(BinaryCopy.trailer) }
    try connection.endCopyIn()
  }
}

extension WriteRows.Segment {
  /// The parts of it that have none of these rows.
  fileprivate func without(_ left: Set<Int>) -> [WriteRows.Segment] {
    if left.isEmpty { return [self] }
    var parts: [WriteRows.Segment] = []
    var start = rows.lowerBound
    for end in left.filter(rows.contains).sorted() + [rows.upperBound] {
      if start < end { parts.append(WriteRows.Segment(rows: start..<end, stream: stream, shape: shape)) }
      start = end + 1
    }
    return parts
  }
}
