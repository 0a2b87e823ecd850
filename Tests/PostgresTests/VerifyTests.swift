import Flows
import Foundation
import Records
import Testing

private let isThere = PostgresServer.shared != nil && Program.isThere

/// `millrace verify` with both sides on a server, and with a file.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct VerifyTests {
  private static func verify(_ place: Workplace, _ arguments: [String] = []) throws -> (code: Int32?, Value) {
    let run = try Program(["verify", place.path("p.yaml"), "--json"] + arguments)
    let line = run.said.split(separator: "\n").last { $0.hasPrefix("{") }
    return (run.code, try Value(json: String(try #require(line, "\(run.said)"))))
  }

  private static func counts(_ report: Value) -> [Int64?] {
    let stream = report["streams"]?.array?.first
    return ["source_rows", "target_rows", "missing", "extra", "different"].map { stream?[$0]?.int }
  }

  /// Columns of many types, some of which the target holds in other ones.
  private static func fill(_ place: Workplace) throws {
    try place.sql(
      """
      CREATE TABLE source (id int, part text COLLATE "C", price numeric, at timestamptz, day date, ok bool, doc jsonb,
        raw bytea, tags text[], span interval, name char(12), PRIMARY KEY (part, id));
      INSERT INTO source SELECT g, 'é' || g % 7, g / 8.0, 'epoch'::timestamptz + g * interval '1.25 s', '2026-01-01',
        g % 3 = 0, jsonb_build_object('g', g, 'list', jsonb_build_array(1.50, null)), decode('00ff', 'hex'),
        CASE WHEN g % 5 > 0 THEN ARRAY['a', null, 'b"c'] END, g * interval '1 min', 'n' || g
      FROM generate_series(1, 3000) g;
      CREATE TABLE copy (id bigint, part text COLLATE "C", price numeric(9,1), at timestamptz(0), day timestamp, ok text,
        doc json, raw bytea, tags text[], span interval, name text, PRIMARY KEY (id, part))
      """)
  }

  @Test func `rows are the same through other types, and what differs is found and repaired`() async throws {
    let place = try Workplace()
    try Self.fill(place)
    let plan = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source]", to: "table: SCHEMA.copy, key: [id, part]")
    try await place.run(plan)
    let (code, first) = try Self.verify(place)
    #expect(code == 0 && first["equal"] == true)
    #expect(Self.counts(first) == [3000, 3000, 0, 0, 0])

    try place.sql(
      """
      DELETE FROM copy WHERE id IN (7, 8);
      UPDATE copy SET price = price + 1 WHERE id = 100;
      UPDATE copy SET doc = '{"g":101}', tags = NULL WHERE id = 101;
      INSERT INTO copy (id, part) VALUES (9000, 'é1'), (100, 'other')
      """)
    let (found, report) = try Self.verify(place)
    #expect(found == 4 && report["equal"] == false)
    #expect(Self.counts(report) == [3000, 3000, 2, 2, 2])
    let shown = try #require(report["shown"]?.array)
    let field = shown.first { $0["key"]?["id"]?.int == 100 && $0["kind"]?.string == "different" }?["fields"]
    #expect(field?["price"]?["source"]?.json == "12.5000000000000000" && field?["price"]?["target"]?.json == "13.5")

    let (repaired, after) = try Self.verify(place, ["--repair"])
    #expect(repaired == 0 && after["repaired"]?.int == 6)
    #expect(try Self.verify(place).code == 0)
    // Its own position has not moved: a run finds nothing to do.
    #expect(try await place.run(plan).counts.read == 0)
  }

  @Test func `rows that are marked as deleted are none, and a filter is part of the comparison`() async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, n int);
      INSERT INTO source SELECT g, g FROM generate_series(1, 100) g;
      CREATE TABLE copy (id int PRIMARY KEY, n int, active bool DEFAULT true)
      """)
    let plan = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source]",
      to: "table: SCHEMA.copy, key: [id], on_delete: {mark: {active: false}}", mappings: "{id: record.id, n: record.n}",
      more: "transforms: [{filter: record.n > 10}]")
    try await place.run(plan)
    try place.sql("INSERT INTO copy VALUES (200, 1, false), (5, 5, true)")
    let (code, report) = try Self.verify(place)
    #expect(code == 4 && report["filtered"]?.int == 10)
    #expect(Self.counts(report) == [90, 91, 0, 1, 0])
    #expect(try Self.verify(place, ["--repair"]).code == 0)
    #expect(try place.sql("SELECT active FROM copy WHERE id = 5") == [["f"]])
  }

  @Test func `a table without a key is compared as a set in which rows may repeat`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE source (a int, b text)")
    try place.sql("INSERT INTO source SELECT g % 10, 'x' FROM generate_series(1, 100) g")
    try place.sql("CREATE TABLE copy (a int, b text)")
    try await place.run(
      try place.plan(from: "type: postgres, url: URL, tables: [SCHEMA.source]", to: "table: SCHEMA.copy, mode: insert"))
    #expect(try Self.verify(place).code == 0)
    try place.sql("INSERT INTO copy VALUES (3, 'x'), (3, 'x'), (77, 'y'); DELETE FROM copy WHERE a = 4")
    let (code, report) = try Self.verify(place)
    #expect(code == 4)
    #expect(Self.counts(report) == [100, 93, 10, 3, 0])
  }

  @Test func `the rows of a file are compared with those of its table, sorted otherwise`() throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE source (id text COLLATE \"C\" PRIMARY KEY, price numeric(9,2), note text)")
    try place.sql(
      "INSERT INTO source SELECT md5(g::text), g / 4.0, CASE WHEN g % 2 = 0 THEN 'é' END FROM generate_series(1, 500) g"
    )
    for (name, mend) in [("out.csv", "sed -i 's/,0.25,/,0.26,/'"), ("out.ndjson", "sed -i 's/:0.25/:0.26/'")] {
      try? FileManager.default.removeItem(atPath: place.path("p.checkpoint.json"))
      try place.write(
        """
        millrace: 1
        name: files
        source: {type: postgres, url: "\(place.url)", tables: [\(place.schema).source]}
        mappings: {id: record.id, price: record.price, note: record.note}
        target: {type: file, path: \(name), key: [id]}
        checkpoint: {path: p.checkpoint.json}
        """, to: "p.yaml")
      #expect(try Program(["run", "-q", "--once", place.path("p.yaml")]).code == 0)
      #expect(try Self.verify(place).code == 0)
      let shell = Process()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = ["-c", "\(mend) \(place.path(name))"]
      try shell.run()
      shell.waitUntilExit()
      let (code, report) = try Self.verify(place)
      #expect(code == 4)
      #expect(Self.counts(report) == [500, 500, 0, 0, 1])
      // The file is replaced as a whole by each run.
      #expect(try Program(["verify", "--repair", place.path("p.yaml")]).said.contains("verify.no_repair"))
    }
  }

  /// What a publication leaves out is in no event, and so not in the target either.
  @Test(.enabled(if: PostgresServer.shared?.hasLogicalLog == true, "no PostgreSQL with wal_level = logical"))
  func `what a stream does not have is not compared`() async throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    let name = "given_\(place.schema)"
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text, secret text, twice int GENERATED ALWAYS AS (id * 2) STORED);
      INSERT INTO source SELECT g, 'n' || g, 's' || g FROM generate_series(1, 20) g;
      CREATE PUBLICATION \(name) FOR TABLE source (id, name) WHERE (id > 10);
      CREATE TABLE copy (id int PRIMARY KEY, name text, secret text DEFAULT 'own', twice int)
      """)
    for (file, mappings) in [("all", "all"), ("some", "{id: record.id, name: record.name, secret: record.secret}")] {
      try place.sql("TRUNCATE copy")
      let plan = try place.plan(
        from: "type: postgres, url: URL, tables: [SCHEMA.source], read: snapshot_then_stream, publication: \(name)",
        to: "table: SCHEMA.copy, key: [id]", mappings: mappings, name: file)
      try await place.run(plan, endsOnceRead: true)
      let verify = { (more: [String]) in
        let run = try Program(["verify", place.path("\(file).yaml"), "--settle", "10ms", "--json"] + more)
        return try (run.code, Self.counts(Value(json: String(#require(run.said.split(separator: "\n").last)))))
      }
      #expect(try verify([]) == (0, [10, 10, 0, 0, 0]))
      try place.sql("UPDATE copy SET name = 'x' WHERE id = 12; DELETE FROM copy WHERE id = 13")
      #expect(try verify([]) == (4, [10, 9, 1, 0, 1]))
      #expect(try verify(["--repair"]).0 == 0)
      #expect(try place.value("SELECT count(*) FROM copy JOIN source USING (id, name)") == "10")
      #expect(try place.value("SELECT count(*) FROM copy WHERE secret LIKE 's%' OR twice IS NOT NULL") == "0")
    }
  }

  @Test func `several tables, and a repair that must not meet a run`() async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE one (id int PRIMARY KEY, n int); CREATE TABLE two (k text PRIMARY KEY, n int);
      INSERT INTO one SELECT g, g FROM generate_series(1, 50) g;
      INSERT INTO two SELECT 'k' || g, g FROM generate_series(1, 60) g;
      CREATE TABLE one_copy (id int PRIMARY KEY, n int);
      CREATE TABLE two_copy (k text PRIMARY KEY, n int)
      """)
    let text = """
      millrace: 1
      name: \(place.schema)-several
      source: {type: postgres, url: "\(place.url)", tables: [\(place.schema).one, \(place.schema).two]}
      streams: {"*": {mappings: all}}
      target: {type: postgres, url: "\(place.url)", table: "\(place.schema).{table}_copy"}
      checkpoint: {path: p.checkpoint.json}
      """
    try place.write(text, to: "p.yaml")
    #expect(try Program(["run", "-q", "--once", place.path("p.yaml")]).code == 0)
    try place.sql("DELETE FROM two_copy WHERE n = 7; UPDATE one_copy SET n = 0 WHERE id = 7")
    let (code, report) = try Self.verify(place)
    #expect(code == 4)
    #expect(report["streams"]?.array?.map { $0["missing"]?.int } == [0, 1])
    #expect(report["streams"]?.array?.map { $0["different"]?.int } == [1, 0])
    #expect(try Self.verify(place, ["--repair"]).code == 0)
    #expect(try place.count("two_copy") == 60)
    #expect(try place.value("SELECT n FROM one_copy WHERE id = 7") == "7")
  }

  @Test func `a repair computes with the table's types, and a replay too`() async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, price numeric, ratio float8, at timestamptz, steps numeric[]);
      INSERT INTO source SELECT g, g, g, 'epoch'::timestamptz + g * interval '1 day', ARRAY[g, 1.5]
      FROM generate_series(1, 20) g;
      CREATE TABLE copy (id int PRIMARY KEY, gross numeric CHECK (gross < 20), half float8, year int, step numeric)
      """)
    let plan = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source]", to: "table: SCHEMA.copy, key: [id]",
      mappings: """
        {id: record.id, gross: "record.price * decimal('1.19')", half: record.ratio / 2.0,
          year: record.at.getFullYear(), step: "record.steps[0] + decimal('1')"}
        """)
    #expect(try await place.run(plan).counts.deadLettered == 4)
    try place.sql("ALTER TABLE copy DROP CONSTRAINT copy_gross_check")
    let replay = try Program(["dead-letters", "replay", place.path("p.yaml"), "--yes"])
    #expect(replay.code == 0, "\(replay.said)")
    #expect(try Self.verify(place).code == 0)
    try place.sql("UPDATE copy SET gross = 0 WHERE id = 3; DELETE FROM copy WHERE id = 4")
    let (code, report) = try Self.verify(place, ["--repair"])
    #expect(code == 0 && report["repaired"]?.int == 2)
    #expect(
      try place.sql("SELECT gross::text, half::text, year::text, step::text FROM copy WHERE id = 4") == [
        ["4.76", "2", "1970", "5"]
      ])
  }

  @Test func `the counts of the first look say what was on its way`() throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY); INSERT INTO source SELECT generate_series(1, 100);
      CREATE TABLE copy (id int PRIMARY KEY); INSERT INTO copy SELECT generate_series(1, 90)
      """)
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], read: stream", to: "table: SCHEMA.copy, key: [id]")
    // As the pipeline would, a little later.
    Thread.detachNewThread {
      usleep(400_000)
      _ = try? place.sql("INSERT INTO copy SELECT generate_series(91, 100)")
    }
    let (code, report) = try Self.verify(place, ["--settle", "1s"])
    let stream = try #require(report["streams"]?.array?.first)
    let rows = try #require(stream["source_rows"]?.int) - (try #require(stream["target_rows"]?.int))
    #expect(code == 0 && rows == stream["settled"]?.int, "\(report.json)")
  }

  @Test func `rows of records that are refused now are not taken for too many`() async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, name text); INSERT INTO source VALUES (1, 'a'), (2, 'b');
      CREATE TABLE copy (id int PRIMARY KEY, name text)
      """)
    let plan = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source]", to: "table: SCHEMA.copy, key: [id]",
      mappings: "{id: record.id, name: {from: record.name, max_length: 3}}")
    try await place.run(plan)
    try place.sql("UPDATE source SET name = 'too long' WHERE id = 2")
    let (code, report) = try Self.verify(place, ["--repair"])
    #expect(code == 4 && report["refused"]?.int == 1 && report["not_repaired"]?.int == 1)
    #expect(try place.count("copy") == 2)
  }
}
