import ConnectorKit
import Records

/// How records stand in a file or a stream.
enum Format: String, SettingChoice {
  /// One JSON object a line.
  case ndjson
  /// An array of objects, or one object.
  case json
  case csv

  /// What a name says: `products.ndjson.gz` is NDJSON; nil where it says nothing.
  init?(name: String) {
    switch Self.ending(name) {
    case "ndjson", "jsonl": self = .ndjson
    case "json": self = .json
    case "csv", "tsv": self = .csv
    default: return nil
    }
  }

  /// Whether a name says that cells stand between tabs.
  static func isTabbed(name: String) -> Bool { ending(name) == "tsv" }

  /// What stands behind the last dot, without the ending of a packed file.
  private static func ending(_ name: String) -> Substring? {
    let packed: Set<Substring> = ["gz", "gzip", "zst", "zstd"]
    return Files.name(of: name).lowercased().split(separator: ".").dropFirst().last { !packed.contains($0) }
  }

  func makeFramer(_ dialect: CSVDialect) -> any Framer {
    switch self {
    case .ndjson: LineFramer()
    case .json: JSONFramer()
    case .csv: CSVFramer(delimiter: dialect.delimiter)
    }
  }

  func makeDecoder(_ dialect: CSVDialect) -> any Decoder {
    switch self {
    case .ndjson: LongRecordDecoder(JSONRecordDecoder())
    case .json: LongRecordDecoder(JSONRecordDecoder(separator: JSONRecordDecoder.arraySeparator))
    case .csv: LongRecordDecoder(CSVDecoder(dialect))
    }
  }

  /// - Throws: where the columns cannot be written in this format.
  func makeEncoder(_ columns: Columns, _ dialect: CSVDialect) throws(ConnectorError) -> any Encoder {
    switch self {
    case .ndjson: return JSONRowEncoder(columns)
    case .json: return JSONElementEncoder(columns)
    case .csv:
      guard columns.rest == nil, !columns.names.isEmpty else {
        throw ConnectorError(
          "csv.columns_unknown", "CSV needs its columns by name, but the mappings pass fields on as they come.",
          remedy: .stop, hint: "List the fields under mappings: instead of `all`, or choose format: ndjson.")
      }
      return CSVRowEncoder(columns, dialect)
    }
  }
}
