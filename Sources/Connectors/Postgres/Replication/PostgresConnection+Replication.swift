import CPQ
import ConnectorKit
import Glibc
import Records

/// What ``PostgresConnection/receiveFrame(_:)`` found.
enum ReceivedFrame { case frame, nothingYet, end }

extension PostgresConnection {
  /// What the server calls itself: its identity, and the database.
  func identifySystem() throws(PostgresError) -> (system: String, database: String) {
    let row = try answer(to: PQsendQuery(handle, "IDENTIFY_SYSTEM"))
    guard let system = row.text(0, 0), let database = row.text(0, 3) else {
      throw PostgresError(state: "08P01", message: "the server does not say who it is")
    }
    return (system, database)
  }

  /// The server's process behind it.
  var backendID: Int32 { PQbackendPID(handle) }

  /// Makes a slot, and a snapshot of exactly what was committed before its begin, which lasts until this connection is
  /// closed or used.
  func createSlot(_ name: String, isTemporary: Bool) throws(PostgresError) -> (start: LSN, snapshot: String) {
    let kind = isTemporary ? "TEMPORARY LOGICAL" : "LOGICAL"
    let row = try answer(
      to: PQsendQuery(handle, "CREATE_REPLICATION_SLOT \(SQLName.quoted(name)) \(kind) pgoutput EXPORT_SNAPSHOT"))
    guard let start = row.text(0, 1).flatMap({ LSN($0) }), let snapshot = row.text(0, 2) else {
      throw PostgresError(state: "08P01", message: "the server does not say where the slot begins")
    }
    return (start, snapshot)
  }

  func startReplication(_ slot: String, at lsn: LSN, _ options: [(String, String)]) throws(PostgresError) {
    let list = options.map { "\"\($0.0)\" \(SQLText.quoted($0.1))" }.joined(separator: ", ")
    let begun = try answer(
      to: PQsendQuery(handle, "START_REPLICATION SLOT \(SQLName.quoted(slot)) LOGICAL \(lsn) (\(list))"))
    guard begun.status == PGRES_COPY_BOTH else {
      throw PostgresError(state: "08P01", message: "streaming did not begin")
    }
  }

  /// Gives the next frame that has arrived to `body`. Does not wait.
  func receiveFrame<E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> Void
  ) throws(E) -> Result<ReceivedFrame, PostgresError> {
    var frame: UnsafeMutablePointer<CChar>?
    let length = PQgetCopyData(handle, &frame, 1)
    if length > 0, let frame {
      defer { PQfreemem(frame) }
      try body(UnsafeRawBufferPointer(start: frame, count: Int(length)))
      return .success(.frame)
    }
    switch length {
    case 0: return .success(.nothingYet)
    case -1: return ended()
    default: return .failure(lost)
    }
  }

  /// The server has ended the stream: it goes down, or says why.
  private func ended() -> Result<ReceivedFrame, PostgresError> {
    while let pointer = PQgetResult(handle) {
      let result = PostgresResult(pointer)
      if let error = result.error { return .failure(isLost ? lost(after: error) : error) }
      if isLost || result.status == PGRES_COPY_IN || result.status == PGRES_COPY_BOTH { break }
    }
    return .success(.end)
  }

  /// Tells the server where the stream stands.
  func tell(_ status: StandbyStatus) throws(PostgresError) {
    let message = status.message()
    let isSent = message.withUnsafeBytes { bytes in
      PQputCopyData(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
    }
    guard isSent == 1 else { throw lost }
    try flush()
  }

  /// Waits until something arrives, no longer than so many milliseconds.
  func waitForInput(_ milliseconds: Int32) throws(PostgresError) -> Bool {
    var place = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&place, 1, milliseconds) > 0 else { return false }
    try consume()
    return true
  }
}
