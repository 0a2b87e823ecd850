import ConnectorKit
import Glibc
import Records
import Synchronization

/// `target: {type: stdout}`.
struct StdoutTargetConnector: OfflineTargetConnector {
  static let about = About(
    "stdout", .target, title: "Standard output",
    summary:
      "Writes NDJSON or CSV to a pipe or a terminal. What was written cannot be taken back: after a crash the batches "
      + "behind the last checkpoint come again.",
    lanesMax: 1, batchWait: .zero)

  enum StreamFormat: String, SettingChoice { case ndjson, csv }

  @Setting("How rows are written.") var format: StreamFormat = .ndjson
  @Setting("The dialect of CSV.") var csv: CSVSettings = CSVSettings()

  init() {}

  func problems() -> [Problem] {
    if format == .csv { return csv.problemsOfTarget }
    return $csv.isGiven ? [Problem("csv", "is given although the format is \(format.rawValue)")] : []
  }

  func makeTarget(_ context: Context, lane: Int) throws(ConnectorError) -> any Target {
    StdoutTarget(
      DurableFile(descriptor: 1, name: "standard output"), format == .csv ? .csv : .ndjson, csv.dialect,
      hasHeader: csv.header)
  }
}

extension StdoutTargetConnector {
  func makeOfflineEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    try (format == .csv ? Format.csv : .ndjson).makeEncoder(columns, csv.dialect)
  }
}

/// Writes rows to a pipe as they come.
actor StdoutTarget: Target {
  private let file: DurableFile
  private let format: Format
  private let dialect: CSVDialect
  private let hasHeader: Bool
  private nonisolated let columns = Mutex<Columns?>(nil)
  private var isBegun = false

  init(_ file: DurableFile, _ format: Format, _ dialect: CSVDialect, hasHeader: Bool) {
    self.file = file
    self.format = format
    self.dialect = dialect
    self.hasHeader = hasHeader
  }

  func open(at mark: Value?) -> Position? {
    // A reader that is gone shows as an error of the write, not as the end of the process.
    signal(SIGPIPE, SIG_IGN)
    return nil
  }

  nonisolated func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    self.columns.withLock { $0 = columns }
    return try format.makeEncoder(columns, dialect)
  }

  func write(_ payloads: [Payload]) throws(ConnectorError) -> Written {
    try begin()
    for payload in payloads { try write(payload.bytes.bytes) }
    return Written()
  }

  func flush() -> Value? { nil }

  func finish() throws(ConnectorError) { try begin() }

  func close() {}

  private func begin() throws(ConnectorError) {
    guard !isBegun, format == .csv, hasHeader, let columns = columns.withLock({ $0 }) else { return }
    isBegun = true
    var header = ByteBuffer()
    CSVRowEncoder.header(columns, dialect).withUnsafeBytes { header.append($0) }
    try write(header.bytes)
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(ConnectorError) {
    do {
      try file.write(bytes)
    } catch  where error.number == EPIPE {
      throw ConnectorError(
        Self.closedCode, "Whoever reads standard output has closed it.", remedy: .stop,
        hint: "That ends a run without being a failure.")
    } catch {
      throw error.connectorError
    }
  }

  /// The reader needs no more: the run ends, and not with a failure.
  package static let closedCode = "stdout.closed"
}
