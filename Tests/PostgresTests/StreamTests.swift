import ConnectorKit
import Flows
import Foundation
import Pipelines
import Records
import Testing

@testable import Connectors

private let isThere = PostgresServer.shared != nil

/// Several tables through one pipeline.
@Suite(.serialized, .enabled(if: isThere, Comment(rawValue: PostgresServer.whyMissing)))
struct StreamTests {
  /// A shop with foreign keys, whose tables come in an order that does not satisfy them.
  private static let shop = """
    CREATE TABLE categories (id int PRIMARY KEY, name text);
    CREATE TABLE products (id int PRIMARY KEY, category int NOT NULL REFERENCES categories, name text, price numeric(8,2));
    CREATE TABLE customers (id uuid PRIMARY KEY, name text);
    CREATE TABLE an_order (id int PRIMARY KEY, customer uuid NOT NULL REFERENCES customers);
    CREATE TABLE an_item (an_order int REFERENCES an_order, line int, product int NOT NULL REFERENCES products, PRIMARY KEY (an_order, line));
    CREATE TABLE audit (at timestamptz, said text)
    """

  private static let rows = """
    INSERT INTO categories SELECT g, 'c' || g FROM generate_series(1, 40) g;
    INSERT INTO products SELECT g, g % 40 + 1, 'p' || g, g / 7.0 FROM generate_series(1, 1200) g;
    INSERT INTO customers SELECT md5(g::text)::uuid, 'n' || g FROM generate_series(1, 500) g;
    INSERT INTO an_order SELECT g, md5((g % 500 + 1)::text)::uuid FROM generate_series(1, 2000) g;
    INSERT INTO an_item SELECT g % 2000 + 1, g / 2000, g % 1200 + 1 FROM generate_series(0, 3599) g;
    INSERT INTO audit SELECT now(), 's' || g FROM generate_series(1, 20) g
    """

  private static let tables = ["categories", "products", "customers", "an_order", "an_item"]

  private static func yaml(_ place: Workplace, tables: String, target: String, _ streams: String) -> String {
    """
    millrace: 1
    name: \(place.schema)-p
    source: {type: postgres, url: "\(place.server.url)", tables: \(tables), chunk_rows: 700}
    target: {type: postgres, url: "\(place.server.url)", \(target)}
    streams:
    \(streams)
    checkpoint: {path: \(place.path("p.checkpoint.json")), every: 20ms}
    retry: {dead_letter: {type: file, path: \(place.path("p.dead-letters.ndjson"))}}
    """
  }

  @Test(arguments: ["", ", chunks_at_once: 3"])
  func `a schema with foreign keys moves in an order that satisfies them`(more: String) async throws {
    let (from, to) = (try Workplace(), try Workplace())
    try from.sql(Self.shop)
    try from.sql(Self.rows)
    try to.sql(Self.shop)
    let yaml = Self.yaml(
      from, tables: "[\(from.schema).*]", target: "table: '\(to.schema).{table}'",
      """
        \(from.schema).audit: {skip: true}
        products: {mappings: {id: record.id, category: record.category, name: {from: record.name, max_length: 4}, price: record.price}}
        "*": {mappings: all}
      """
    ).replacing("chunk_rows: 700", with: "chunk_rows: 700\(more)")
    let summary = try await from.run(try from.plan(yaml: yaml))
    // p1000 to p1200 are longer than four characters.
    #expect(summary.counts.deadLettered >= 201 && summary.counts.balances)
    #expect(try to.count("products") == 999)
    for table in ["categories", "customers", "an_order"] {
      #expect(
        try to.value("SELECT count(*) FROM (SELECT * FROM \(from.schema).\(table) EXCEPT SELECT * FROM \(table)) x")
          == "0")
    }
    #expect(try to.count("audit") == 0)
    let letters = try Set(from.deadLetters().map { String($0) })
    #expect(letters == ["mapping.too_long name", "postgres.foreign_key_violation"])
  }

  @Test func `another run goes on in the middle of the tables`() async throws {
    let (from, to) = (try Workplace(), try Workplace())
    try from.sql(Self.shop)
    try from.sql(Self.rows)
    try to.sql(Self.shop)
    let yaml = Self.yaml(
      from, tables: "[\(from.schema).*]", target: "table: '\(to.schema).{table}', mode: insert",
      "  \"*\": {mappings: all}\nlimits: {in_flight: 1MiB, rate: 4000/s}")
    try from.sql("UPDATE products SET name = repeat(name, 60)")
    let plan = try from.plan(yaml: yaml)
    var runs = 0
    while try await from.run(plan, stopAfter: 1500).ended == false { runs += 1 }
    #expect(runs > 0)
    for table in Self.tables + ["audit"] {
      #expect(try to.count(table) == from.count(table))
      #expect(
        try to.value("SELECT count(*) FROM (SELECT * FROM \(from.schema).\(table) EXCEPT ALL SELECT * FROM \(table)) x")
          == "0")
    }
    #expect(try from.deadLetters() == [])
  }

  @Test func `tables are created with the types of the source`() async throws {
    let (from, to) = (try Workplace(), try Workplace())
    try from.sql(Self.shop)
    try from.sql(Self.rows)
    let yaml = Self.yaml(
      from, tables: "[\(from.schema).*]", target: "table: '\(to.schema).{schema}_{table}', create: true",
      "  \"*\": {mappings: all}\n  \(from.schema).audit: {skip: true}")
    try await from.run(try from.plan(yaml: yaml))
    let types = try to.sql(
      "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = '\(from.schema)_products'::regclass AND attnum > 0 ORDER BY attnum"
    )
    #expect(types.map { $0[0] } == ["integer", "integer", "text", "numeric(8,2)"])
    for table in Self.tables { #expect(try to.count("\(from.schema)_\(table)") == from.count(table)) }
  }

  @Test func `what is not there stops the run before the first row`() async throws {
    let place = try Workplace()
    try place.sql("CREATE TABLE one (id int PRIMARY KEY); CREATE TABLE two (a int)")
    for (tables, streams, code) in [
      ("[\(place.schema).none*]", "\"*\": {mappings: all}", "postgres.undefined_table"),
      ("[\(place.schema).*]", "one: {mappings: all}", "stream.none"),
      ("[\(place.schema).one]", "\"*\": {mappings: all, target: {table: 'gone.{table}'}}", "postgres.undefined_table"),
      ("[\(place.schema).two]", "\"*\": {mappings: all}", "postgres.key_missing"),
    ] {
      let yaml = Self.yaml(place, tables: tables, target: "table: '\(place.schema).{table}'", "  \(streams)")
      let error = await #expect(throws: FlowError.self) { try await place.run(try place.plan(yaml: yaml)) }
      #expect(error?.code == code && error?.exit == .surroundings)
    }
  }

  @Test func `foreign keys that lead in a circle need nobody to check them`() async throws {
    let (from, to) = (try Workplace(), try Workplace())
    let circle = "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree)"
    try from.sql(circle)
    try from.sql("INSERT INTO tree SELECT g, CASE WHEN g < 2000 THEN g + 1 END FROM generate_series(1, 2000) g")
    try to.sql(circle)
    let yaml = Self.yaml(
      from, tables: "[\(from.schema).tree]",
      target: "table: '\(to.schema).{table}', foreign_keys: off, batch: {records: 300}",
      "  \"*\": {mappings: all}")
    let notes = Notes()
    try await from.run(try from.plan(yaml: yaml), notes: notes)
    #expect(try to.count("tree") == 2000)
    #expect(notes.all.contains { $0.contains("lead in a circle") })
  }

  // MARK: - Changes

  private static let goods = """
    CREATE TABLE maker (id int PRIMARY KEY, name text, gone bool NOT NULL DEFAULT false);
    CREATE TABLE goods (id int PRIMARY KEY, maker int REFERENCES maker, name text, v int, gone bool NOT NULL DEFAULT false);
    INSERT INTO maker VALUES (1, 'one', false), (2, 'two', false);
    INSERT INTO goods VALUES (1, 1, 'a', 1, false), (2, 2, 'b', 5, false), (3, NULL, 'c', 1, false)
    """

  private static func run(
    _ place: Workplace, _ events: [String], target: String = "", tables: String = "maker: [id], goods: [id]"
  ) async throws -> Flow.Summary {
    try place.write(events.map { $0 + "\n" }.joined(), to: "events.ndjson")
    let yaml = """
      millrace: 1
      name: \(place.schema)-p
      source: {type: events, path: \(place.path("events.ndjson")), tables: {\(tables)}}
      mappings: all
      target: {type: postgres, url: "\(place.server.url)", table: '\(place.schema).{table}'\(target)}
      checkpoint: {path: \(place.path("p.checkpoint.json")), every: 20ms}
      retry: {dead_letter: {type: file, path: \(place.path("p.dead-letters.ndjson"))}}
      """
    var catalog = Catalog.standard
    catalog.sources.append(EventsSourceConnector.self)
    return try await place.run(try place.plan(yaml: yaml, catalog: catalog))
  }

  private static func maker(_ place: Workplace) throws -> [String] { try shown(place, "maker") }
  private static func goods(_ place: Workplace) throws -> [String] { try shown(place, "goods") }

  private static func shown(_ place: Workplace, _ table: String) throws -> [String] {
    try place.sql("SELECT * FROM \(table) ORDER BY id").map { $0.map { $0 ?? "-" }.joined(separator: " ") }
  }

  @Test func `changes of several tables are stored in their order`() async throws {
    let place = try Workplace()
    try place.sql(Self.goods)
    let summary = try await Self.run(
      place,
      [
        #"{"table":"maker","op":"create","record":{"id":3,"name":"three","gone":false}}"#,
        #"{"table":"goods","op":"create","record":{"id":4,"maker":3,"name":"d","v":1,"gone":false}}"#,
        #"{"table":"goods","op":"update","record":{"id":1,"name":"A"}}"#,
        #"{"table":"goods","op":"update","record":{"id":2,"maker":1}}"#,
        #"{"table":"maker","op":"delete","key":{"id":2}}"#,
        #"{"table":"goods","op":"delete","before":{"id":3,"maker":null,"name":"c","v":1,"gone":false},"key":{"id":3}}"#,
        #"{"table":"goods","op":"create","record":{"id":3,"maker":3,"name":"again","v":2,"gone":false}}"#,
        #"{"table":"goods","op":"delete","record":{"id":4}}"#,
      ])
    #expect(summary.counts.shown == "8 read, 8 written, 0 stale, 0 dead")
    #expect(try Self.maker(place) == ["1 one f", "3 three f"])
    #expect(try Self.goods(place) == ["1 1 A 1 f", "2 1 b 5 f", "3 3 again 2 f"])
  }

  @Test(arguments: ["check", "deferred"])
  func `a row may come before the one that it refers to where its key is deferred`(policy: String) async throws {
    let place = try Workplace()
    try place.sql(Self.goods.replacing("REFERENCES maker,", with: "REFERENCES maker DEFERRABLE,"))
    let summary = try await Self.run(
      place,
      [
        #"{"table":"goods","op":"create","record":{"id":4,"maker":3,"name":"d","v":1,"gone":false}}"#,
        #"{"table":"maker","op":"create","record":{"id":3,"name":"three","gone":false}}"#,
      ], target: ", foreign_keys: \(policy)", tables: "goods: [id], maker: [id]")
    #expect(
      summary.counts.shown
        == (policy == "check" ? "2 read, 1 written, 0 stale, 1 dead" : "2 read, 2 written, 0 stale, 0 dead"))
    let bad = [
      #"{"table":"goods","op":"create","record":{"id":5,"maker":99,"name":"e","v":1,"gone":false}}"#,
      #"{"table":"goods","op":"create","record":{"id":6,"maker":1,"name":"f","v":1,"gone":false}}"#,
    ]
    try? FileManager.default.removeItem(atPath: place.path("p.checkpoint.json"))
    let other = try await Self.run(place, bad, target: ", foreign_keys: \(policy)")
    #expect(other.counts.shown == "2 read, 1 written, 0 stale, 1 dead")
    #expect(try Self.goods(place).last == "6 1 f 1 f")
  }

  /// Among rows of which one is refused, in a chain that comes the wrong way round, and of a key that comes twice.
  @Test func `a refused row takes none along that is good once all are there`() async throws {
    let place = try Workplace()
    try place.sql(
      """
      CREATE TABLE maker (id int PRIMARY KEY, name text, boss int REFERENCES maker DEFERRABLE);
      CREATE TABLE goods (id int PRIMARY KEY, maker int REFERENCES maker DEFERRABLE, name text)
      """)
    let summary = try await Self.run(
      place,
      [
        #"{"table":"goods","op":"create","record":{"id":4,"maker":3,"name":"early"}}"#,
        #"{"table":"goods","op":"create","record":{"id":5,"maker":99,"name":"bad"}}"#,
        #"{"table":"maker","op":"create","record":{"id":3,"name":"three","boss":2}}"#,
        #"{"table":"maker","op":"create","record":{"id":2,"name":"two","boss":1}}"#,
        #"{"table":"goods","op":"create","record":{"id":6,"maker":2,"name":"first"}}"#,
        #"{"table":"maker","op":"create","record":{"id":1,"name":"one","boss":null}}"#,
        #"{"table":"goods","op":"update","record":{"id":6,"maker":1,"name":"second"}}"#,
      ], target: ", foreign_keys: deferred")
    #expect(summary.counts.shown == "7 read, 6 written, 0 stale, 1 dead")
    #expect(try Self.goods(place) == ["4 3 early", "6 1 second"])
    #expect(try Self.maker(place) == ["1 one -", "2 two 1", "3 three 2"])
    #expect(try place.deadLetters() == ["postgres.foreign_key_violation"])
  }

  @Test func `deletes are marked, or ignored`() async throws {
    let events = [
      #"{"table":"goods","op":"delete","key":{"id":1}}"#, #"{"table":"goods","op":"delete","key":{"id":9}}"#,
      #"{"table":"goods","op":"create","record":{"id":5,"maker":1,"name":"e","v":1,"gone":false}}"#,
      #"{"table":"goods","op":"delete","key":{"id":5}}"#, #"{"table":"maker","op":"truncate"}"#,
    ]
    let marked = try Workplace()
    try marked.sql(Self.goods)
    let summary = try await Self.run(marked, events, target: ", on_delete: {mark: {gone: true}}")
    #expect(summary.counts.shown == "5 read, 5 written, 0 stale, 0 dead")
    #expect(try Self.goods(marked) == ["1 1 a 1 t", "2 2 b 5 f", "3 - c 1 f", "5 1 e 1 t"])
    #expect(try Self.maker(marked) == ["1 one t", "2 two t"])
    let ignored = try Workplace()
    try ignored.sql(Self.goods)
    let other = try await Self.run(ignored, events, target: ", on_delete: ignore")
    #expect(other.counts.written == 1 && other.counts.filtered == 4)
    #expect(try Self.goods(ignored) == ["1 1 a 1 f", "2 2 b 5 f", "3 - c 1 f", "5 1 e 1 f"])
  }

  @Test func `a truncate empties the table, and what follows it stays`() async throws {
    let place = try Workplace()
    try place.sql(Self.goods)
    _ = try await Self.run(
      place,
      [
        #"{"table":"goods","op":"create","record":{"id":7,"maker":1,"name":"x","v":1,"gone":false}}"#,
        #"{"table":"goods","op":"truncate"}"#, #"{"table":"maker","op":"truncate"}"#,
        #"{"table":"maker","op":"create","record":{"id":1,"name":"new","gone":false}}"#,
        #"{"table":"goods","op":"create","record":{"id":8,"maker":1,"name":"y","v":1,"gone":false}}"#,
      ])
    #expect(try Self.maker(place) == ["1 new f"])
    #expect(try Self.goods(place) == ["8 1 y 1 f"])
  }

  @Test func `an older change never overtakes a newer row, and ties go by position`() async throws {
    let place = try Workplace()
    try place.sql(
      "CREATE TABLE goods (id int PRIMARY KEY, maker int, name text, v int, gone bool); CREATE TABLE maker (id int PRIMARY KEY, v int)"
    )
    try place.sql(
      "INSERT INTO goods VALUES (1, 1, 'newer', 9, false), (2, 1, 'same', 5, false), (3, 1, 'kept', 9, false)")
    let summary = try await Self.run(
      place,
      [
        #"{"table":"goods","op":"update","record":{"id":1,"name":"late","v":8}}"#,
        #"{"table":"goods","op":"update","record":{"id":2,"maker":1,"name":"tie","v":5,"gone":false}}"#,
        #"{"table":"goods","op":"update","record":{"id":2,"maker":1,"name":"last tie","v":5,"gone":false}}"#,
        #"{"table":"goods","op":"delete","record":{"id":3,"v":8}}"#,
        #"{"table":"goods","op":"delete","before":{"id":1,"v":9}}"#,
      ], target: ", version: v")
    #expect(summary.counts.shown == "5 read, 3 written, 2 stale, 0 dead")
    #expect(try Self.goods(place) == ["2 1 last tie 5 f", "3 1 kept 9 f"])
  }

  @Test func `finely mixed tables are stored together, and in their order where that is needed`() async throws {
    let place = try Workplace()
    try place.sql(Self.goods)
    var events: [String] = []
    for id in 10..<400 {
      events.append(
        #"{"table":"goods","op":"create","record":{"id":\#(id),"maker":null,"name":"g","v":1,"gone":false}}"#)
      events.append(#"{"table":"maker","op":"create","record":{"id":\#(id),"name":"m","gone":false}}"#)
    }
    // A maker that goes before another table's row lets it go: only in this order.
    events.append(#"{"table":"goods","op":"update","record":{"id":2,"maker":10}}"#)
    events.append(#"{"table":"maker","op":"delete","key":{"id":2}}"#)
    events.append(#"{"table":"goods","op":"create","record":{"id":1000,"maker":2000,"name":"bad","v":1,"gone":false}}"#)
    let summary = try await Self.run(place, events)
    #expect(summary.counts.shown == "783 read, 782 written, 0 stale, 1 dead")
    #expect(try place.count("goods") == 393 && place.count("maker") == 391)
    #expect(try place.deadLetters() == ["postgres.foreign_key_violation"])
  }
}

@Suite struct TableOrderTests {
  private func order(_ count: Int, _ edges: (Int, Int)...) -> TableOrder {
    TableOrder(count: count, edges.map { TableOrder.Edge(from: $0.0, to: $0.1) })
  }

  @Test func `a table comes behind those that it refers to`() {
    #expect(order(3).order == [0, 1, 2])
    #expect(order(4, (0, 1), (1, 3), (2, 3)).order == [3, 1, 0, 2])
    #expect(order(4, (0, 1), (1, 3), (2, 3)).circles == [])
  }

  @Test func `circles are told, and have an order all the same`() {
    let found = order(4, (0, 1), (1, 0), (2, 2), (3, 0))
    #expect(found.order == [2, 0, 1, 3] && found.circles == [0, 2])
  }
}
