import Foundation
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// The bound of the memory (Invariant 7), whatever the table's size; and rows that are larger than the bound.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct SizeTests {
  /// `MILLRACE_SIZE_ROWS=10000000` is the long form; it needs 3 GB of disk.
  private static let rows = setting("MILLRACE_SIZE_ROWS", or: 200_000)
  /// A debug build, and what stands in it beside the pipeline's own bound, included.
  private static let peakMax = 64 << 20

  @Test(arguments: ["insert", "upsert"])
  func `memory does not grow with the table`(mode: String) throws {
    try #require(Program.isThere, "no program at \(Program.binary.path)")
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text, price numeric, at timestamptz);
      INSERT INTO source SELECT g, repeat('name ' || g, 8), g % 1000 + 0.5, 'epoch'::timestamptz + g * interval '1 min'
        FROM generate_series(1, \(Self.rows)) g;
      CREATE TABLE copy (LIKE source INCLUDING ALL);
      ANALYZE source
      """)
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source]", to: "table: SCHEMA.copy, key: [id], mode: \(mode)")
    let program = try Program(["run", "--once", "--json", place.path("p.yaml")])
    #expect(program.code == 0, "\(program.said)")
    #expect(program.peakBytes <= Self.peakMax, "\(program.peakBytes >> 20) MiB")
    let differing = try place.value("SELECT count(*) FROM (SELECT * FROM source EXCEPT ALL SELECT * FROM copy) x")
    #expect(differing == "0")
  }

  /// `MILLRACE_TRANSACTION_ROWS=1000000` and `MILLRACE_TRANSACTION_BYTES=100000000` are the long forms.
  @Test(arguments: [
    (setting("MILLRACE_TRANSACTION_ROWS", or: 50_000), 20),
    (setting("MILLRACE_TRANSACTION_BYTES", or: 10_000_000) / 20_000, 20_000),
  ]) func `memory does not grow with a transaction`(rows: Int, bytes: Int) throws {
    try #require(Program.isThere, "no program at \(Program.binary.path)")
    let place = try Workplace()
    defer { place.dropSlots() }
    try place.sql("CREATE TABLE source (id int PRIMARY KEY, body text); CREATE TABLE copy (LIKE source INCLUDING ALL)")
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], read: stream", to: "table: SCHEMA.copy, key: [id]")
    let arguments = ["run", "--once", "--json", place.path("p.yaml")]
    #expect(try Program(arguments).code == 0)
    try place.sql(
      "INSERT INTO source SELECT g, left(repeat(md5(g::text), \(bytes) / 32 + 1), \(bytes)) FROM generate_series(1, \(rows)) g"
    )
    let program = try Program(arguments)
    #expect(program.code == 0, "\(program.said)")
    #expect(program.peakBytes <= Self.peakMax, "\(program.peakBytes >> 20) MiB")
    #expect(try place.count("copy") == rows)
    #expect(try place.value("SELECT count(*) FROM (SELECT * FROM source EXCEPT ALL SELECT * FROM copy) x") == "0")
  }

  @Test func `a row of 100 MB passes`() throws {
    try #require(Program.isThere, "no program at \(Program.binary.path)")
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, body text);
      INSERT INTO source SELECT g, repeat(E'a line of text\\twith a tab\\n', CASE g WHEN 2 THEN 4000000 ELSE 3 END)
        FROM generate_series(1, 3) g;
      CREATE TABLE copy (LIKE source INCLUDING ALL)
      """)
    _ = try place.plan(from: "type: postgres, url: URL, tables: [SCHEMA.source]", to: "table: SCHEMA.copy, key: [id]")
    let program = try Program(["run", "--once", "--json", place.path("p.yaml")])
    #expect(program.code == 0, "\(program.said)")
    #expect(try place.value("SELECT max(length(body)) FROM copy") == "104000000")
    #expect(
      try place.sql("SELECT id, md5(body) FROM source ORDER BY id")
        == place.sql("SELECT id, md5(body) FROM copy ORDER BY id"))
  }
}
