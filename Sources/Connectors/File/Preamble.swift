import ConnectorKit
import Records

/// What the begin of a file tells about all of it, wherever reading goes on.
struct Preamble: Equatable {
  /// How much stands before the first record, in bytes of the unpacked text, and in lines.
  var length: UInt64 = 0
  var lines: UInt64 = 0
  /// The names of CSV's columns.
  var columns: [String]?
  /// Whether JSON is an array of records.
  var isArray = false

  /// - Returns: nil while a growing file does not hold its header yet.
  static func read(
    _ file: DurableFile, _ compression: Compression, _ path: String, _ reading: FileReading
  )
    throws(ConnectorError) -> Preamble?
  {
    if reading.format == .ndjson { return Preamble() }
    let input: any ByteInput
    do throws(FileError) {
      input =
        if let decompressor = compression.makeDecompressor() {
          try PackedInput(file, decompressor)
        } else {
          try PlainInput(file, grows: reading.follows, from: 0)
        }
    } catch {
      throw error.connectorError
    }
    return reading.format == .json
      ? try ofJSON(input) : try ofCSV(input, path, reading.csv, recordBytesMax: reading.recordBytesMax)
  }

  private static func ofJSON(_ input: any ByteInput) throws(ConnectorError) -> Preamble {
    var begin = ByteBuffer()
    while try readMore(input, into: &begin) == .more {
      let text = begin.bytes.drop { [0x20, 0x0a, 0x0d, 0x09, 0xef, 0xbb, 0xbf].contains($0) }
      if let first = text.first { return Preamble(isArray: first == UInt8(ascii: "[")) }
    }
    return Preamble()
  }

  /// Reads the first row, or only looks whether the given names fit it.
  static func ofCSV(
    _ input: any ByteInput, _ path: String, _ csv: CSVReading, recordBytesMax: Int
  )
    throws(ConnectorError) -> Preamble?
  {
    guard csv.hasHeader else { return Preamble(columns: csv.columns) }
    var begin = ByteBuffer()
    while true {
      let more = try readMore(input, into: &begin)
      if more == .nothing { return nil }
      if let end = CSVHeader.end(in: begin.bytes, csv.dialect, isWhole: more == .end) {
        return try header(begin.bytes, end, path, csv)
      }
      if more == .end { return Preamble(columns: csv.columns ?? []) }
      guard begin.count <= recordBytesMax else {
        throw headerProblem(path, "it is longer than \(recordBytesMax) bytes")
      }
    }
  }

  private static func header(
    _ begin: UnsafeRawBufferPointer, _ end: Int, _ path: String, _ csv: CSVReading
  )
    throws(ConnectorError) -> Preamble
  {
    let mark = try ByteOrderMark.check(begin, name: path)
    let row = UnsafeRawBufferPointer(rebasing: begin[mark..<end])
    let names: [String]
    do throws(CSVHeader.Problem) { names = try CSVHeader.names(row, csv.dialect) } catch {
      throw headerProblem(path, error.message)
    }
    if let columns = csv.columns, columns.count != names.count {
      throw headerProblem(path, "it has \(names.count) columns, and csv.columns names \(columns.count)")
    }
    let lines = UInt64(row.count { $0 == 0x0a })
    return Preamble(length: UInt64(end), lines: lines, columns: csv.columns ?? names)
  }

  private static func headerProblem(_ path: String, _ message: String) -> ConnectorError {
    ConnectorError(
      "csv.bad_header", "The header of \(path) cannot name its columns: \(message).", remedy: .stop,
      hint: "Mend the first row, or name the columns under csv.columns (and set csv.header: false if there is none).")
  }

  private enum More { case more, nothing, end }

  private static func readMore(_ input: any ByteInput, into begin: inout ByteBuffer) throws(ConnectorError) -> More {
    let room = 64 << 10
    begin.reserve(room)
    switch try input.read(into: UnsafeMutableRawBufferPointer(start: begin.end, count: room)) {
    case .bytes(let count):
      begin.advance(by: count)
      return .more
    case .nothing: return .nothing
    case .end: return .end
    }
  }
}
