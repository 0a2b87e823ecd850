import ConnectorKit
import Pipelines
import Records
import Testing

/// Expressions against the columns of tables, as a run and `validate --connect` see them.
@Suite struct TableTypeTests {
  private static let products = SourceTable(
    schema: "shop", name: "products", key: ["id"],
    columns: [
      .init("id", type: "integer", isNotNull: true), .init("name", type: "character varying(20)"),
      .init("price", type: "numeric(10,2)"), .init("at", type: "timestamp(3) with time zone", isNotNull: true),
      .init("local", type: "timestamp without time zone", isNotNull: true), .init("ratio", type: "double precision"),
      .init("state", type: "shop.state", isNotNull: true),
    ], system: "postgres")
  private static let others = SourceTable(
    schema: "shop", name: "others", columns: [.init("id", type: "integer", isNotNull: true)], system: "postgres")

  private func plan(_ mappings: String, _ more: String = "") throws -> Plan {
    let text = """
      name: products
      source: {type: table, tables: [shop.products]}
      mappings:
      \(mappings)
      target: {type: table, url: "${URL}", table: out, key: [id]}
      \(more)
      """
    let read = PipelineReader.read(file: "p.yaml", bytes: Array(text.utf8), catalog: tables)
    try #require(!read.diagnostics.hasErrors, "\(read.diagnostics.items)")
    return try #require(read.plans.first)
  }

  private func problems(_ mapping: String, _ more: String = "", _ tables: [SourceTable]? = nil) throws -> [String] {
    try plan("  id: record.id\n  x: \(mapping)", more).problems(with: tables ?? [Self.products]).map {
      "\($0.place.line):\($0.place.column) \($0.code): \($0.message)" + ($0.hint.map { "; \($0)" } ?? "")
    }
  }

  @Test(arguments: [
    "record.name", "record.price * 2", "int(record.price * 100)", "record.price * decimal('1.19') > decimal(5)",
    "record.at > timestamp('2026-01-01T00:00:00Z')", "record.at.getFullYear()", "record.ratio / 2.0",
    "record.local.startsWith('2026')", "coalesce(record.name, '-') + 'x'", "record.?price.orValue(null)",
    "has(record.name)", "record.state == 'new' && record.state.size() > 2", "before.anything",
    "{from: record.at, as: date}",
  ])
  func fits(mapping: String) throws {
    #expect(try problems(mapping).filter { !$0.contains("config.lossy_cast") } == [])
  }

  @Test(arguments: [
    ("record.nmae", " expression.unknown_field: shop.products has no field `nmae`; did you mean `name`?"),
    ("record['prize']", " expression.unknown_field: shop.products has no field `prize`; did you mean `price`?"),
    (
      "record.price * 1.19",
      " expression.no_matching_overload: decimal * double is not defined; write record.price * decimal(1.19)"
    ),
    (
      "record.at > '2026-01-01'",
      " expression.no_matching_overload: timestamp > string is not defined; write record.at > timestamp('2026-01-01')"
    ),
    ("{from: record.price, as: int}", " config.lossy_cast: the value is decimal: one with a fraction is refused"),
    ("{from: record.ratio, as: uuid}", " config.impossible_cast: the value is double, and double is never uuid"),
    (
      "{from: record.id, values: {\"1\": a}}",
      " config.unreachable_value: `1` is never matched: the value is int, and this is text"
    ),
  ])
  func `is wrong`(mapping: String, problem: String) throws {
    let found = try problems(mapping)
    #expect(found.count == 1 && found[0].hasPrefix("5:") && found[0].contains(problem), "\(found)")
  }

  @Test func `a mapping for several tables may ask for what some have`() throws {
    let streams = """
      streams:
        "shop.*": {mappings: {id: record.id, name: record.?name, nmae: record.nmae}, target: {table: a}}
      """
    #expect(try problems("record.id", streams, [Self.products]).count == 1)
    let found = try problems("record.id", streams, [Self.others, Self.products])
    #expect(found.count == 1 && found[0].contains("undeclared_field: shop.products declares no field `nmae`"))
  }

  @Test func `what a transform has changed is not spoken of`() throws {
    #expect(try problems("record.new", "transforms: [{set: {record.new: record.name}}]") == [])
    #expect(try problems("record.new", "transforms: [{set: {record.new: record.nmae}}]").count == 1)
  }

  @Test func `columns know what they are made of`() throws {
    let plan = try plan(
      """
        id: record.id
        price: record.price
        cents: int(record.price * 100)
        day: {from: record.at, as: date}
        name: {from: record.name, default: '-'}
        state: record.state
        kind: {from: record.name, values: {a: 1}, otherwise: 2}
        gross: {from: record.price * 2, required: true}
      """)
    let route = try plan.streams.routes(for: [Self.products])[0]
    #expect(
      route.stream.columns.made == [
        .init(type: "int", mayBeNull: false), .init(type: "decimal", mayBeNull: true),
        .init(type: "int", mayBeNull: false), .init(type: "date", mayBeNull: false),
        .init(type: "string", mayBeNull: false), .init(type: nil, mayBeNull: false), .init(type: nil, mayBeNull: false),
        .init(type: "decimal", mayBeNull: false),
      ])
    #expect(try plan.streams.routes(for: [SourceTable(name: "x")])[0].stream.columns.made == [])
  }
}
