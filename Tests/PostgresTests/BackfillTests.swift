import ConnectorKit
import Flows
import Foundation
import Pipelines
import Records
import Synchronization
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// The program's own commands against a server, and parts of a table that together are all of it.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct BackfillTests {
  private static let columns = [
    ("(id int PRIMARY KEY, name text)", "g, 'n' || g"),
    ("(a text COLLATE \"C\", b uuid, name text, PRIMARY KEY (b, a))", "'k' || g % 10, md5(g::text)::uuid, 'n'"),
    ("(a int, t timestamptz)", "g % 50, 'epoch'::timestamptz + g * interval '1 s'"),
  ]

  private static func plan(_ place: Workplace, _ name: String) throws -> Plan {
    try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], chunk_rows: 300",
      to: "table: SCHEMA.copy, mode: insert", name: name)
  }

  @Test(arguments: columns)
  func `shards are disjoint and together complete`(columns: String, values: String) async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE source \(columns)")
    try place.sql("INSERT INTO source SELECT \(values) FROM generate_series(1, 2500) g")
    try place.sql("CREATE TABLE copy AS SELECT * FROM source WITH NO DATA")
    let whole = try Self.plan(place, "p")
    var read: [UInt64] = []
    for number in 1...4 {
      var part = SourcePart()
      part.shard = SourcePart.Shard(number, of: 4)
      let plan = whole.loading(part)
      #expect(plan.name.hasSuffix(".shard-\(number)-of-4"))
      read.append(try await place.run(plan).counts.read)
    }
    #expect(read.allSatisfy { $0 > 400 } && read.reduce(0, +) == 2500)
    let differing = "SELECT count(*) FROM (SELECT s::text FROM source s EXCEPT ALL SELECT c::text FROM copy c) x"
    #expect(try place.value(differing) == "0")
    #expect(try place.count("copy") == 2500)
  }

  @Test func `a range begins with its key and ends before the other`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE source (a int, b text, PRIMARY KEY (a, b))")
    try place.sql("INSERT INTO source SELECT g / 10, 'b' || g % 10 FROM generate_series(0, 999) g")
    try place.sql("CREATE TABLE copy AS SELECT * FROM source WITH NO DATA")
    let whole = try Self.plan(place, "p")
    var part = SourcePart()
    (part.from, part.to) = (["20", "b5"], ["30", "b0"])
    let unconditional = whole.loading(part)
    part.condition = "b <> 'b7'"
    let conditional = whole.loading(part)
    #expect(unconditional.checkpoint.path != conditional.checkpoint.path)
    #expect(unconditional.deadLetters.path != conditional.deadLetters.path)
    #expect(try await place.run(whole.loading(part)).counts.read == 85)
    #expect(try place.sql("SELECT min((a, b)::text), max((a, b)::text) FROM copy") == [["(20,b5)", "(29,b9)"]])
    part.from = ["20"]
    // Another part, with a checkpoint of its own.
    let error = await #expect(throws: FlowError.self) { try await place.run(whole.loading(part)) }
    #expect(error?.code == "backfill.bad_key")
  }

  // MARK: - The program

  @discardableResult
  private static func millrace(
    _ arguments: [String], _ environment: [String: String] = [:]
  ) throws -> (
    status: Int32, out: String, err: String
  ) {
    let process = Process()
    process.executableURL = Program.binary
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (out, err) = (Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = err
    try process.run()
    let said = String(decoding: err.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let answer = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, answer, said)
  }

  @Test func `a backfill says when all is loaded, and loads it again when asked`() throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE source (id int PRIMARY KEY, name text)")
    try place.sql("INSERT INTO source SELECT g, 'n' || g FROM generate_series(1, 500) g")
    try place.sql("CREATE TABLE copy (LIKE source INCLUDING ALL)")
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source]", to: "table: SCHEMA.copy, key: [id]")
    let file = place.path("p.yaml")
    let first = try Self.millrace(["backfill", file, "--json"])
    #expect(first.status == 0 && first.out.contains("\"written\":500"))
    let again = try Self.millrace(["backfill", file, "--json"])
    #expect(
      again.status == 0 && again.out.contains("\"read\":0") && again.err.contains("--restart loads everything again"))
    try place.sql("UPDATE copy SET name = 'changed'")
    let restarted = try Self.millrace(["backfill", file, "--restart", "--rate", "5000/s", "--json"])
    #expect(restarted.status == 0 && restarted.out.contains("\"written\":500"))
    #expect(try place.value("SELECT count(*) FROM copy WHERE name = 'changed'") == "0")
    let shown = try Self.millrace(["checkpoint", "show", file, "--json"])
    #expect(shown.out.contains("\"ranges_done\":1") && shown.out.contains("\"at_end\":true"))
    #expect(try Self.millrace(["backfill", file, "--shard", "9/8"]).status == 64)
    #expect(try Self.millrace(["backfill", file, "--then-run"]).err.contains("backfill.nothing_follows"))
    #expect(try Self.millrace(["run", "--until-current", "--quiet", file]).status == 0)
  }

  @Test func `validate looks at the servers`() throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE source (id bigint PRIMARY KEY, price numeric, name text)")
    try place.sql("CREATE TABLE copy (id int PRIMARY KEY, price numeric(8,2), name varchar(5))")
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source]", to: "table: SCHEMA.copy, key: [id]", name: "types")
    let types = try Self.millrace(["validate", "--connect", place.path("types.yaml"), "--json"])
    #expect(types.status == 0)
    for code in ["postgres.type_loses", "postgres.type_refuses"] { #expect(types.out.contains(code)) }
    for text in ["rounded to 2", "longer than 5", "larger numbers"] { #expect(types.out.contains(text), "\(text)") }
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.gone]", to: "table: SCHEMA.nothing, key: [id]", name: "bad")
    let bad = try Self.millrace(["validate", "--connect", place.path("bad.yaml")])
    #expect(bad.status == 3 && bad.out.contains("there is no table") && bad.out.contains("source.tables"))
    let quiet = try Self.millrace(["validate", place.path("bad.yaml")])
    #expect(quiet.status == 0)
    let plan = try Self.millrace(["plan", place.path("types.yaml")])
    #expect(plan.out.contains("statement"))
  }

  private static func followed(_ place: Workplace) throws -> String {
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, n int NOT NULL);
      INSERT INTO source SELECT g, 0 FROM generate_series(1, 3000) g;
      CREATE TABLE copy (LIKE source INCLUDING ALL)
      """)
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], read: stream, heartbeat: 200ms",
      to: "table: SCHEMA.copy, key: [id]")
    return place.path("p.yaml")
  }

  private static let differing =
    "SELECT count(*) FROM (SELECT * FROM source EXCEPT ALL SELECT * FROM copy) x"

  @Test(.enabled(if: PostgresServer.shared?.hasLogicalLog ?? false, "no PostgreSQL with wal_level = logical"))
  func `parts of what is followed are loaded while the pipeline stands`() throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    let file = try Self.followed(place)
    let early = try Self.millrace(["backfill", file, "--where", "id <= 1000"])
    #expect(early.status == 64 && early.err.contains("backfill.not_begun"))
    #expect(try Self.millrace(["run", "--once", "--quiet", file]).status == 0)
    // Changes that wait in the log while rows are loaded that have them already.
    try place.sql("UPDATE source SET n = 1 WHERE id % 2 = 0;\nDELETE FROM source WHERE id % 7 = 0")
    let status = try Self.millrace(["status", file, "--json"])
    #expect(status.status == 0 && status.out.contains("\"events\":1928"), "\(status.out)\(status.err)")
    let part = try Self.millrace(["backfill", file, "--where", "id <= 1000", "--json"])
    #expect(part.status == 0 && part.out.contains("\"read\":858"), "\(part.err)")
    try place.sql("UPDATE source SET id = id + 5000, n = 2 WHERE id % 5 = 0")
    #expect(try Self.millrace(["run", "--once", "--quiet", file]).status == 0)
    for shard in 1...2 { #expect(try Self.millrace(["backfill", file, "--shard", "\(shard)/2"]).status == 0) }
    #expect(try Self.millrace(["run", "--once", "--quiet", file]).status == 0)
    #expect(try place.value(Self.differing) == "0")
    #expect(try place.count("copy") == place.count("source"))
  }

  @Test(.enabled(if: PostgresServer.shared?.hasLogicalLog ?? false, "no PostgreSQL with wal_level = logical"))
  func `parts of what is followed are loaded while the pipeline runs, under writes`() throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    let file = try Self.followed(place)
    let run = try Self.running(file)
    defer { run.terminate() }
    for _ in 0..<400 where !FileManager.default.fileExists(atPath: place.path("p.checkpoint.json")) { usleep(20_000) }
    let flag = Flag()
    let wrote = DispatchSemaphore(value: 0)
    DispatchQueue(label: "writes").async {
      var n = 1
      while !flag.isSet {
        n += 1
        _ = try? place.sql(
          """
          UPDATE source SET n = \(n) WHERE id BETWEEN \(n * 37 % 2900) AND \(n * 37 % 2900 + 60);
          DELETE FROM source WHERE id = \(n * 11 % 3000);
          INSERT INTO source VALUES (\(n * 11 % 3000 + 1), \(n)) ON CONFLICT (id) DO UPDATE SET n = \(n)
          """)
      }
      wrote.signal()
    }
    for shard in 1...6 {
      let part = try Self.millrace(["backfill", file, "--shard", "\(shard)/6"])
      #expect(part.status == 0, "\(part.err)")
    }
    flag.set()
    wrote.wait()
    try Self.catchesUp(place)
    run.terminate()
    run.waitUntilExit()
  }

  /// Starts the pipeline of a file, which goes on until it is told to end.
  private static func running(_ file: String) throws -> Process {
    let run = Process()
    run.executableURL = Program.binary
    run.arguments = ["run", "--quiet", file]
    try run.run()
    return run
  }

  /// The target has the source's rows, at once or a little later.
  private static func catchesUp(_ place: Workplace) throws {
    var left: String?
    for _ in 0..<400 {
      left = try place.value(differing)
      if try left == "0" && place.count("copy") == place.count("source") { break }
      usleep(50_000)
    }
    #expect(left == "0")
    #expect(try place.count("copy") == place.count("source"))
  }

  private static let many = 60_000

  /// A pipeline that runs, and follows `source` into a `copy` that has the row 0 alone.
  private static func following(_ place: Workplace, rows: Int) throws -> (run: Process, file: String) {
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, n int NOT NULL, filler text);
      INSERT INTO source SELECT g, 0, repeat('x', 600) FROM generate_series(0, \(rows)) g;
      CREATE TABLE copy (LIKE source INCLUDING ALL);
      INSERT INTO copy SELECT * FROM source WHERE id = 0
      """)
    _ = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], read: stream, heartbeat: 200ms",
      to: "table: SCHEMA.copy, key: [id]")
    let file = place.path("p.yaml")
    let run = try running(file)
    for _ in 0..<400 where !FileManager.default.fileExists(atPath: place.path("p.checkpoint.json")) { usleep(20_000) }
    return (run, file)
  }

  /// Writes to `source` until it is told to end, each time also the row 0, whose `n` only grows.
  private static func write(_ place: Workplace, rows: Int) -> (flag: Flag, done: DispatchSemaphore) {
    let flag = Flag()
    let done = DispatchSemaphore(value: 0)
    DispatchQueue(label: "writes").async {
      var n = 1
      while !flag.isSet {
        n += 1
        let (first, other) = (n * 37 % (rows - 60) + 1, n * 11 % rows + 1)
        _ = try? place.sql(
          """
          UPDATE source SET n = \(n) WHERE id = 0;
          UPDATE source SET n = \(n) WHERE id BETWEEN \(first) AND \(first + 30);
          DELETE FROM source WHERE id = \(other);
          INSERT INTO source VALUES (\(other % rows + 1), \(n), 'new') ON CONFLICT (id) DO UPDATE SET n = \(n)
          """)
      }
      done.signal()
    }
    return (flag, done)
  }

  /// Under writes, and while it is killed again and again.
  @Test(.enabled(if: PostgresServer.shared?.hasLogicalLog ?? false, "no PostgreSQL with wal_level = logical"))
  func `a part is loaded in turns with the pipeline, whatever kills it`() throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    let (run, file) = try Self.following(place, rows: Self.many)
    defer { run.terminate() }
    let writes = Self.write(place, rows: Self.many)
    var random = SeededRandom(seed: setting("MILLRACE_KILL_SEED", or: 5))
    var kills = 0
    var code: Int32?
    while code == nil, kills < 40 {
      // Later each time, so that it comes to its end.
      let until = Date().addingTimeInterval(
        Double(kills) * 0.25 + Double(Int.random(in: 0...500, using: &random)) / 1_000)
      let arguments = ["backfill", file, "--where", "id > 0", "--quiet"]
      let part = try Program(arguments) {
        Date() > until
      }
      code = part.code
      if code == nil { kills += 1 } else { #expect(code == 0, "\(part.said)") }
    }
    writes.flag.set()
    writes.done.wait()
    #expect(code == 0 && kills > 1)
    try Self.catchesUp(place)
    run.terminate()
    run.waitUntilExit()
  }

  /// Rows that were read before the connection broke may be older than what the pipeline stored since.
  @Test(.enabled(if: PostgresServer.shared?.hasLogicalLog ?? false, "no PostgreSQL with wal_level = logical"))
  func `a turn whose connection breaks is begun again`() throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    let (run, file) = try Self.following(place, rows: Self.many)
    defer { run.terminate() }
    let writes = Self.write(place, rows: Self.many)
    var broken = 0
    let part = try Program(["backfill", file, "--where", "id > 0"]) {
      if broken < 5, let rows = try? place.count("copy"), rows > broken * 8_000 {
        // The lock that makes it the backfill's turn.
        let ended = try? place.value(
          """
          SELECT count(pg_terminate_backend(l.pid)) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
          WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted AND a.query LIKE '%\(place.schema)%'
          """)
        broken += Int(ended ?? "") ?? 0
      }
      return false
    }
    writes.flag.set()
    writes.done.wait()
    #expect(part.code == 0 && broken > 1, "\(broken): \(part.said)")
    #expect(part.said.contains("that kept the pipeline from storing"), "\(part.said)")
    try Self.catchesUp(place)
    run.terminate()
    run.waitUntilExit()
  }

  /// How much one turn reads, whatever there is, and that the turns together read every row once.
  @Test(.enabled(if: PostgresServer.shared?.hasLogicalLog ?? false, "no PostgreSQL with wal_level = logical"))
  func `a turn is short, and the next goes on behind it`() async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE source (id int PRIMARY KEY, filler text);
      INSERT INTO source SELECT g, repeat('x', 1000) FROM generate_series(1, 40000) g
      """)
    let plan = try place.plan(
      from: "type: postgres, url: URL, tables: [SCHEMA.source], read: stream", to: "table: SCHEMA.copy")
    var context = Context(
      pipeline: plan.name, folder: place.folder, batchBytes: 1 << 20, sleep: { _ in true }, note: { _ in })
    context.part.condition = "id > 0"
    let part = try plan.source.makeSource(context)
    var position: Position?
    var turns: [Int] = []
    var rows = 0
    var next = Next.reopen
    while next == .reopen, turns.count < 20 {
      _ = try await part.tables(at: position)
      try await part.open(at: position)
      let decoder = part.makeDecoder()
      turns.append(0)
      next = .batch
      while next == .batch || next == .idle {
        let batch = Batch()
        next = try await part.next(into: batch)
        if next != .batch { continue }
        turns[turns.count - 1] += batch.bytes.count
        decoder.decode(batch)
        rows += batch.events.count
        position = batch.position
      }
      await part.close()
    }
    #expect(next == .end && rows == 40_000)
    #expect(turns.count >= 5 && turns.allSatisfy { $0 <= 9 << 20 }, "\(turns)")
  }

  /// A transaction of the source that is open keeps nobody but the backfill.
  @Test(.enabled(if: PostgresServer.shared?.hasLogicalLog ?? false, "no PostgreSQL with wal_level = logical"))
  func `a part waits for an open transaction without the pipeline`() throws {
    let place = try Workplace()
    defer { place.dropSlots() }
    let file = try Self.followed(place)
    #expect(try Self.millrace(["run", "--once", "--quiet", file]).status == 0)
    let run = try Self.running(file)
    defer { run.terminate() }
    let open = try PostgresConnection(Secret(place.server.url))
    try open.run("BEGIN; UPDATE \(place.schema).source SET n = 7 WHERE id = 1")
    var stored = 0
    let part = try Program(["backfill", file, "--where", "id <= 3000"]) {
      stored += 1
      if stored < 20 {
        _ = try? place.sql("UPDATE source SET n = n + 1 WHERE id = 2")
        usleep(100_000)
        return false
      }
      if stored == 20 {
        // Nothing but the stream brings this row, and it is there.
        let isThere = try? place.count("copy WHERE id = 2") == 1
        #expect(isThere == true)
        _ = try? open.run("COMMIT")
      }
      return false
    }
    #expect(part.code == 0 && part.said.contains("the backfill waits for its end"), "\(part.said)")
    run.terminate()
    run.waitUntilExit()
    #expect(try Self.millrace(["run", "--once", "--quiet", file]).status == 0)
    #expect(try place.value(Self.differing) == "0")
  }

  /// Two databases, and the pipeline of the repository between them.
  @Test func `a real schema moves between two databases`() async throws {
    let place = try Workplace()
    let names = ["\(place.schema)_a", "\(place.schema)_b"]
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../pipelines")
    let shop = try String(contentsOf: root.appendingPathComponent("data/shop.sql"), encoding: .utf8)
    let tables = try #require(shop.components(separatedBy: "-- Rows.").first)
    var urls: [String] = []
    for (name, statements) in zip(names, [shop, tables]) {
      try PostgresConnection(Secret(place.server.url)).run("CREATE DATABASE \(name)")
      let base = place.server.url.prefix(through: try #require(place.server.url.lastIndex(of: "/")))
      let url = "\(base)\(name)"
      try PostgresConnection(Secret(url)).run(statements)
      urls.append(url)
    }
    defer {
      for name in names {
        _ = try? PostgresConnection(Secret(place.server.url)).run("DROP DATABASE \(name) WITH (FORCE)")
      }
    }
    let environment = [
      "SHOP_DATABASE_URL": urls[0], "MIRROR_DATABASE_URL": urls[1], "MILLRACE_STATE": place.path("state"),
    ]
    let file = root.appendingPathComponent("shop-mirror.yaml").path
    let planned = try Self.millrace(["plan", file, "--json"], environment)
    #expect(
      planned.out.contains(#"ON CONFLICT (\"id\") DO UPDATE"#) && planned.out.contains("FORMAT binary"), "\(planned)")
    // The key of a table that the file does not name.
    #expect(planned.out.contains(#"INSERT INTO \"shop\".\"order_lines\""#))
    let before = try Self.millrace(["dry-run", file, "--against-target", "--limit", "50"], environment)
    #expect(before.status == 0 && before.err.contains("In the target: 50 new, 0 changed"), "\(before.err)")
    let run = try Self.millrace(["backfill", file, "--json"], environment)
    #expect(run.status == 0, "\(run.err)")
    let (source, mirror) = (try PostgresConnection(Secret(urls[0])), try PostgresConnection(Secret(urls[1])))
    for table in ["categories", "products", "orders", "order_lines"] {
      let sum = "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM shop.\(table) t"
      #expect(try source.query(sum).rows == mirror.query(sum).rows)
    }
    #expect(try mirror.query("SELECT count(*), count(DISTINCT email) FROM shop.customers").rows == [["2000", "1"]])
    #expect(try mirror.query("SELECT count(*) FROM shop.sessions").rows == [["0"]])
    try mirror.query("UPDATE shop.categories SET name = name || '!' WHERE id = (SELECT min(id) FROM shop.categories)")
    let after = try Self.millrace(["dry-run", file, "--against-target", "--limit", "60"], environment)
    #expect(after.status == 0 && after.err.contains("In the target: 0 new, 1 changed"), "\(after.err)")
    let check = try Self.millrace(["validate", "--connect", file], environment)
    #expect(check.status == 0, "\(check.out)")
  }
}

private final class Flag: Sendable {
  private let state = Mutex(false)
  var isSet: Bool { state.withLock { $0 } }
  func set() { state.withLock { $0 = true } }
}

@Suite struct TypeFitTests {
  @Test(arguments: [
    ("integer", "bigint", "fits"), ("bigint", "integer", "refuses"), ("numeric", "numeric(8,2)", "loses"),
    ("numeric(8,2)", "numeric(10,2)", "fits"), ("numeric(8,2)", "numeric(8,4)", "refuses"),
    ("numeric(8,3)", "numeric", "fits"),
    ("text", "character varying(5)", "refuses"), ("character varying(5)", "text", "fits"),
    ("character varying(5)", "character varying(9)", "fits"), ("character varying", "character varying(9)", "refuses"),
    ("timestamp with time zone", "timestamp without time zone", "loses"), ("date", "timestamp with time zone", "fits"),
    ("timestamp(3) with time zone", "timestamp with time zone", "fits"),
    ("timestamp with time zone", "timestamp(3) with time zone", "loses"), ("double precision", "real", "loses"),
    ("bigint", "double precision", "loses"), ("integer", "double precision", "fits"),
    ("integer[]", "integer", "refuses"),
    ("integer[]", "text", "fits"), ("json", "jsonb", "loses"), ("uuid", "integer", "refuses"), ("mood", "text", "fits"),
    ("numeric", "integer", "refuses"), ("numeric(9,1)[]", "numeric(9,0)[]", "loses"),
  ])
  func `values fit, lose something, or are refused`(from: String, to: String, expected: String) {
    let fit: String =
      switch TypeFit(from: from, to: to) {
      case .fits: "fits"
      case .loses: "loses"
      case .refuses: "refuses"
      }
    #expect(fit == expected)
  }
}
