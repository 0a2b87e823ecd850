import ConnectorKit
import Expressions
import Pipelines
import Records
import Testing

/// `streams`: which table's events go which way.
@Suite struct StreamTests {
  private static func yaml(_ streams: String, target: String = "", more: String = "") -> String {
    """
    name: shop
    source: {type: table, tables: [shop.*]}
    target: {type: table, url: "${URL}"\(target)}
    \(more)
    streams:
    \(streams)
    """
  }

  private static let full = yaml(
    """
      shop.products: {mappings: {id: record.id}, target: {table: mirror.products, key: [id]}, transforms: [{filter: record.a == 1}]}
      shop.audit: {skip: true}
      shop.o*: {target: {table: orders}}
      "*": {}
    """, target: ", table: \"mirror.{table}\"", more: "mappings: all\ntransforms: [{filter: record.b == 2}]")

  private func plan(_ yaml: String) throws -> Plan {
    let result = read(yaml, tables)
    #expect(result.diagnostics.items == [])
    return try #require(result.plans.first)
  }

  private func table(_ target: any TargetConnector) -> String? { (target as? TableTarget)?.table }

  @Test func `each table takes its stream, the name before the pattern and the star last`() throws {
    let plan = try plan(Self.full)
    let found = ["shop.products", "shop.audit", "shop.orders", "shop.items", "else.orders"].map { name in
      let parts = name.split(separator: ".").map(String.init)
      return plan.streams.stream(of: SourceTable(schema: parts[0], name: parts[1]))
    }
    #expect(found.map { $0?.pattern?.text } == ["shop.products", "shop.audit", "shop.o*", "*", "*"])
    #expect(found.map { $0?.skips } == [false, true, false, false, false])
    #expect(table(found[0]!.target) == "mirror.products" && table(found[2]!.target) == "orders")
    #expect(table(found[3]!.target) == "mirror.{table}")
    #expect(found[0]?.transforms.count == 2 && found[3]?.transforms.count == 1)
    #expect(plan.hasStreams && plan.columns.names == ["id"])
  }

  @Test func `the key is the file's, or else the table's own where it arrives`() throws {
    let plan = try plan(
      Self.yaml(
        """
          a: {mappings: {ident: record.id, part: record.part}}
          b: {mappings: {"*": all, id: {from: record.id, as: string}}}
          c: {mappings: {"*": all, part: drop}}
          d: {mappings: {x: record.x}, target: {key: [x]}}
          "*": {mappings: all}
        """, target: ", table: t"))
    let routes = try plan.streams.routes(
      for: ["a", "b", "c", "d", "e"].map { SourceTable(schema: "s", name: $0, key: ["id", "part"]) })
    let keys = routes.map { route in route.stream.columns.key.map { route.stream.columns.names[$0] } }
    #expect(keys == [["ident", "part"], [], [], ["x"], ["id", "part"]])
    #expect(routes.map { $0.stream.columns.rest?.excluded } == [nil, ["id"], ["part"], nil, ["id", "part"]])
  }

  @Test func `a table that no stream is for is refused`() throws {
    let plan = try plan(Self.yaml("  a: {mappings: all}", target: ", table: t"))
    #expect(throws: ConnectorError.self) { try plan.streams.routes(for: [SourceTable(name: "b")]) }
    #expect(try plan.streams.routes(for: [SourceTable(name: "a")]).count == 1)
  }

  @Test(arguments: [
    (yaml("  a: {}", target: ", table: t"), ["config.missing_key 6:6 streams.a.mappings"]),
    (yaml("  a: {mappings: all}"), ["config.missing_key 3:9 target.table"]),
    (yaml("  a: {mappings: all}\n  b: {mappings: all}"), ["config.missing_key 3:9 target.table"]),
    (yaml("  a: {skip: true}", target: ", table: t"), ["config.empty 6:3 streams"]),
    (
      yaml("  a: {skip: true, mappings: all}\n  b: {mappings: all}", target: ", table: t"),
      ["config.conflict 6:29 streams.a.mappings"]
    ),
    (
      yaml("  a: {mappings: all, target: {url: x}}", target: ", table: t"),
      ["config.not_per_stream 6:31 streams.a.target.url"]
    ),
    (
      yaml("  a: {mappings: all, target: {tabel: x}}", target: ", table: t"),
      ["config.unknown_key 6:31 streams.a.target.tabel"]
    ),
    (
      yaml("  a: {mappings: {b: record.b}, target: {key: [c]}}", target: ", table: t"),
      ["config.unknown_column 6:47 streams.a.target.key[0]"]
    ),
    (yaml("  a.b.c: {mappings: all}", target: ", table: t"), ["config.bad_table 6:3 streams[\"a.b.c\"]"]),
    (
      yaml("  a: {mappings: all}", target: ", table: t, lanes: 2"),
      ["warning config.lanes_across_tables 3:55 target.lanes"]
    ),
    (yaml("  a: {maps: all}", target: ", table: t", more: "mappings: all"), ["config.unknown_key 6:7 streams.a.maps"]),
    (
      yaml("  a: {mappings: all}", target: ", table: t", more: "mappings: all"), ["warning config.unused 4:11 mappings"]
    ),
    (
      yaml("  shop.prodcts: {mappings: all}\n  products: {mappings: all}", target: ", table: \"{table}\"").replacing(
        "shop.*", with: "shop.products"), ["warning config.unused 6:3 streams[\"shop.prodcts\"]"]
    ),
  ])
  func `what does not fit is found where it stands`(yaml: String, expected: [String]) {
    #expect(findings(yaml, tables) == expected)
  }

  @Test func `streams need a source with tables and a target that takes them`() {
    let files = pipeline("streams: {a: {mappings: all}, b: {mappings: all}}")
    #expect(
      findings(files) == [
        "warning config.unused 3:11 mappings", "config.no_tables 5:10 streams", "config.one_stream 5:10 streams",
      ])
  }

  @Test func `the fingerprint tells streams apart`() throws {
    let plans = try ["  a: {mappings: all}", "  b: {mappings: all}", "  a: {mappings: all, target: {table: u}}"].map {
      try plan(Self.yaml($0, target: ", table: t")).fingerprint
    }
    #expect(Set(plans).count == 3)
  }
}

@Suite struct TablePatternTests {
  @Test(arguments: [
    ("products", "shop", "products", true), ("shop.products", "shop", "products", true),
    ("shop.products", "other", "products", false), ("shop.*", "shop", "anything", true), ("*", "x", "y", true),
    ("*.a*z", "s", "abcz", true), ("*.a*z", "s", "abc", false), ("a*b*c", "s", "aXbYc", true),
    ("a*b*c", "s", "abc", true), ("a*b*c", "s", "acb", false), (#""a*b""#, "s", "a*b", true),
    (#""a*b""#, "s", "axb", false), (#""S.1"."t""2""#, "S.1", #"t"2"#, true), ("Ünï*", "s", "Ünïcode", true),
    ("products", "shop", "Products", false),
  ])
  func `a pattern means tables`(pattern: String, schema: String, name: String, expected: Bool) throws {
    let pattern = try #require(TablePattern(pattern))
    #expect(pattern.matches(SourceTable(schema: schema, name: name)) == expected)
  }

  @Test(arguments: ["", ".", "a.", "a.b.c", "\"a", "a\"b\"", "\"\""])
  func `other texts are none`(text: String) { #expect(TablePattern(text) == nil) }

  @Test func `places in a name`() {
    let table = SourceTable(schema: "shop", name: "products")
    #expect(TableTemplate("mirror.{table}").name(for: table) == "mirror.products")
    #expect(TableTemplate("{schema}_x.{table}_y").name(for: table) == "shop_x.products_y")
    #expect(TableTemplate("plain").name(for: nil) == "plain")
    #expect(TableTemplate("{table}").name(for: nil) == nil)
    #expect(TableTemplate("{schema}").name(for: SourceTable(name: "a")) == nil)
  }
}
