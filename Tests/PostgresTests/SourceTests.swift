import Flows
import Foundation
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// Tables of a real server into others.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct SourceTests {
  /// Values of every kind, at their edges; each row holds what is hard to carry.
  static let types = """
    CREATE TYPE mood AS ENUM ('sad', 'ha"ppy, {x}');
    CREATE TYPE pair AS (a int, b text);
    CREATE DOMAIN positive AS int CHECK (value > 0);
    CREATE TABLE source (id bigint PRIMARY KEY, n numeric, n2 numeric(38,10), f4 float4, f8 float8, i2 int2, b bool,
      t text, c char(8), by bytea, ts timestamp, tz timestamptz, d date, tm time, iv interval, j json, jb jsonb, u uuid,
      ip inet, bt bit(5), mo money, x xml, ia int[], ta text[], na numeric[], ba bool[], jba jsonb[], tsa timestamptz[],
      bya bytea[], e mood, ea mood[], p pair, pa pair[], dom positive, doma positive[], r int4range, bx box[],
      "Ünï ""q"" col" text);
    INSERT INTO source VALUES
      (1, 12345678901234567890123456789012345678.123456789, 1234567890123456789012345678.0123456789, 1.1, 0.1, -5, true,
       E'tab\\t nl\\n cr\\r bs\\\\ q" ü 😀 \\b\\f\\v\\x01', 'ab', '\\xdeadbeef00', '2026-11-23 07:15:30.123456',
       '2026-11-23 07:15:30.123456+00', '2026-02-28', '12:34:56.789', '1 year -2 mons 3 days -04:05:06.7',
       E'{"a":  1,\\n "a": [1.50, "x\\\\u00e9\\\\n\\\\"y"]}', '{"z": 1.00, "n": null, "k": ["\\\\", "\\t"]}',
       'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1/8', B'10101', '-1234.56', '<a b="c">x</a>', '{1,2,NULL,-4}',
       ARRAY['a"b', 'c\\d', NULL, 'NULL', '', '{x}', 'a,b', E'n\\nt\\t'], '{NaN,1.00,-0.5}', '{t,f,NULL}',
       ARRAY['{"a":"b\\"c"}'::jsonb, 'null'::jsonb, NULL], '{"2026-11-23 07:15:30+00",infinity}', '{"\\\\xdead",NULL}',
       'ha"ppy, {x}', '{sad,"ha\\"ppy, {x}",NULL}', '(1,"x ""y"", (z)")', ARRAY['(1,a)'::pair, '(,"b,c")'::pair], 7,
       '{1,2}', '[1,10)', '{(2,2),(1,1);(3,3),(2,2)}', 'uni'),
      (2, 'NaN', NULL, 'NaN', 'Infinity', 32767, false, '', '', '', '-infinity', 'infinity', 'infinity', '24:00',
       '-1 days +02:03', 'null', 'null', NULL, '::1', NULL, '0', 'text', '{}', '{}', '{}', NULL, '{}', '{}', '{}', NULL,
       NULL, NULL, NULL, NULL, NULL, 'empty', NULL, NULL),
      (3, -0.000, 0.0000000001, '-Infinity', 1e-300, 0, NULL, '\\N', '\\', E'\\\\x5c', '0044-03-15 12:00:00 BC',
       '0044-03-15 12:00:00 BC', '4713-01-01 BC', NULL, '00:00:00', '"str\\u00e9"', '"str"', NULL, NULL, NULL, NULL,
       NULL, '[0:1][1:2]={{1,2},{3,4}}', '{{{a,b},{c,NULL}},{{"",e},{f,"g h"}}}', '{{1.10,2},{3,4}}', NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, E'\\\\'),
      (4, 1e100, 0, 1e-45, -0.0, NULL, NULL, repeat('x', 100000), NULL, NULL, '294276-12-31 23:59:59.999999',
       '12345-01-01 00:00:00.5+00', '5874897-12-31', NULL, '178000000 years', '12.50e+3', '-0.10', NULL, NULL, NULL,
       '92233720368547758.07', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL);
    CREATE TABLE copy (LIKE source INCLUDING ALL)
    """

  @Test(arguments: ["mode: upsert", "mode: insert"])
  func `every type arrives unchanged to the last digit`(mode: String) async throws {
    let place = try Workplace()
    try place.sql(Self.types)
    let plan = try place.plan(from: Self.source("source"), to: "table: SCHEMA.copy, key: [id], \(mode)")
    let summary = try await place.run(plan)
    #expect(summary.counts.shown == "4 read, 4 written, 0 stale, 0 dead")
    #expect(try Self.difference(place, "source", "copy") == "0")
  }

  private static func source(_ table: String, _ more: String = "") -> String {
    "type: postgres, url: URL, tables: ['SCHEMA.\(table)']\(more.isEmpty ? "" : ", ")\(more)"
  }

  /// How many rows differ, by their text.
  private static func difference(_ place: Workplace, _ a: String, _ b: String) throws -> String? {
    try place.value(
      """
      SELECT count(*) FROM (SELECT "r_o_w"::text FROM \(a) "r_o_w" EXCEPT ALL SELECT "r_o_w"::text FROM \(b) "r_o_w") x
      """)
  }

  @Test(arguments: [
    ("(a int, b text, PRIMARY KEY (b, a))", "g % 7, 'k' || (g % 500)", ""),
    ("(a int, b text COLLATE \"C\", PRIMARY KEY (b))", "g, chr(97 + g % 3) || chr(1040 + g % 5) || g", ""),
    (
      "(a int, b text COLLATE \"de-x-icu\" PRIMARY KEY)", "g, chr(65 + g % 26 + 32 * (g % 2)) || 'ß' || g", ""
    ),
    ("(a int, b uuid PRIMARY KEY)", "g, md5(g::text)::uuid", ", chunks_at_once: 3"),
    ("(a int PRIMARY KEY, b text)", "g, repeat('b', g % 90)", ", chunks_at_once: 2"),
    ("(a int PRIMARY KEY, b text)", "g, 'w'", ", where: a % 3 = 0"),
    ("(a int, b timestamptz, PRIMARY KEY (b))", "g, 'epoch'::timestamptz + g * interval '1.000001 s'", ""),
    ("(a int, b text)", "g, 'no key'", ""),
    ("(a int, b float8, PRIMARY KEY (b)) PARTITION BY RANGE (b)", "g, g / 3.0", ""),
  ])
  func `each row is read once, in ranges of any key`(columns: String, values: String, more: String) async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE source \(columns)")
    if columns.contains("PARTITION") {
      try place.sql("CREATE TABLE one PARTITION OF source FOR VALUES FROM (MINVALUE) TO (100)")
      try place.sql("CREATE TABLE two PARTITION OF source FOR VALUES FROM (100) TO (MAXVALUE)")
    }
    try place.sql("INSERT INTO source SELECT \(values) FROM generate_series(1, 3500) g")
    try place.sql("CREATE TABLE copy AS SELECT * FROM source WITH NO DATA")
    let plan = try place.plan(
      from: Self.source("source", "chunk_rows: 333\(more)"), to: "table: SCHEMA.copy, mode: insert")
    try await place.run(plan)
    let expected = more.contains("where") ? "(SELECT * FROM source WHERE a % 3 = 0)" : "source"
    #expect(try Self.difference(place, expected, "copy") == "0")
    #expect(try place.count("copy") == Int(try place.value("SELECT count(*) FROM \(expected) x") ?? ""))
  }

  @Test func `views and odd names are read`() async throws {
    let place = try Workplace()
    try place.sql(
      #"""
      CREATE TABLE "Täble. ""1""" (id int PRIMARY KEY, "select" text);
      INSERT INTO "Täble. ""1""" SELECT g, 'v' || g FROM generate_series(1, 50) g;
      CREATE VIEW seen AS SELECT * FROM "Täble. ""1""" WHERE id > 10;
      CREATE TABLE a (id int PRIMARY KEY, "select" text);
      CREATE TABLE b (LIKE a INCLUDING ALL)
      """#)
    try await place.run(
      try place.plan(from: Self.source(#""Täble. ""1""""#), to: "table: SCHEMA.a, key: [id]", name: "a"))
    try await place.run(try place.plan(from: Self.source("seen"), to: "table: SCHEMA.b, key: [id]", name: "b"))
    #expect(try place.count("a") == 50)
    #expect(try place.count("b") == 40)
  }

  @Test func `each of several tables has a condition of its own`() async throws {
    let place = try Workplace()
    for (number, table) in ["one", "two", "three", "other"].enumerated() {
      try place.sql("CREATE TABLE \(table) (id int PRIMARY KEY)")
      try place.sql("INSERT INTO \(table) SELECT \(number) * 1000 + g FROM generate_series(1, 100) g")
    }
    try place.sql("CREATE TABLE copy (id int)")
    let tables = "type: postgres, url: URL, tables: [SCHEMA.one, SCHEMA.two, SCHEMA.three, SCHEMA.other]"
    let conditions = "SCHEMA.t*: id % 2 = 0, SCHEMA.one: id <= 10, SCHEMA.three: id <= 2005"
    let to = "table: SCHEMA.copy, mode: insert"
    let summary = try await place.run(try place.plan(from: "\(tables), where: {\(conditions)}", to: to))
    #expect(summary.counts.read == 165)
    let read = "SELECT string_agg(n::text, ' ' ORDER BY k) FROM (SELECT id / 1000 k, count(*) n FROM copy GROUP BY 1) x"
    #expect(try place.value(read) == "10 50 5 100")
    let wrong = try place.plan(from: "\(tables), where: {SCHEMA.tow: id > 1}", to: to, name: "wrong")
    let error = await #expect(throws: FlowError.self) { try await place.run(wrong) }
    #expect(error?.code == "postgres.undefined_table" && error?.hint?.contains("two") == true)
  }

  @Test func `in JSON numbers, arrays and timestamps have their own forms`() async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, n numeric, b bool, a int[], s text[], j jsonb, t timestamptz, d timestamp, by bytea);
      INSERT INTO source VALUES (1, 0.10, true, '{{1,2},{3,NULL}}', '{"a\\"b",x}', '{"k": [1.0]}', '2026-11-23 07:15:30.5+00', '2026-11-23 07:15:30', '\\x00ff'),
        (2, 'NaN', NULL, NULL, '{}', 'null', 'infinity', '0044-03-15 12:00:00 BC', NULL)
      """)
    let text = """
      millrace: 1
      name: \(place.schema)-json
      source: {type: postgres, url: "\(place.server.url)", tables: [\(place.schema).source]}
      mappings: all
      target: {type: file, path: out.ndjson}
      checkpoint: {path: \(place.path("j.json"))}
      retry: {dead_letter: {type: file, path: \(place.path("j.ndjson"))}}
      """
    try await place.run(try place.plan(yaml: text))
    let out = try String(contentsOfFile: place.path("out.ndjson"), encoding: .utf8).split(separator: "\n")
    #expect(
      out == [
        #"{"id":1,"n":0.10,"b":true,"a":[[1,2],[3,null]],"s":["a\"b","x"],"j":{"k": [1.0]},"t":"2026-11-23T07:15:30.5Z","d":"2026-11-23T07:15:30","by":"\\x00ff"}"#,
        #"{"id":2,"n":"NaN","b":null,"a":null,"s":[],"j":null,"t":"infinity","d":"0044-03-15 12:00:00 BC","by":null}"#,
      ])
  }

  @Test(arguments: ["PRIMARY KEY", ""])
  func `each row has an identity of its own, and keeps it`(key: String) async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int \(key), name text);
      INSERT INTO source SELECT g, 'name' FROM generate_series(1, 30000) g;
      CREATE TABLE a (event text, id int);
      CREATE TABLE b (event text, id int)
      """)
    for (copy, rows) in [("a", 30_000), ("b", 7_000)] {
      try await place.run(
        try place.plan(
          from: "type: postgres, url: URL, tables: [SCHEMA.source], chunk_rows: \(rows)",
          to: "table: SCHEMA.\(copy), mode: insert", mappings: "{event: meta.event_id, id: record.id}", name: copy))
    }
    #expect(try place.value("SELECT count(DISTINCT event) FROM a") == "30000")
    #expect(try place.value("SELECT count(*) FROM a JOIN b USING (event, id)") == "30000")
  }
}
