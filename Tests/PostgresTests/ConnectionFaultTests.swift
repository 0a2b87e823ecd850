import FaultProxy
import Flows
import Foundation
import Pipelines
import Testing

@testable import ConnectorKit
@testable import Connectors

private let isThere = PostgresServer.local != nil

/// Connections that fail in every way, at moments all over a copy from one table to another: each row arrives once
/// (Invariant 2).
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct ConnectionFaultTests {
  private static let rows = 30_000

  private static func workplace() throws -> (Workplace, FaultProxy) {
    let server = try #require(PostgresServer.local)
    let proxy = try FaultProxy(to: try #require(server.port))
    let place = try Workplace(server, through: proxy)
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text, price numeric);
      INSERT INTO source SELECT g, repeat('name ' || g, 3), g % 1000 FROM generate_series(1, \(rows)) g;
      CREATE TABLE copy (id int, name text, price numeric)
      """)
    return (place, proxy)
  }

  /// Into a table without a key, so that a row that came twice would stand there twice.
  private static func plan(_ place: Workplace, timeout: String = "1s") throws -> Plan {
    try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], chunk_rows: 5000, timeout: \(timeout)",
      to: "table: SCHEMA.copy, mode: insert, batch: {records: 3000}, timeout: \(timeout)")
  }

  private static func check(_ place: Workplace) throws {
    #expect(try place.count("copy") == rows)
    let differing = try place.value("SELECT count(*) FROM (SELECT * FROM source EXCEPT ALL SELECT * FROM copy) x")
    #expect(differing == "0")
  }

  /// The copy passes about 1.5 MB in either direction.
  @Test(arguments: Fault.allCases)
  func `a copy goes on when connections are struck`(fault: Fault) async throws {
    let (place, proxy) = try Self.workplace()
    for (bytes, direction) in [
      (900, Direction.toServer), (120_000, .toClient), (400_000, .toServer), (1_000_000, .toServer),
    ] {
      proxy.strike(fault, after: bytes, direction)
    }
    let summary = try await place.run(try Self.plan(place))
    #expect(proxy.history.struck == 4)
    #expect(summary.retries >= 3)
    try Self.check(place)
  }

  /// As it is without settings, but in two seconds instead of a minute.
  @Test func `a machine that is gone is noticed by the network's own means`() async throws {
    let (place, proxy) = try Self.workplace()
    proxy.strike(.vanish, after: 300_000, .toServer)
    try place.write((1...60_000).map { "{\"id\":\($0)}\n" }.joined(), to: "in.ndjson")
    let options = "keepalives_idle=1&keepalives_interval=1&keepalives_count=2&tcp_user_timeout=2000"
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.copy, mode: insert", mappings: "{id: record.id}",
      options: options)
    let summary = try await place.run(plan)
    #expect(summary.retries == 1)
    #expect(try place.count("copy") == 60_000)
  }

  @Test func `a commit whose answer is lost is not repeated`() async throws {
    let (place, proxy) = try Self.workplace()
    // The answers to one write are some hundred bytes, so these moments fall before, into and behind many commits.
    for bytes in stride(from: 4_000, to: 60_000, by: 1_907) { proxy.strike(.reset, after: bytes, .toClient) }
    let name = String(repeating: "n", count: 300)
    try place.write((1...30_000).map { "{\"id\":\($0),\"name\":\"\(name)\"}\n" }.joined(), to: "in.ndjson")
    let plan = try place.plan(
      from: "type: file, path: in.ndjson", to: "table: SCHEMA.copy, mode: insert, batch: {records: 100}",
      mappings: "{id: record.id, name: record.name}")
    let summary = try await place.run(plan)
    #expect(summary.retries > 10)
    #expect(try place.count("copy") == 30_000)
    #expect(try place.value("SELECT count(DISTINCT id) FROM copy") == "30000")
  }
}
