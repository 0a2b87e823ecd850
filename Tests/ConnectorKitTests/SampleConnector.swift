import ConnectorKit
import Records

/// A connector that has every kind of setting.
struct Sample: SourceConnector {
  static let about = About("sample", .source, title: "Sample", summary: "Reads nothing.")

  enum Format: String, SettingChoice { case ndjson, json, csv }

  struct CSV: SettingGroup {
    @Setting("Whether the first line names the columns.") var header: Bool = true
    @Setting("What stands between two cells.") var delimiter: String = ","
    @Setting("The text that stands for null.", allowsEmpty: true) var null: String = ""
    @Setting("Names of the columns, where no line names them.") var columns: [String]?

    func problems() -> [Problem] {
      delimiter.utf8.count == 1 ? [] : [Problem("delimiter", "must be one ASCII character")]
    }
  }

  struct Basic: SettingGroup {
    @Setting("Who logs in.") var user: String
    @Setting("Their password.") var password: Secret
  }

  struct Auth: SettingOneOf {
    @Setting("A bearer token.") var bearer: Secret?
    @Setting("A user and a password.") var basic: Basic?
  }

  struct Retain: SettingGroup {
    static let short: String? = "age"
    @Setting("How long.") var age: Duration = .seconds(3_600)
    @Setting("How much.") var bytes: ByteSize = .mib(64)
  }

  @Setting("File, glob or folder to read.", example: "data/*.ndjson") var path: String
  @Setting("How the records are written.") var format: Format = .ndjson
  @Setting("The dialect of CSV.") var csv: CSV = CSV()
  @Setting("How to log in.") var auth: Auth?
  @Setting("How long things are kept.") var retain: Retain?
  @Setting("Rows of a chunk.", range: 1...1_000, tuning: true) var chunkRows: Int = 100
  @Setting("How long to wait.", range: 1...60_000, tuning: true) var timeout: Duration = .seconds(30)
  @Setting("The most that is read in a second.", tuning: true) var rate: Rate?
  @Setting("Bytes read at once.", range: 1...(1 << 20), tuning: true) var block: ByteSize = .kib(64)
  @Setting("Share of records, 0 to 1.") var share: Double = 1
  @Setting("Sent with every request.") var headers: SettingMap<String> = SettingMap()
  @Setting("What a row is marked with.") var mark: Value?

  func problems() -> [Problem] {
    format != .csv && $csv.isGiven
      ? [Problem("csv", "is given although the format is \(format.rawValue)", hint: "remove it, or set format: csv")]
      : []
  }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    throw ConnectorError("sample.nothing", "there is nothing to read", remedy: .stop)
  }
}

extension ConfigNode {
  /// Plain scalars, as if written without quotes.
  static func plain(_ text: String) -> ConfigNode {
    ConfigNode(.scalar(ConfigScalar(text)), place: Place(file: "t.yaml"), path: "x")
  }
}

/// What loading a sample reports: `code path`, one a problem.
func problems(_ settings: Value, secrets: SecretSource? = nil) -> [String] {
  do throws(Diagnostics) {
    _ = try Sample.make(settings, secrets: secrets)
    return []
  } catch {
    return error.items.filter { $0.severity == .error }.map { "\($0.code) \($0.path)" }
  }
}

let noSecrets = SecretSource { _ in nil }
