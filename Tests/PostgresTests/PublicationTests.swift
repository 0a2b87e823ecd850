import Flows
import Foundation
import Pipelines
import Testing

@testable import ConnectorKit
@testable import Connectors

private let isThere = PostgresServer.shared.map { $0.hasLogicalLog } ?? false

/// Publications that have some columns and rows of a table.
@Suite(.serialized, .enabled(if: isThere, "no PostgreSQL with wal_level = logical"))
struct PublicationTests {
  @Test(arguments: ["snapshot_then_stream", "stream"])
  func `columns and rows that are left out are said, and neither read nor followed`(read: String) async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    let name = "given_\(place.schema)"
    try place.sql(
      """
      CREATE TABLE source (id int, kind text NOT NULL, name text, secret text, PRIMARY KEY (id, kind));
      INSERT INTO source SELECT g, CASE g % 2 WHEN 0 THEN 'in' ELSE 'out' END, 'n' || g, 's' FROM generate_series(1, 10) g;
      CREATE PUBLICATION \(name) FOR TABLE source (id, kind, name) WHERE (kind = 'in');
      CREATE TABLE copy (LIKE source INCLUDING ALL)
      """)
    let plan = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], read: \(read), publication: \(name), heartbeat: 200ms",
      to: "table: SCHEMA.copy, key: [id]".replacing("[id]", with: "[id, kind]"))
    let run = { () async throws in try await place.run(plan, endsOnceRead: true) }
    _ = try await run()
    if read == "snapshot_then_stream" {
      #expect(try place.value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM copy") == "2 4 6 8 10")
    } else {
      try place.sql("UPDATE source SET name = name;\nDELETE FROM source WHERE id = 10")
      _ = try await run()
      #expect(try place.value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM copy") == "2 4 6 8")
    }
    try place.sql(
      """
      UPDATE source SET kind = 'out' WHERE id = 2;
      UPDATE source SET kind = 'in' WHERE id = 3;
      UPDATE source SET name = 'changed' WHERE id IN (4, 5);
      INSERT INTO source VALUES (11, 'out', 'x', 's'), (12, 'in', 'y', 's');
      DELETE FROM source WHERE id IN (1, 6);
      DELETE FROM source WHERE id = 10
      """)
    _ = try await run()
    let rows = try place.sql("SELECT id, kind, name, secret FROM copy ORDER BY id")
    #expect(
      rows == [
        ["3", "in", "n3", nil], ["4", "in", "changed", nil], ["8", "in", "n8", nil], ["12", "in", "y", nil],
      ])
    let check = try #require(plan.source as? PostgresSourceConnector).check(
      Context(pipeline: plan.name, folder: place.folder, batchBytes: 1, sleep: { _ in true }, note: { _ in }))
    #expect(check.problems.map(\.code).sorted() == ["postgres.column_not_published", "postgres.rows_not_published"])
    let texts = check.problems.map(\.message).joined()
    #expect(texts.contains("leaves out secret of") && texts.contains("where (kind = 'in'::text)"), "\(texts)")
  }
}
