import ConnectorKit
import Records

/// `target: {type: file}`.
struct FileTargetConnector: TargetConnector {
  static let about = About(
    "file", .target, title: "File",
    summary:
      "Writes NDJSON, JSON or CSV, plain or packed. `replace` shows the new file at the end, whole and once, whatever "
      + "happened on the way; `append` adds to it, and after a crash repeats the batches behind the last checkpoint.",
    delivery: .atLeastOnce, lanesMax: 1, batchWait: .zero)

  /// How a file comes to its contents.
  enum Write: String, SettingChoice { case replace, append }

  @Setting("File to write.", example: "out/products.ndjson") var path: String
  @Setting("How rows are written; without it the name says so (.ndjson, .jsonl, .json, .csv, .tsv).") var format:
    Format?
  @Setting("How the file is packed; `auto` goes by its name (.gz, .zst).") var compression: CompressionSetting = .auto
  @Setting("Whether the file is replaced as a whole when the source has ended, or added to.") var write: Write =
    .replace
  @Setting("The dialect of CSV.") var csv: CSVSettings = CSVSettings()

  init() {}

  func problems() -> [Problem] {
    var problems: [Problem] = []
    let known = format ?? Format(name: path)
    if known == nil { problems.append(FileSourceConnector.formatMissing) }
    if $csv.isGiven, let known, known != .csv {
      problems.append(
        Problem("csv", "is given although the format is \(known.rawValue)", hint: "remove it, or set format: csv"))
    }
    if known == .csv { problems += csv.problemsOfTarget }
    if known == .json, write == .append {
      problems.append(Problem("write", "cannot append to a JSON array", hint: "use ndjson, or write: replace"))
    }
    return problems
  }

  var refusesReplay: String? {
    write == .replace ? "\(path) is replaced as a whole, so no rows can be added to it later." : nil
  }

  var showsAtEnd: String? { write == .replace ? "write" : nil }

  func makeTarget(_ context: Context, lane: Int) throws(ConnectorError) -> any Target {
    FileTarget(path: Files.join(context.folder, path), write: write, try writing(), note: context.note)
  }

  /// How rows stand in the file.
  func writing() throws(ConnectorError) -> FileWriting {
    guard let format = format ?? Format(name: path) else {
      throw ConnectorError(
        "file.format_unknown", "Nothing says which format \(path) has.", remedy: .stop,
        hint: "Set format: ndjson, json or csv.")
    }
    var dialect = csv.dialect
    if Format.isTabbed(name: path), !csv.$delimiter.isGiven { dialect.delimiter = UInt8(ascii: "\t") }
    return FileWriting(
      format: format, compression: compression.fixed ?? Compression(name: path), dialect: dialect,
      hasHeader: csv.header)
  }
}
