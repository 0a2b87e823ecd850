/// The server's process behind a connection, told apart from a later one of the same number.
struct Backend: Sendable, Equatable {
  private let process: String
  private let startedAt: String

  /// The one that serves this connection; nil where a proxy hides it.
  init?(of connection: PostgresConnection) throws(PostgresError) {
    let found = try connection.query(
      "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    ).rows.first
    guard let process = found?[0], let startedAt = found?[1] else { return nil }
    self.process = process
    self.startedAt = startedAt
  }

  /// How often it is looked whether it has gone, and how long one look lasts, in seconds.
  private static let looksMax = 100
  private static let look = 0.05

  /// Ends it, if it is still there, and waits until it has gone: where only this side knows that the connection broke,
  /// it would keep its locks, or still commit.
  func end(over connection: PostgresConnection) throws(PostgresError) {
    for _ in 0..<Self.looksMax {
      let found = try connection.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1::int AND backend_start = $2::timestamptz",
        [process, startedAt])
      if found.count == 0 { return }
      try connection.query("SELECT pg_sleep(\(Self.look))")
    }
  }
}
