import Flows
import Foundation
import Testing

@testable import ConnectorKit
@testable import Connectors

/// Certificates that the tests make: an authority, a server's for `localhost`, and another authority that signed neither.
private struct Certificates {
  let folder: String
  var authority: String { "\(folder)/ca.crt" }
  var stranger: String { "\(folder)/other.crt" }
  let server: [String: Data]

  /// nil without openssl.
  init?() {
    folder = "/tmp/millrace-certificates-\(getpid())"
    let made = """
      set -e; mkdir -p \(folder); cd \(folder)
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.crt
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other.key -out other.crt
      openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
      openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out server.crt
      """
    guard system("(\(made)) >/dev/null 2>&1") == 0, let key = Self.data("\(folder)/server.key"),
      let certificate = Self.data("\(folder)/server.crt")
    else { return nil }
    server = ["server.key": key, "server.crt": certificate]
  }

  private static func data(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }
}

private let certificates = Certificates()

/// A server that wants TLS and a password in SCRAM from `guarded`, and trusts `postgres`.
private let guarded: PostgresServer? = certificates.flatMap { made in
  let server = PostgresServer(
    settings: ["ssl = on", "password_encryption = 'scram-sha-256'"],
    access: [
      "hostssl all guarded 127.0.0.1/32 scram-sha-256", "host all guarded 127.0.0.1/32 reject",
      "host all postgres 127.0.0.1/32 trust", "local all all trust",
    ], files: made.server)
  atexit { guardedServer?.remove() }
  return server
}
private nonisolated(unsafe) var guardedServer: PostgresServer?

/// What libpq does for us: TLS, SCRAM, service files, `PG*` variables, several hosts.
@Suite(.serialized, .enabled(if: guarded != nil, "no PostgreSQL of its own, or no openssl"))
struct LibpqTests {
  private let server: PostgresServer
  private let port: UInt16
  private let folder: String

  init() throws {
    server = try #require(guarded)
    guardedServer = server
    port = try #require(server.port)
    folder = try #require(certificates).folder
    let trusted = try PostgresConnection(Secret(server.url))
    if try trusted.query("SELECT FROM pg_roles WHERE rolname = 'guarded'").count == 0 {
      try trusted.run("CREATE ROLE guarded LOGIN PASSWORD 's3cret-pass'; GRANT CREATE ON DATABASE postgres TO guarded")
    }
  }

  private func connect(_ url: String) throws -> PostgresConnection { try PostgresConnection(Secret(url)) }

  @Test func `TLS with the server's name and authority checked, and SCRAM bound to it`() throws {
    let root = try #require(certificates).authority
    let connection = try connect(
      "postgres://guarded:s3cret-pass@localhost:\(port)/postgres?sslmode=verify-full&sslrootcert=\(root)"
        + "&channel_binding=require")
    let found = try connection.query("SELECT version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl")
    #expect(found.text(0, 0)?.hasPrefix("TLSv1") == true)
    #expect(connection.serverVersion >= 120_000)
  }

  @Test(arguments: [
    ("guarded:s3cret-pass@localhost", "sslmode=verify-full&sslrootcert=OTHER", "certificate"),
    ("guarded:s3cret-pass@127.0.0.1", "sslmode=verify-full&sslrootcert=CA", "127.0.0.1"),
    ("guarded:wr0ng-pass@localhost", "sslmode=require", "password authentication failed"),
    ("guarded@localhost", "sslmode=require", "no password supplied"),
    ("guarded:s3cret-pass@localhost", "sslmode=disable", "pg_hba.conf"),
    ("nobody:s3cret-pass@localhost", "sslmode=require", "nobody"),
  ])
  func `what is refused stops at once, and tells no secret`(user: String, options: String, said: String) throws {
    let root = try #require(certificates)
    let options = options.replacing("OTHER", with: root.stranger).replacing("CA", with: root.authority)
    let error = #expect(throws: ConnectorError.self) { try connect("postgres://\(user):\(port)/postgres?\(options)") }
    #expect(error?.code == "postgres.refused")
    #expect(error?.remedy == .stop)
    #expect(error?.message.contains(said) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("pass@") == false)
    #expect(error?.message.contains("s3cret") == false && error?.message.contains("wr0ng") == false)
  }

  @Test func `the first of several hosts that answers is taken`() throws {
    let closed = try closedPort()
    let connection = try connect(
      "postgres://postgres@127.0.0.1:\(closed),localhost:\(port)/postgres?target_session_attrs=read-write")
    #expect(try connection.query("SELECT inet_server_port()").text(0, 0) == "\(port)")
    let error = #expect(throws: ConnectorError.self) {
      try connect("postgres://postgres@127.0.0.1:\(closed),localhost:\(port)/postgres?target_session_attrs=standby")
    }
    #expect(error?.remedy == .retry(after: nil))
  }

  /// A port that nobody listens on.
  private func closedPort() throws -> Int { Int(try #require(PostgresServer.freePort())) }

  /// Service files and variables are read from the program's environment, so the program itself runs.
  @Test(arguments: [
    ("service=mill", ["PGSERVICEFILE": "FOLDER/service.conf"]),
    ("service=mill", ["PGSYSCONFDIR": "FOLDER/etc"]),
    (
      "postgres://",
      [
        "PGHOST": "localhost", "PGPORT": "PORT", "PGUSER": "guarded", "PGPASSWORD": "s3cret-pass",
        "PGDATABASE": "postgres",
        "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "FOLDER/ca.crt",
      ]
    ),
    (
      "dbname=postgres user=guarded",
      ["PGHOST": "localhost", "PGPORT": "PORT", "PGPASSFILE": "FOLDER/pgpass", "PGSSLMODE": "require"]
    ),
  ])
  func `service files and variables are libpq's own`(url: String, environment: [String: String]) throws {
    try #require(Program.isThere, "no program at \(Program.binary.path)")
    let place = try Workplace(server)
    let service = """
      [mill]
      host=localhost
      port=\(port)
      dbname=postgres
      user=guarded
      password=s3cret-pass
      sslmode=require

      """
    try service.write(toFile: "\(folder)/service.conf", atomically: true, encoding: .utf8)
    try? FileManager.default.createDirectory(atPath: "\(folder)/etc", withIntermediateDirectories: true)
    try service.write(toFile: "\(folder)/etc/pg_service.conf", atomically: true, encoding: .utf8)
    _ = FileManager.default.createFile(
      atPath: "\(folder)/pgpass", contents: Data("localhost:\(port):postgres:guarded:s3cret-pass\n".utf8),
      attributes: [.posixPermissions: 0o600])
    try place.sql("CREATE TABLE copy (id int PRIMARY KEY)")
    try place.sql(
      "GRANT ALL ON SCHEMA \(place.schema) TO guarded; GRANT ALL ON ALL TABLES IN SCHEMA \(place.schema) TO guarded")
    try place.write("{\"id\":1}\n", to: "in.ndjson")
    _ = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.copy, key: [id], positions: none",
      mappings: "{id: record.id}")
    let text = try String(contentsOfFile: place.path("p.yaml"), encoding: .utf8).replacing(place.url, with: url)
    try place.write(text, to: "p.yaml")
    let variables = environment.mapValues { $0.replacing("FOLDER", with: folder).replacing("PORT", with: "\(port)") }
    let program = try Program(["run", "--once", place.path("p.yaml")], environment: variables)
    #expect(program.code == 0, "\(program.said)")
    #expect(!program.said.contains("s3cret"))
    #expect(try place.count("copy") == 1)
  }
}
