import ConnectorKit
import Flows
import Foundation
import Pipelines
import Records
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// Expressions over the columns of a table: what they compute with, and what they are refused for before a run.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct TypedReadTests {
  private static let source = "type: postgres, url: URL, tables: [SCHEMA.source]"

  private static func place() throws -> Workplace {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, price numeric(30,10), whole numeric, ratio float8, at timestamptz, day date);
      INSERT INTO source VALUES (1, 12345678901234567890.0123456789, 3, 2, '2026-01-01 10:00+02', '2026-02-28'),
        (2, NULL, NULL, NULL, NULL, NULL), (3, 'NaN', 1, 'Infinity', 'infinity', '0044-03-15 BC')
      """)
    try place.sql("CREATE TABLE copy (id int PRIMARY KEY, a text, b text, c text, d text, e text)")
    return place
  }

  @Test func `a column is what its type says`() async throws {
    let place = try Self.place()
    let plan = try place.plan(
      from: Self.source, to: "table: SCHEMA.copy",
      mappings: """
        {id: record.id, a: "record.price * 2", b: record.whole / 2, c: record.ratio * 1.5,
          d: "record.at - duration('1h')", e: "record.day == date('2026-02-28') ? 'same' : 'other'"}
        """, more: "transforms: [{set: {record.price: record.price + 1}}]")
    // Behind the transform too: what it has set keeps its type.
    #expect(try await place.run(plan).counts.shown == "3 read, 1 written, 0 stale, 2 dead")
    #expect(
      try place.sql("SELECT * FROM copy") == [
        ["1", "24691357802469135782.0246913578", "1.5", "3.0", "2026-01-01T07:00:00Z", "same"]
      ])
  }

  @Test func `what is copied is not looked at`() async throws {
    let place = try Self.place()
    try place.sql("CREATE TABLE whole AS SELECT * FROM source WITH NO DATA;\nALTER TABLE whole ADD PRIMARY KEY (id)")
    try await place.run(try place.plan(from: Self.source, to: "table: SCHEMA.whole"))
    let differing = "SELECT count(*) FROM (SELECT s::text FROM source s EXCEPT ALL SELECT c::text FROM whole c) x"
    #expect(try place.value(differing) == "0")
  }

  @Test func `a column that is not there is said before anything is read`() async throws {
    let place = try Self.place()
    let plan = try place.plan(
      from: Self.source, to: "table: SCHEMA.copy", mappings: "{id: record.id, a: record.prize}")
    let error = await #expect(throws: FlowError.self) { try await place.run(plan) }
    #expect(error?.code == "expression.unknown_field" && error?.hint == "did you mean `price`?")
    #expect(error?.message.contains("has no field `prize`") == true)
    #expect(try place.count("copy") == 0)
  }
}
