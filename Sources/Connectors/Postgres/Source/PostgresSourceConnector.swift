import ConnectorKit
import Records

/// `source: {type: postgres}`.
struct PostgresSourceConnector: SourceConnector {
  static let about = About(
    "postgres", .source, title: "PostgreSQL tables",
    summary:
      "Reads all rows of tables, partitioned tables or views, in ranges of its key, and goes on inside a range after "
      + "a stop. A table without a key is read in one pass, by the rows' places. Several tables are read one after the "
      + "other, in an order that satisfies their foreign keys.", hasTables: true, takesParts: true)

  enum Read: String, SettingChoice { case snapshot }

  /// The most ranges that are read at the same time.
  private static let chunksAtOnceMax = 64

  @Setting("The server and database, as libpq has it: a url or key=value pairs.", example: "${DATABASE_URL}")
  var url: Secret
  @Setting(
    "The tables, with their schemas; a `*` stands for any characters: shop.*.", example: "[shop.products]")
  var tables: [String]
  @Setting("What is read: `snapshot`, the rows that are there.") var read: Read = .snapshot
  @Setting("A condition in SQL that rows must meet.", example: "created_at >= '2026-01-01'") var `where`: String?
  @Setting("The most rows that one statement reads.", range: 1...10_000_000, tuning: true) var chunkRows: Int = 100_000
  @Setting("How many ranges are read at the same time.", range: 1...chunksAtOnceMax, tuning: true)
  var chunksAtOnce: Int = 1
  @Setting(
    "The longest silence of the server before the connection is given up; a statement that takes longer is begun again.",
    range: 1_000...86_400_000)
  var timeout: Duration = Patience.usual

  init() {}

  func problems() -> [Problem] {
    if tables.isEmpty { return [Problem("tables", "names no table", hint: "write tables: [shop.products]")] }
    var problems = tables.filter { TablePattern($0) == nil }.map { name in
      Problem("tables", "`\(name)` is no name of a table", hint: #"write table, schema.table, or "odd.name"."table""#)
    }
    let isOne = tables.count == 1 && TablePattern(tables[0])?.isName != false
    if $where.isGiven, !isOne {
      problems.append(
        Problem(
          "where", code: "config.conflict", "a condition is for one table, and `tables` means several",
          hint: "write a pipeline for the table that has the condition"))
    }
    return problems
  }

  /// `shop.orders: 1200 rows, 4 ranges done, open: behind 17 to 20; shop.items: all 90 rows`
  func describe(_ position: Position) -> String {
    guard let progress = try? SnapshotProgress(position), !progress.tables.isEmpty else { return position.value.json }
    return progress.tables.map(\.text).joined(separator: "; ")
  }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    return PostgresSource(
      SourceSettings(
        url: url, tables: tables, condition: `where`, chunkRows: chunkRows, chunksAtOnce: chunksAtOnce,
        timeout: timeout), context)
  }
}
