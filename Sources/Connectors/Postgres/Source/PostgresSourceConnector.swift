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

  enum Read: String, SettingChoice {
    case snapshot, stream
    case snapshotThenStream = "snapshot_then_stream"
  }

  /// The most ranges that are read at the same time.
  private static let chunksAtOnceMax = 64

  @Setting("The server and database, as libpq has it: a url or key=value pairs.", example: "${DATABASE_URL}")
  var url: Secret
  @Setting(
    "The tables, with their schemas; a `*` stands for any characters: shop.*.", example: "[shop.products]")
  var tables: [String]
  @Setting(
    "What is read: `snapshot`, the rows that are there; `stream`, their changes from now on; `snapshot_then_stream`, "
      + "both without a gap.")
  var read: Read = .snapshot
  @Setting(
    "A condition in SQL that rows must meet; for several tables one by name: {shop.orders: total > 0}.",
    example: "created_at >= '2026-01-01'")
  var `where`: RowConditions?
  @Setting("The most rows that one statement reads.", range: 1...10_000_000, tuning: true) var chunkRows: Int = 100_000
  @Setting("How many ranges are read at the same time.", range: 1...chunksAtOnceMax, tuning: true)
  var chunksAtOnce: Int = 1
  @Setting(
    "The longest silence of the server before the connection is given up; a statement that takes longer is begun again.",
    range: 1_000...86_400_000)
  var timeout: Duration = Patience.usual
  @Setting("The replication slot of a stream; made where there is none, and named after the pipeline by itself.")
  var slot: String?
  @Setting("The publication of a stream, which must have the tables; made and named after the pipeline by itself.")
  var publication: String?
  @Setting(
    "Replication origins whose transactions a stream leaves out, so that two databases can follow each other; `*` for "
      + "all that came from elsewhere.", example: "[millrace_shop_to_mirror]")
  var ignoreOrigins: [String] = []
  @Setting(
    "How long a quiet stream stays where it is before its place moves along with the server's log.",
    range: 100...3_600_000, tuning: true)
  var heartbeat: Duration = .seconds(10)
  @Setting(
    "What a stream does when a table changes its columns: go on with the new ones, or stop the run.", tuning: true)
  var onSchemaChange: SchemaChangePolicy = .follow
  @Setting(
    "What a stream does with a table that comes along under a pattern, or is dropped and made again: `follow` reads it like "
      + "the others (with `read: stream` its changes from then on, and not the rows that it has already), `ignore` leaves it out, `stop` stops the run.",
    tuning: true)
  var onNewTable: NewTablePolicy = .follow

  init() {}

  var goesOn: Bool { read != .snapshot }

  /// Which rows are read.
  var conditions: RowConditions { `where` ?? .none }

  func problems() -> [Problem] {
    if tables.isEmpty { return [Problem("tables", "names no table", hint: "write tables: [shop.products]")] }
    var problems = tables.filter { TablePattern($0) == nil }.map { name in
      Problem("tables", "`\(name)` is no name of a table", hint: #"write table, schema.table, or "odd.name"."table""#)
    }
    problems += (conditions.names ?? []).filter { TablePattern($0) == nil }.map { name in
      Problem("where", "`\(name)` is no name of a table", hint: "write where: {shop.orders: total > 0}")
    }
    let isOne = tables.count == 1 && TablePattern(tables[0])?.isName != false
    if conditions.names == nil, !isOne {
      problems.append(
        Problem(
          "where", code: "config.conflict", "a condition is for one table, and `tables` means several",
          hint: "say whose it is: where: {\(tables[0]): …}"))
    }
    if $where.isGiven, read != .snapshot {
      problems.append(
        Problem(
          "where", code: "config.conflict", "a condition is for rows that are read, and changes come whatever they are",
          hint: "write it as a filter among the transforms"))
    }
    return problems + unused
  }

  /// Settings of the way of reading that is not taken.
  private var unused: [Problem] {
    let ofStreams = [
      ("slot", $slot.isGiven), ("publication", $publication.isGiven), ("ignore_origins", $ignoreOrigins.isGiven),
      ("heartbeat", $heartbeat.isGiven), ("on_schema_change", $onSchemaChange.isGiven),
      ("on_new_table", $onNewTable.isGiven),
    ]
    switch read {
    case .snapshot:
      return ofStreams.filter(\.1).map { name, _ in
        .unused(name, "a snapshot follows no changes", hint: "remove it, or write read: snapshot_then_stream")
      }
    // A backfill reads rows beside any stream.
    case .stream, .snapshotThenStream: return []
    }
  }

  /// `shop.orders: 1200 rows, 4 ranges done, open: behind 17 to 20; shop.items: all 90 rows`
  func describe(_ position: Position) -> String {
    if let place = try? StreamPlace(position) { return describe(place) }
    guard let progress = try? SnapshotProgress(position), !progress.tables.isEmpty else { return position.value.json }
    return progress.tables.map(\.text).joined(separator: "; ")
  }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    let load = SourceSettings(
      url: url, tables: tables, conditions: conditions, chunkRows: chunkRows, chunksAtOnce: chunksAtOnce,
      timeout: timeout)
    // Who only looks sees rows that are there, and makes no slot on the server.
    if read == .snapshot { return PostgresSource(load, context) }
    if context.onlyLooks { return StreamLook(streamSettings(context, load: load), load, context) }
    // Who made the part has seen to it that the stream stores nothing meanwhile.
    if !context.part.isWhole { return StreamPart(streamSettings(context, load: load), load, context) }
    return PostgresStreamSource(streamSettings(context, load: load), context)
  }

  func streamSettings(_ context: Context, load: SourceSettings) -> StreamSettings {
    let slot = SlotName(given: slot, pipeline: context.pipeline)
    let origins: IgnoredOrigins =
      ignoreOrigins.isEmpty ? .none : ignoreOrigins.contains("*") ? .any : .named(ignoreOrigins)
    return StreamSettings(
      url: url, tables: tables, load: read == .snapshotThenStream ? load : nil, slot: slot,
      publication: PublicationName(given: publication, pipeline: context.pipeline), ignoredOrigins: origins,
      heartbeat: heartbeat, onSchemaChange: onSchemaChange, onNewTable: onNewTable, timeout: timeout)
  }

  private func describe(_ place: StreamPlace) -> String {
    let inside = place.stream.inside.map { " and \($0.changes) changes of the next transaction" } ?? ""
    let load = place.load.map { "; of \(place.loads?.joined(separator: ", ") ?? "the tables") " + describe($0) } ?? ""
    return "the log up to \(place.stream.lsn)\(inside)\(load)"
  }
}
