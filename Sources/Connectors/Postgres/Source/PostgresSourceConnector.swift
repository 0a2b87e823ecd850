import ConnectorKit
import Records

/// `source: {type: postgres}`.
struct PostgresSourceConnector: SourceConnector {
  static let about = About(
    "postgres", .source, title: "PostgreSQL table",
    summary:
      "Reads all rows of a table, a partitioned table or a view, in ranges of its key, and goes on inside a range after "
      + "a stop. A table without a key is read in one pass, by the rows' places.")

  enum Read: String, SettingChoice { case snapshot }

  /// The most ranges that are read at the same time.
  private static let chunksAtOnceMax = 64

  @Setting("The server and database, as libpq has it: a url or key=value pairs.", example: "${DATABASE_URL}")
  var url: Secret
  @Setting("The table, with its schema.", example: "[shop.products]") var tables: [String]
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
    guard tables.count == 1 else {
      return [
        Problem(
          "tables", "names \(tables.count) tables", hint: "write a pipeline for each table: tables: [shop.products]")
      ]
    }
    if TableName(tables[0]) != nil { return [] }
    return [
      Problem(
        "tables", "`\(tables[0])` is no name of a table", hint: #"write table, schema.table, or "odd.name"."table""#)
    ]
  }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    guard let table = tables.first.flatMap({ TableName($0) }) else {
      throw ConnectorError("postgres.bad_name", "No table is named.", remedy: .stop)
    }
    return PostgresSource(
      SourceSettings(
        url: url, table: table, condition: `where`, chunkRows: chunkRows, chunksAtOnce: chunksAtOnce,
        timeout: timeout), context)
  }
}
