import Foundation

@testable import ConnectorKit
@testable import Connectors

/// A PostgreSQL server for the tests: the one that `MILLRACE_TEST_POSTGRES` names, or one of its own in a temporary
/// folder, on a free port of this machine, gone when the tests end.
final class PostgresServer: Sendable {
  /// Where it is reached; its database may be written to.
  let url: String
  /// On 127.0.0.1, of a server of its own; nil where it was named.
  let port: UInt16?
  /// Of a server of its own; nil where it was named.
  private let folder: String?

  /// One for all tests that do not stop it; nil where none can be had.
  static let shared: PostgresServer? = named ?? PostgresServer()

  /// One for all tests that need it on this machine but do not stop it.
  static let local: PostgresServer? = shared.flatMap { $0.port == nil ? PostgresServer() : $0 }

  static let whyMissing = "no PostgreSQL: set MILLRACE_TEST_POSTGRES, or install Debian's postgresql"

  private static var named: PostgresServer? {
    ProcessInfo.processInfo.environment["MILLRACE_TEST_POSTGRES"].map { PostgresServer(url: $0) }
  }

  private init(url: String) {
    self.url = url
    port = nil
    folder = nil
  }

  /// Starts one of its own; nil where that is not possible.
  ///
  /// - Parameters:
  ///   - settings: for its configuration file, a line each.
  ///   - access: the lines of its pg_hba.conf; everybody is trusted without.
  ///   - files: further files in its folder, by name.
  init?(settings: [String] = [], access: [String] = [], files: [String: Data] = [:]) {
    guard let programs = Self.programs, let port = Self.freePort() else { return nil }
    let folder = "/tmp/millrace-postgres-\(getpid())-\(port)"
    url = Self.url(port: UInt16(port))
    self.port = UInt16(port)
    self.folder = folder
    let options =
      "-c listen_addresses=127.0.0.1 -c port=\(port) -c unix_socket_directories=\(folder) -c fsync=off"
      + " -c wal_level=logical -c max_replication_slots=20 -c max_wal_senders=20"
    let made = """
      set -e
      \(programs)/initdb -D \(folder) -A trust -U postgres --no-sync -E UTF8 --locale=C.UTF-8
      echo "\(options)" > \(folder)/options
      """
    guard Self.shell(made) else { return nil }
    for (name, content) in files { Self.write(content, to: "\(folder)/\(name)") }
    let lines = settings.joined(separator: "\n") + "\n"
    guard Self.append(lines, to: "\(folder)/postgresql.conf") else { return nil }
    if !access.isEmpty { Self.write(Data((access.joined(separator: "\n") + "\n").utf8), to: "\(folder)/pg_hba.conf") }
    guard start() else { return nil }
    if Self.isFirst { atexit { PostgresServer.removeShared() } }
    Self.isFirst = false
  }

  private nonisolated(unsafe) static var isFirst = true

  private static func removeShared() {
    shared?.remove()
    if local !== shared { local?.remove() }
  }

  deinit { remove() }

  static func url(port: UInt16) -> String { "postgres://postgres@127.0.0.1:\(port)/postgres" }

  func remove() {
    guard let folder, stop() else { return }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Goes down as in a crash of the machine.
  @discardableResult
  func stop() -> Bool {
    guard let folder, let programs = Self.programs else { return false }
    return Self.shell("\(programs)/pg_ctl -D \(folder) -m immediate -w stop")
  }

  @discardableResult
  func start() -> Bool {
    guard let folder, let programs = Self.programs else { return false }
    return Self.shell("\(programs)/pg_ctl -D \(folder) -w -l \(folder)/log -o \"$(cat \(folder)/options)\" start")
  }

  var canBeStopped: Bool { folder != nil }

  /// Whether changes can be read from its log.
  var hasLogicalLog: Bool {
    guard let connection = try? PostgresConnection(Secret(url)) else { return false }
    return (try? connection.query("SHOW wal_level").text(0, 0)) == "logical"
  }

  // MARK: - Finding and running

  private static let programs: String? = {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    let folders = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
    return folders.first { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") }
  }()

  /// PostgreSQL refuses to run as root, so it runs as its own user then.
  private static func shell(_ script: String) -> Bool {
    // Foundation's Process waits for the server as well, which outlives its starter.
    let quoted = "'" + script.replacing("'", with: "'\\''") + "'"
    let user = getuid() == 0 ? "runuser -u postgres -- " : ""
    return system("cd /tmp && \(user)/bin/sh -c \(quoted) </dev/null >/dev/null 2>&1") == 0
  }

  /// Readable by the server's user alone, as it wants its keys.
  private static func write(_ content: Data, to path: String) {
    _ = FileManager.default.createFile(atPath: path, contents: content, attributes: [.posixPermissions: 0o600])
    if getuid() == 0 { _ = system("chown postgres '\(path)'") }
  }

  private static func append(_ text: String, to path: String) -> Bool {
    guard let file = FileHandle(forWritingAtPath: path) else { return false }
    file.seekToEndOfFile()
    file.write(Data(text.utf8))
    return true
  }

  static func freePort() -> Int? {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
        guard bind(socket, general, length) == 0, getsockname(socket, general, &length) == 0 else { return nil }
        return Int(UInt16(bigEndian: pointer.pointee.sin_port))
      }
    }
  }
}
