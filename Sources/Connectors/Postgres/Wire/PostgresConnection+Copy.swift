import CPQ
import Records

extension PostgresConnection {
  func beginCopyIn(_ sql: String) throws(PostgresError) {
    try begin(sql, PGRES_COPY_IN)
  }

  func beginCopyOut(_ sql: String) throws(PostgresError) {
    try begin(sql, PGRES_COPY_OUT)
  }

  private func begin(_ sql: String, _ status: ExecStatusType) throws(PostgresError) {
    let begun = try send(sql)
    guard begun.status == status else { throw PostgresError(state: "08P01", message: "COPY did not begin") }
  }

  // MARK: - In

  /// The most that libpq is given at once, in bytes: it copies it, and keeps room for the longest piece.
  private static let pieceMax = 64 << 10

  func send(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
    var rest = bytes
    while rest.count > 0 {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceMax))
      let start = piece.baseAddress?.assumingMemoryBound(to: CChar.self)
      guard PQputCopyData(handle, start, Int32(piece.count)) == 1 else { throw lost }
      try flush()
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
    }
  }

  func send(_ bytes: [UInt8]) throws(PostgresError) {
    let failure = bytes.withUnsafeBytes { raw -> PostgresError? in
      do throws(PostgresError) {
        try send(raw)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// - Returns: how many rows were copied.
  @discardableResult
  func endCopyIn() throws(PostgresError) -> Int {
    guard PQputCopyEnd(handle, nil) == 1 else { throw lost }
    try flush()
    return try endCopy()
  }

  private func endCopy() throws(PostgresError) -> Int {
    var affected = 0
    var failure: PostgresError?
    while let pointer = try nextResult() {
      let result = PostgresResult(pointer)
      affected = result.affected
      failure = failure ?? result.error
      if isLost { break }
    }
    if let failure { throw isLost ? lost(after: failure) : failure }
    return affected
  }

  // MARK: - Out

  /// What ``receiveCopy(into:)`` found.
  enum Received { case data, nothingYet, end }

  /// Appends the next piece of COPY's output: a row, as a rule. Does not wait.
  func receiveCopy(into bytes: inout ByteBuffer) throws(PostgresError) -> Received {
    var piece: UnsafeMutablePointer<CChar>?
    let length = PQgetCopyData(handle, &piece, 1)
    if length > 0, let piece {
      bytes.append(UnsafeRawBufferPointer(start: piece, count: Int(length)))
      PQfreemem(piece)
      return .data
    }
    switch length {
    case 0: return .nothingYet
    case -1:
      _ = try endCopy()
      return .end
    default: throw lost
    }
  }
}
