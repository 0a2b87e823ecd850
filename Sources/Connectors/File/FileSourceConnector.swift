import ConnectorKit
import Records

/// `source: {type: file}`.
struct FileSourceConnector: SourceConnector {
  static let about = About(
    "file", .source, title: "Files",
    summary:
      "Reads NDJSON, JSON or CSV, plain or packed, from a file, a pattern or a folder; goes on inside a file after a "
      + "stop, and with `follow` reads what is added later.", hasTimes: false)

  @Setting(
    "File, pattern (`*`, `?`, `[…]`) or folder to read; files are read in the order of their names.",
    example: "data/*.ndjson")
  var path: String
  @Setting("How records are written; without it the name says so (.ndjson, .jsonl, .json, .csv, .tsv).") var format:
    Format?
  @Setting("How the files are packed; `auto` looks at their first bytes.") var compression: CompressionSetting = .auto
  @Setting("The dialect of CSV.") var csv: CSVSettings = CSVSettings()
  @Setting("Whether to go on at the end and read what is added, through rotation and in new files.") var follow: Bool =
    false
  @Setting("The most that one record may have; a longer one becomes a dead letter.", range: 1_024...(1 << 30))
  var recordBytes: ByteSize = .mib(16)

  init() {}

  func problems() -> [Problem] {
    var problems: [Problem] = []
    let known = format ?? Format(name: path)
    if known == nil, Files.name(of: path).contains(".") { problems.append(Self.formatMissing) }
    if $csv.isGiven, let known, known != .csv {
      problems.append(
        Problem("csv", "is given although the format is \(known.rawValue)", hint: "remove it, or set format: csv"))
    }
    if known == .csv { problems += csv.problemsOfSource }
    if follow, known == .json {
      problems.append(
        Problem("follow", "needs records that stand alone, and a JSON array does not end", hint: "use ndjson"))
    }
    if follow, ![.none, .auto].contains(compression) {
      problems.append(Problem("follow", "needs files that are not packed", hint: "remove compression, or follow"))
    }
    return problems
  }

  static let formatMissing = Problem(
    "format", "is missing, and the path does not say it", hint: "set format: ndjson, json or csv")

  var goesOn: Bool { follow }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    let selection = FileSelection(path: path, folder: context.folder)
    let reading = FileReading(
      format: try resolvedFormat(selection), compression: compression.fixed,
      csv: CSVReading(dialect: dialect, hasHeader: csv.header, columns: csv.columns),
      follows: follow && !context.endsOnceRead,
      batchBytes: context.batchBytes, recordBytesMax: recordBytes.bytes)
    return FileSource(selection, reading, context)
  }

  func describe(_ position: Position) -> String {
    guard let places = try? FilePlace.places(in: position), let last = places.last else { return position.value.json }
    let more = places.count > 1 ? " (and \(places.count - 1) more)" : ""
    return "\(last.path), line \(last.line), byte \(last.offset)\(more)"
  }

  /// Cells of a .tsv file stand between tabs, if nothing else is said.
  private var dialect: CSVDialect {
    var dialect = csv.dialect
    if Format.isTabbed(name: path), !csv.$delimiter.isGiven { dialect.delimiter = UInt8(ascii: "\t") }
    return dialect
  }

  /// A folder's or a pattern's format is what the names in it say.
  private func resolvedFormat(_ selection: FileSelection) throws(ConnectorError) -> Format {
    if let known = format ?? Format(name: path) { return known }
    let formats = try Set(selection.files().map { Format(name: $0.path) })
    if formats.count == 1, let format = formats.first, let format { return format }
    throw ConnectorError(
      "file.format_unknown",
      formats.count > 1 ? "The files of \(path) differ in format." : "Nothing says which format \(path) has.",
      remedy: .stop, hint: "Set format: ndjson, json or csv; a pattern like \(path)/*.csv picks the files of one.")
  }
}

/// How a file is packed, as it stands in a pipeline file.
enum CompressionSetting: String, SettingChoice {
  case none, gzip, zstd, auto

  /// nil where the file itself decides.
  var fixed: Compression? { Compression(rawValue: rawValue) }
}
