import Records

/// Stores what the rows of a write come to, inside of a transaction: few statements a table, whatever the number of rows.
struct SetWriter {
  let tables: [TargetTable]
  let connection: PostgresConnection
  /// Whether the transaction holds rows of an earlier write.
  let hasUsedStages: Bool

  /// Up to so many keys go as single statements that were prepared, in one journey to the server: a COPY and a merge take
  /// as long as some hundred of these.
  static let singlyMax = 256

  /// - Parameter begin: the statements that the transaction begins with.
  func run(_ last: borrowing LastRows, begin: [String]) throws(PostgresError) {
    if try runAtOnce(last, begin: begin) { return }
    try storeSets(last, last.streams, begin)
  }

  /// Stores the rows in one journey to the server, and with them what `end` sends behind them.
  ///
  /// - Returns: false where a COPY is worth while, or nothing else takes them; nothing was sent then.
  func runAtOnce(
    _ last: borrowing LastRows, begin: [String], end: () throws(PostgresError) -> Void = {}
  ) throws(PostgresError) -> Bool {
    let streams = last.streams
    guard last.count <= Self.singlyMax, goesSingly(last, streams) else { return false }
    try storeSingly(last, streams, begin, end)
    return true
  }

  // MARK: - Singly

  private func goesSingly(_ last: borrowing LastRows, _ streams: [Int]) -> Bool {
    for stream in streams {
      for shape in last.shapes(of: stream) {
        let isPlain = shape == .binary || shape.set != nil && tables[stream].layout.changesOnly(shape)
        if !isPlain || !shape.isBinary { return false }
      }
    }
    return true
  }

  private func storeSingly(
    _ last: borrowing LastRows, _ streams: [Int], _ begin: [String], _ end: () throws(PostgresError) -> Void
  ) throws(PostgresError) {
    for stream in streams {
      for shape in last.shapes(of: stream) { try tables[stream].prepare(shape, connection) }
    }
    let deletes = try prepareDeletes(last, streams)
    try connection.pipelined { () throws(PostgresError) in
      for statement in begin { try connection.enqueue(statement) }
      for stream in streams.reversed() where last.truncates(stream) {
        try connection.enqueue(tables[stream].statements.truncate)
      }
      for (name, keys) in deletes { try connection.enqueue(prepared: name, keys) }
      for stream in streams {
        for shape in last.shapes(of: stream) {
          guard let name = tables[stream].prepared[shape.tag] else { continue }
          try last.forEachRow(of: stream, shape) { row throws(PostgresError) in
            // The number of its cells stands before them.
            try connection.enqueue(prepared: name, UnsafeRawBufferPointer(rebasing: row[2...]))
          }
        }
      }
      try end()
    }
  }

  /// The statement and the parameters of each stream's deletes: what refers to rows goes before them.
  private func prepareDeletes(
    _ last: borrowing LastRows, _ streams: [Int]
  ) throws(PostgresError) -> [(name: String, keys: [UInt8])] {
    var found: [(String, [UInt8])] = []
    for stream in streams.reversed() {
      guard let forms = tables[stream].layout.keyForms else { continue }
      var keys = KeyArrays(forms)
      last.forEachDeleted(of: stream) { keys.append($0) }
      if keys.count > 0 { found.append((try tables[stream].prepareDelete(connection), keys.cells)) }
    }
    return found
  }

  // MARK: - In sets

  private func storeSets(
    _ last: borrowing LastRows, _ streams: [Int], _ begin: [String]
  ) throws(PostgresError) {
    for stream in streams { try tables[stream].prepare(stages(last, stream), connection) }
    let deletes = try prepareDeletes(last, streams)
    connection.runAhead(begin.joined(separator: "; "))
    for stream in streams.reversed() where last.truncates(stream) {
      try connection.run(tables[stream].statements.truncate)
    }
    for (name, keys) in deletes { try connection.run(prepared: name, keys) }
    for stream in streams { try storeRows(last, stream) }
  }

  private func stages(_ last: borrowing LastRows, _ stream: Int) -> TableWriter.Stages {
    var stages = TableWriter.Stages()
    for shape in last.shapes(of: stream) {
      if shape.set == nil { stages.plain = true } else { stages.ordered = true }
    }
    return stages
  }

  private func storeRows(_ last: borrowing LastRows, _ stream: Int) throws(PostgresError) {
    let statements = tables[stream].statements
    let shapes = last.shapes(of: stream)
    let whole = shapes.filter { $0.set == nil }
    if !whole.isEmpty {
      if hasUsedStages { connection.runAhead("TRUNCATE \(statements.stage)") }
      for shape in whole { try copy(last, stream, shape, into: statements.stage) }
      try connection.run(statements.upsert)
    }
    var isUsed = hasUsedStages
    for shape in shapes where shape.set != nil {
      if isUsed { connection.runAhead("TRUNCATE \(statements.ordered)") }
      isUsed = true
      try copy(last, stream, shape, into: statements.ordered)
      for statement in statements.mergePartial(shape) { try connection.run(statement) }
    }
  }

  private func copy(
    _ last: borrowing LastRows, _ stream: Int, _ shape: RowLayout.Shape, into place: String
  ) throws(PostgresError) {
    var rows = ByteBuffer()
    if shape.isBinary { BinaryCopy.header.withUnsafeBytes { rows.append($0) } }
    try connection.beginCopyIn(tables[stream].statements.copy(shape, into: place))
    try last.forEachRow(of: stream, shape) { row throws(PostgresError) in
      rows.append(row)
      if rows.count < Self.pieceMax { return }
      try connection.send(rows.bytes)
      rows.removeAll()
    }
    if shape.isBinary { BinaryCopy.trailer.withUnsafeBytes { rows.append($0) } }
    try connection.send(rows.bytes)
    try connection.endCopyIn()
  }

  /// Rows are put together to so many bytes before they are sent.
  private static let pieceMax = 64 << 10
}
