import ConnectorKit
import Pipelines
import Records

/// Connectors that declare settings and do nothing.
let catalog = Catalog(sources: [LogSource.self, QueueSource.self], targets: [TableTarget.self, LogTarget.self])

/// The same, and a source that has tables.
let tables = Catalog(sources: catalog.sources + [TableSource.self], targets: catalog.targets)

struct TableSource: SourceConnector {
  static let about = About("table", .source, title: "Tables", summary: "Reads rows of tables.", hasTables: true)

  @Setting("The tables.", example: "[shop.*]") var tables: [String]

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source { throw nothing }
}

enum LogFormat: String, SettingChoice { case ndjson, json, csv }

struct LogSource: SourceConnector {
  static let about = About("file", .source, title: "Files", summary: "Reads records of files.", hasTimes: false)

  struct CSV: SettingGroup {
    @Setting("Whether the first line names the columns.") var header: Bool = true
    @Setting("What stands between two cells.") var delimiter: String = ","
    @Setting("Names of the columns, where no line names them.") var columns: [String]?
  }

  @Setting("File, glob or folder to read.", example: "data/*.ndjson") var path: String
  @Setting("How the records are written.") var format: LogFormat = .ndjson
  @Setting("The dialect of CSV.") var csv: CSV = CSV()
  @Setting("Bytes read at once.", range: 1...(1 << 30), tuning: true) var block: ByteSize = .mib(1)

  func problems() -> [Problem] {
    $csv.isGiven && format != .csv ? [Problem("csv", "is given although the format is \(format.rawValue)")] : []
  }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source { throw nothing }
}

struct QueueSource: SourceConnector {
  static let about = About("queue", .source, title: "Queue", summary: "Reads messages of a queue.")

  struct Basic: SettingGroup {
    @Setting("Who logs in.") var user: String
    @Setting("Their password.") var password: Secret
  }
  struct Auth: SettingOneOf {
    @Setting("A bearer token.") var bearer: Secret?
    @Setting("A user and a password.") var basic: Basic?
  }

  @Setting("Address of the server.", example: "amqps://queue.example") var url: Secret
  @Setting("How to log in.", tuning: true) var auth: Auth?
  @Setting("How long to wait for an answer.", range: 1...600_000, tuning: true) var timeout: Duration = .seconds(30)

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source { throw nothing }
}

struct TableTarget: TargetConnector {
  static let about = About(
    "table", .target, title: "Table", summary: "Writes rows of a table.", delivery: .exactlyOnce,
    streamSettings: ["table"])

  @Setting("Address of the server.") var url: Secret
  @Setting("The table.", example: "shop.products") var table: String

  func makeTarget(_ context: Context, lane: Int) throws(ConnectorError) -> any Target { throw nothing }
}

struct LogTarget: TargetConnector {
  static let about = About("file", .target, title: "Files", summary: "Writes records to a file.", lanesMax: 1)

  enum Write: String, SettingChoice { case replace, append }

  @Setting("The file.") var path: String
  @Setting("How the records are written.") var format: LogFormat = .ndjson
  @Setting("Whether the file is replaced or appended to.") var write: Write = .replace

  func makeTarget(_ context: Context, lane: Int) throws(ConnectorError) -> any Target { throw nothing }
}

private let nothing = ConnectorError("test.nothing", "does nothing", remedy: .stop)

/// A file that is in order, with more lines behind it.
func pipeline(_ more: String = "", mappings: String = "{id: record.id}") -> String {
  """
  name: products
  source: {type: file, path: in.ndjson}
  mappings: \(mappings)
  target: {type: file, path: out.ndjson}
  \(more)
  """
}

func read(_ yaml: String, file: String = "p.yaml", _ catalog: Catalog = catalog) -> PipelineReader.Result {
  PipelineReader.read(file: file, bytes: Array(yaml.utf8), catalog: catalog)
}

/// What a file's problems are: `severity code line:column path`, one each, in order.
func findings(_ yaml: String, _ catalog: Catalog = catalog) -> [String] {
  read(yaml, catalog).diagnostics.sorted.map {
    "\($0.severity == .warning ? "warning " : "")\($0.code) \($0.place.line):\($0.place.column) \($0.path)"
  }
}
