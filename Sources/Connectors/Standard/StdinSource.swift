import ConnectorKit
import Records

/// `source: {type: stdin}`.
struct StdinSourceConnector: SourceConnector {
  static let about = About(
    "stdin", .source, title: "Standard input",
    summary:
      "Reads NDJSON, JSON or CSV from a pipe. A pipe cannot be read again: after a stop reading goes on with whatever "
      + "the pipe gives then.")

  @Setting("How records are written.") var format: Format = .ndjson
  @Setting("The dialect of CSV.") var csv: CSVSettings = CSVSettings()
  @Setting("The most that one record may have; a longer one becomes a dead letter.", range: 1_024...(1 << 30))
  var recordBytes: ByteSize = .mib(16)

  init() {}

  func problems() -> [Problem] {
    if format == .csv { return csv.problemsOfSource }
    return $csv.isGiven ? [Problem("csv", "is given although the format is \(format.rawValue)")] : []
  }

  func makeSource(_ context: Context) throws(ConnectorError) -> any Source {
    StdinSource(
      DurableFile(descriptor: 0, name: "standard input"), format,
      CSVReading(dialect: csv.dialect, hasHeader: csv.header, columns: csv.columns), recordBytesMax: recordBytes.bytes,
      context)
  }
}

/// Reads a pipe to its end. Its position only counts what was read.
actor StdinSource: Source {
  private let input: RewindableInput
  private let name: String
  private let format: Format
  private let csv: CSVReading
  private let recordBytesMax: Int
  private let context: Context

  private var reader: RecordReader?
  private var columns: [String]?
  /// What earlier runs read, in bytes.
  private var before: UInt64 = 0

  init(_ file: DurableFile, _ format: Format, _ csv: CSVReading, recordBytesMax: Int, _ context: Context) {
    input = RewindableInput(PipeInput(file))
    name = file.path
    self.format = format
    self.csv = csv
    self.recordBytesMax = recordBytesMax
    self.context = context
  }

  /// A second opening in one run goes on in the same pipe, behind what was taken out of it already.
  func open(at position: Position?) throws(ConnectorError) {
    guard reader == nil, let position, position != .start else { return }
    before = position.value["bytes"]?.int.map { UInt64(clamping: $0) } ?? 0
    context.note("Standard input cannot be read again; going on with what comes now.")
  }

  func next(into batch: Batch) throws(ConnectorError) -> Next {
    guard let reader = try readyReader() else { return .idle }
    switch try reader.fill(batch) {
    case .nothing: return .idle
    case .end: return .end
    case .records:
      batch.origin.columns = columns
      batch.position = position(reader.offset)
      return .batch
    }
  }

  nonisolated func makeDecoder() -> any Decoder { format.makeDecoder(csv.dialect) }

  /// A pipe keeps nothing.
  func acknowledge(_ positions: [Position]) {}

  func extent() -> Extent? { nil }

  func close() {}

  private func position(_ offset: UInt64) -> Position {
    Position(format: 1, value: .object([Value.Member("bytes", .int(Int64(clamping: before + offset)))]))
  }

  /// nil while the header has not come yet.
  private func readyReader() throws(ConnectorError) -> RecordReader? {
    if let reader { return reader }
    var begin = Preamble()
    if format == .csv {
      input.rewind(to: 0)
      guard let header = try Preamble.ofCSV(input, name, csv, recordBytesMax: recordBytesMax) else { return nil }
      begin = header
    }
    input.play(from: Int(begin.length))
    columns = begin.columns
    let reader = RecordReader(
      input, name: name, framer: format.makeFramer(csv.dialect), batchBytes: context.batchBytes,
      recordBytesMax: recordBytesMax, offset: begin.length, line: begin.lines + 1)
    self.reader = reader
    return reader
  }
}
