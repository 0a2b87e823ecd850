import CPQ
import ConnectorKit
import Glibc
import Records

/// One connection to a server, through libpq. Belongs to one lane; its calls may block the lane, but never longer than
/// its patience lasts.
///
/// TLS, service files, `PG*` variables and several hosts are as libpq has them: the url goes to it as it is.
final class PostgresConnection {
  let handle: OpaquePointer
  let address: PostgresAddress
  /// How long the server may be silent while something is asked of it.
  let patience: Patience
  /// Statements that go to the server together with the next ones, so that nobody waits for their answer alone.
  private var ahead = ""
  /// Whether it was given up because the server was silent for too long, or the run ends.
  var isGivenUp = false

  /// - Parameter replicates: whether it speaks the replication protocol beside SQL.
  init(_ url: Secret, _ patience: Patience = Patience(), replicates: Bool = false) throws(ConnectorError) {
    address = try PostgresAddress(url)
    self.patience = patience
    let handle = Self.connect(url, replicates: replicates)
    guard let handle else {
      throw ConnectorError("postgres.out_of_memory", "libpq has no memory for a connection.", remedy: .stop)
    }
    guard PQstatus(handle) == CONNECTION_OK else {
      let said = PostgresResult.line(String(cString: PQerrorMessage(handle)))
      PQfinish(handle)
      throw Self.refused(said, address)
    }
    self.handle = handle
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    PQsetnonblocking(handle, 1)
    do throws(PostgresError) {
      try run(Self.session)
    } catch {
      throw error.connectorError("\(address)")
    }
  }

  deinit { PQfinish(handle) }

  /// The file descriptor to wait on.
  var socket: Int32 { PQsocket(handle) }

  /// As in 150018 for 15.18.
  var serverVersion: Int { Int(PQserverVersion(handle)) }

  /// Text forms that lose nothing and are the same on every server, whatever the role's own settings are; and a server
  /// that notices within a minute when this machine is gone, and lets go of what the session had locked. Nothing that is
  /// asked here is worth the third of a second that compiling it takes, however dear the planner thinks it is.
  private static let session = """
    SET client_encoding = 'UTF8'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; \
    SET bytea_output = 'hex'; SET extra_float_digits = 1; SET lc_monetary = 'C'; SET xmloption = 'content'; \
    SET standard_conforming_strings = on; SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; \
    SET tcp_keepalives_count = 3; SET tcp_user_timeout = 60000; \
    SET jit = off
    """

  /// What is set only where the url does not set it: a host that is gone is noticed within a minute.
  private static let defaults = [
    ("fallback_application_name", "millrace"), ("connect_timeout", "15"), ("keepalives_idle", "30"),
    ("keepalives_interval", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "60000"),
  ]

  private static func connect(_ url: Secret, replicates: Bool) -> OpaquePointer? {
    var texts = defaults.flatMap { [strdup($0.0), strdup($0.1)] }
    texts += [strdup("dbname"), strdup(url.reveal())]
    if replicates { texts += [strdup("replication"), strdup("database")] }
    defer { texts.forEach { free($0) } }
    var keywords = stride(from: 0, to: texts.count, by: 2).map { UnsafePointer(texts[$0]) }
    var values = stride(from: 1, to: texts.count, by: 2).map { UnsafePointer(texts[$0]) }
    keywords.append(nil)
    values.append(nil)
    return PQconnectdbParams(keywords, values, 1)
  }

  /// libpq gives no SQLSTATE for a connection that was refused, only text. What a server says for a while only, and
  /// what comes from the network, is tried again.
  private static func refused(_ said: String, _ address: PostgresAddress) -> ConnectorError {
    let passing = ["starting up", "shutting down", "recovery", "too many", "connection slots", "not yet accepting"]
    let final = ["FATAL:", "certificate", "no password supplied", "does not support SSL", "authentication method"]
    let isFinal = final.contains { said.contains($0) } && !passing.contains { said.contains($0) }
    return ConnectorError(
      isFinal ? "postgres.refused" : "postgres.unreachable", "\(address): \(said)",
      remedy: isFinal ? .stop : .retry(after: nil),
      hint: isFinal
        ? "Check user, password, database and TLS of the url, and the server's pg_hba.conf."
        : "Check that the server runs and can be reached from here.")
  }
}

// MARK: - Statements

extension PostgresConnection {
  /// Whether nothing but a new connection helps.
  var isLost: Bool { isGivenUp || PQstatus(handle) != CONNECTION_OK }

  /// Runs one or several statements without parameters.
  ///
  /// - Returns: how many rows the last one changed.
  @discardableResult
  func run(_ sql: String) throws(PostgresError) -> Int { try send(sql).affected }

  /// Sends a statement together with the next ones: what it says to it, an error too, is said to them.
  func runAhead(_ sql: String) { ahead += sql + "; " }

  /// Sends alone what was to go ahead of the next statements.
  func sendAhead() throws(PostgresError) {
    if !ahead.isEmpty { try run("") }
  }

  /// Sends statements, with those that were to go ahead of them.
  func send(_ sql: String) throws(PostgresError) -> PostgresResult {
    defer { ahead = "" }
    return try answer(to: PQsendQuery(handle, ahead + sql))
  }

  /// Runs one statement; parameters are texts.
  @discardableResult
  func query(_ sql: String, _ parameters: [String?] = []) throws(PostgresError) -> PostgresResult {
    try sendAhead()
    let texts = parameters.map { $0.flatMap { strdup($0) } }
    defer { texts.forEach { free($0) } }
    let values = texts.map { UnsafePointer($0) }
    return try answer(to: PQsendQueryParams(handle, sql, Int32(values.count), nil, values, nil, nil, 0))
  }

  /// Waits for what the server answers to a command that libpq has taken: the last result, or the one that a COPY
  /// begins with.
  func answer(to isSent: Int32) throws(PostgresError) -> PostgresResult {
    guard isSent == 1 else { throw lost }
    try flush()
    var last: OpaquePointer?
    while let next = try nextResult() {
      PQclear(last)
      last = next
      let status = PQresultStatus(next)
      if status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH || isLost { break }
    }
    guard let last else { throw lost }
    let result = PostgresResult(last)
    if let error = result.error { throw isLost ? lost(after: error) : error }
    return result
  }

  var lost: PostgresError {
    PostgresError(state: "", message: PostgresResult.line(String(cString: PQerrorMessage(handle))))
  }

  /// A server that goes down says so before it closes the connection, which is the better message.
  func lost(after error: PostgresError) -> PostgresError {
    error.state.isEmpty ? lost : PostgresError(state: "", message: error.message)
  }

  /// Asks the server to end what it is doing, so that a COPY can be left. One that was silent is not asked: that takes a
  /// connection of its own, which nothing bounds.
  func cancel() {
    guard !isGivenUp, let cancel = PQgetCancel(handle) else { return }
    defer { PQfreeCancel(cancel) }
    var said = [CChar](repeating: 0, count: 256)
    _ = PQcancel(cancel, &said, Int32(said.count))
  }
}
