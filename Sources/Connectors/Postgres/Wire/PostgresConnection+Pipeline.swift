import CPQ
import Records

/// Statements that are sent together and answered together: one journey to the server for all of them.
extension PostgresConnection {
  /// Names a statement that is run often, so that the server parses it once.
  func prepare(_ name: String, _ sql: String) throws(PostgresError) {
    try sendAhead()
    _ = try answer(to: PQsendPrepare(handle, name, sql, 0, nil))
  }

  /// Runs what the body sends. Where a statement fails, those behind it are not run.
  func pipelined(_ body: () throws(PostgresError) -> Void) throws(PostgresError) {
    try sendAhead()
    guard PQenterPipelineMode(handle) == 1 else { throw lost }
    do throws(PostgresError) {
      try body()
    } catch {
      // Nothing can be told any more about what the server has of it.
      isGivenUp = true
      throw error
    }
    guard PQpipelineSync(handle) == 1 else { throw lost }
    try flush()
    try finishPipeline()
  }

  private func finishPipeline() throws(PostgresError) {
    var failure: PostgresError?
    while true {
      // nil ends the results of each statement.
      guard let pointer = try nextResult() else {
        if isLost { throw failure.map { lost(after: $0) } ?? lost }
        continue
      }
      let result = PostgresResult(pointer)
      if result.status == PGRES_PIPELINE_SYNC { break }
      failure = failure ?? result.error
      if isLost { throw failure.map { lost(after: $0) } ?? lost }
    }
    guard PQexitPipelineMode(handle) == 1 else { throw lost }
    if let failure { throw failure }
  }

  /// Inside of a pipeline: a statement without parameters.
  func enqueue(_ sql: String) throws(PostgresError) {
    guard PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 0) == 1 else { throw lost }
  }

  /// Inside of a pipeline: a statement that was prepared, with the cells of a row in their binary form, each with its
  /// length before it.
  func enqueue(prepared name: String, _ cells: UnsafeRawBufferPointer) throws(PostgresError) {
    guard Parameters(cells).send(name, handle) == 1 else { throw lost }
  }

  func enqueue(prepared name: String, _ cells: [UInt8]) throws(PostgresError) {
    let isSent = cells.withUnsafeBytes { Parameters($0).send(name, handle) }
    guard isSent == 1 else { throw lost }
  }

  /// Runs a statement that was prepared; parameters are in their binary form.
  @discardableResult
  func run(prepared name: String, _ cells: [UInt8]) throws(PostgresError) -> Int {
    try sendAhead()
    return try answer(to: cells.withUnsafeBytes { Parameters($0).send(name, handle) }).affected
  }
}

/// Parameters as libpq takes them: places in the caller's bytes, which libpq copies when it sends them.
private struct Parameters {
  private var values: [UnsafePointer<CChar>?] = []
  private var lengths: [Int32] = []

  /// - Parameter cells: with their lengths before them; one below zero is null.
  init(_ cells: UnsafeRawBufferPointer) {
    var at = 0
    while at + 4 <= cells.count {
      let length = Int32(bigEndian: cells.loadUnaligned(fromByteOffset: at, as: Int32.self))
      let end = at + 4 + max(0, Int(length))
      if end > cells.count { return }
      values.append(length < 0 ? nil : cells.baseAddress?.advanced(by: at + 4).assumingMemoryBound(to: CChar.self))
      lengths.append(max(0, length))
      at = end
    }
  }

  func send(_ name: String, _ handle: OpaquePointer) -> Int32 {
    let formats = [Int32](repeating: 1, count: values.count)
    return PQsendQueryPrepared(handle, name, Int32(values.count), values, lengths, formats, 0)
  }
}
