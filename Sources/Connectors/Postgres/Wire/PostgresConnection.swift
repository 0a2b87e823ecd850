import CPQ
import ConnectorKit
import Glibc
import Records

/// One connection to a server, through libpq. Belongs to one lane; its calls may block the lane.
///
/// TLS, service files, `PG*` variables and several hosts are as libpq has them: the url goes to it as it is.
final class PostgresConnection {
  private let handle: OpaquePointer
  let address: PostgresAddress

  init(_ url: Secret) throws(ConnectorError) {
    address = try PostgresAddress(url)
    let handle = Self.connect(url)
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

  /// Text forms that lose nothing and are the same on every server, whatever the role's own settings are.
  private static let session = """
    SET client_encoding = 'UTF8'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; \
    SET bytea_output = 'hex'; SET extra_float_digits = 1; SET lc_monetary = 'C'; SET xmloption = 'content'; \
    SET standard_conforming_strings = on
    """

  /// What is set only where the url does not set it: a host that is gone is noticed within a minute.
  private static let defaults = [
    ("fallback_application_name", "millrace"), ("connect_timeout", "15"), ("keepalives_idle", "30"),
    ("keepalives_interval", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "60000"),
  ]

  private static func connect(_ url: Secret) -> OpaquePointer? {
    var texts = defaults.flatMap { [strdup($0.0), strdup($0.1)] }
    texts += [strdup("dbname"), strdup(url.reveal())]
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

extension PostgresConnection {
  /// Whether nothing but a new connection helps.
  var isLost: Bool { PQstatus(handle) != CONNECTION_OK }

  /// Runs one or several statements without parameters.
  @discardableResult
  func run(_ sql: String) throws(PostgresError) -> Int {
    try result(PQexec(handle, sql)).affected
  }

  /// Runs one statement; parameters are texts.
  @discardableResult
  func query(_ sql: String, _ parameters: [String?] = []) throws(PostgresError) -> PostgresResult {
    let texts = parameters.map { $0.flatMap { strdup($0) } }
    defer { texts.forEach { free($0) } }
    let values = texts.map { UnsafePointer($0) }
    return try result(PQexecParams(handle, sql, Int32(values.count), nil, values, nil, nil, 0))
  }

  private func result(_ pointer: OpaquePointer?) throws(PostgresError) -> PostgresResult {
    guard let pointer else { throw lost }
    let result = PostgresResult(pointer)
    if let error = result.error { throw isLost ? lost(after: error) : error }
    return result
  }

  private var lost: PostgresError {
    PostgresError(state: "", message: PostgresResult.line(String(cString: PQerrorMessage(handle))))
  }

  /// A server that goes down says so before it closes the connection, which is the better message.
  private func lost(after error: PostgresError) -> PostgresError {
    error.state.isEmpty ? lost : PostgresError(state: "", message: error.message)
  }
}

// MARK: - COPY

extension PostgresConnection {
  func beginCopyIn(_ sql: String) throws(PostgresError) {
    let begun = try result(PQexec(handle, sql))
    guard begun.status == PGRES_COPY_IN else { throw PostgresError(state: "08P01", message: "COPY did not begin") }
  }

  func send(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
    var rest = bytes
    // libpq counts in 32 bits.
    while rest.count > 0 {
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      guard PQputCopyData(handle, part.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(part.count)) == 1 else {
        throw lost
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
    }
  }

  /// - Returns: how many rows were copied.
  @discardableResult
  func endCopyIn() throws(PostgresError) -> Int {
    guard PQputCopyEnd(handle, nil) == 1 else { throw lost }
    return try endCopy()
  }

  private func endCopy() throws(PostgresError) -> Int {
    var affected = 0
    var failure: PostgresError?
    while let pointer = PQgetResult(handle) {
      let result = PostgresResult(pointer)
      affected = result.affected
      failure = failure ?? result.error
      if isLost { break }
    }
    if let failure { throw isLost ? lost(after: failure) : failure }
    return affected
  }

  func beginCopyOut(_ sql: String) throws(PostgresError) {
    let begun = try result(PQexec(handle, sql))
    guard begun.status == PGRES_COPY_OUT else { throw PostgresError(state: "08P01", message: "COPY did not begin") }
  }

  /// What ``receiveRow(into:)`` found.
  enum Received { case row, nothingYet, end }

  /// Appends the next row of COPY's output, with its line feed. Does not wait.
  func receiveRow(into bytes: inout ByteBuffer) throws(PostgresError) -> Received {
    var row: UnsafeMutablePointer<CChar>?
    let length = PQgetCopyData(handle, &row, 1)
    if length > 0, let row {
      bytes.append(UnsafeRawBufferPointer(start: row, count: Int(length)))
      PQfreemem(row)
      return .row
    }
    switch length {
    case 0: return .nothingYet
    case -1:
      _ = try endCopy()
      return .end
    default: throw lost
    }
  }

  /// Reads what has arrived from the network.
  func consume() throws(PostgresError) {
    if PQconsumeInput(handle) == 0 { throw lost }
  }

  /// Asks the server to end what it is doing, so that a COPY can be left.
  func cancel() {
    guard let cancel = PQgetCancel(handle) else { return }
    defer { PQfreeCancel(cancel) }
    var said = [CChar](repeating: 0, count: 256)
    _ = PQcancel(cancel, &said, Int32(said.count))
  }
}
