import ConnectorKit
import Records

/// How the files of a source are read.
struct FileReading: Sendable {
  var format: Format
  /// nil: what each file's first bytes say.
  var compression: Compression?
  var csv: CSVReading
  /// Whether files grow while they are read.
  var follows: Bool
  var batchBytes: Int
  var recordBytesMax: Int
}

/// How CSV names its columns.
struct CSVReading: Sendable {
  var dialect = CSVDialect()
  var hasHeader = true
  var columns: [String]?
}

/// A file while it is read, from a place in it on.
final class OpenFile {
  let file: DurableFile
  private let reading: FileReading
  private let reader: RecordReader
  private let columns: [String]?
  private let plain: PlainInput?
  private let packed: PackedInput?
  private(set) var place: FilePlace

  /// Goes to the place, and checks that the file still is the one that was read up to there.
  ///
  /// - Parameter full: where the file lies.
  /// - Returns: nil while a growing file does not hold its header yet.
  static func open(_ place: FilePlace, full: String, _ reading: FileReading) throws(ConnectorError) -> OpenFile? {
    do {
      return try OpenFile(place, DurableFile(full, for: .reading), reading)
    } catch let error as FileError {
      throw error.connectorError
    } catch let error as ConnectorError {
      throw error
    } catch {
      return nil
    }
  }

  /// The header is not whole yet.
  private struct NoHeaderYet: Error {}

  private init(_ place: FilePlace, _ file: DurableFile, _ reading: FileReading) throws {
    let compression = try reading.compression ?? Compression(magic: file.read(at: 0, count: 4))
    if reading.follows, compression != .none { throw Self.packedFollowed(place.path) }
    try place.check(against: file, isPacked: compression != .none)

    let preamble = try Preamble.read(file, compression, place.path, reading)
    guard let preamble else { throw NoHeaderYet() }
    let start = max(place.offset, preamble.length)
    if let decompressor = compression.makeDecompressor() {
      let input = try PackedInput(file, decompressor)
      let last = try input.skip(start)
      if place.offset > 0 { try place.check(tail: last ?? []) }
      (packed, plain) = (input, nil)
    } else {
      (packed, plain) = (nil, try PlainInput(file, grows: reading.follows, from: start))
    }
    guard let input: any ByteInput = packed ?? plain else { throw NoHeaderYet() }
    let framer: any Framer =
      reading.format == .json && place.offset > 0
      ? JSONFramer(resumingInArray: preamble.isArray) : reading.format.makeFramer(reading.csv.dialect)
    reader = RecordReader(
      input, name: place.path, framer: framer, batchBytes: reading.batchBytes,
      recordBytesMax: reading.recordBytesMax, offset: start, line: place.offset > 0 ? place.line : preamble.lines + 1)
    columns = preamble.columns
    self.place = place
    self.file = file
    self.reading = reading
  }

  private static func packedFollowed(_ path: String) -> ConnectorError {
    ConnectorError(
      "file.packed_followed", "\(path) is packed, and a packed file cannot be followed.", remedy: .stop,
      hint: "Name the growing files by a pattern that leaves packed ones out, or remove follow: true.")
  }

  /// How far the file on the disk was read, in bytes.
  var readTo: UInt64 { plain?.readTo ?? packed?.unpackedTo ?? 0 }

  /// The file was replaced by another one of its name, so its end is its end.
  func stopGrowing() { plain?.grows = false }

  /// The next records; moves `place` behind them.
  func fill(_ batch: Batch) throws(ConnectorError) -> RecordReader.Filled {
    let filled = try reader.fill(batch)
    do throws(FileError) {
      if filled == .end { try endPlace() }
      if filled == .records { try movePlace() }
    } catch {
      throw error.connectorError
    }
    batch.origin.columns = columns
    if filled == .end, plain != nil, place.completeSize ?? 0 < place.offset {
      throw place.shrunk(to: place.completeSize ?? 0)
    }
    return filled
  }

  private func movePlace() throws(FileError) {
    place.offset = reader.offset
    place.line = reader.line
    place.tail = reader.tail
    if place.head?.count ?? 0 < Fingerprint.headBytes {
      let count = plain == nil ? Fingerprint.headBytes : Int(min(place.offset, UInt64(Fingerprint.headBytes)))
      if place.head?.count != count { place.head = try Fingerprint(file.read(at: 0, count: count)) }
    }
    let size = try file.info().size
    let isComplete = try packed?.isExhausted() ?? (size == place.offset)
    place.completeSize = isComplete && reader.isDrained ? size : nil
  }

  private func endPlace() throws(FileError) { place.completeSize = try file.info().size }
}

extension FilePlace {
  /// Checks that the file still begins with what was read of it, up to the place.
  func check(against file: DurableFile, isPacked: Bool) throws {
    guard offset > 0 else { return }
    let size = try file.info().size
    if !isPacked, size < offset { throw shrunk(to: size) }
    if isPacked, let completeSize, size != completeSize { throw replaced }
    guard try matches(file, isPacked: isPacked) else { throw replaced }
  }

  /// Whether the file holds what was read up to the place, as far as the fingerprints tell.
  func matches(_ file: DurableFile, isPacked: Bool) throws(FileError) -> Bool {
    if let head, try !head.matches(file, endingAt: UInt64(head.count)) { return false }
    if !isPacked, let tail, try !tail.matches(file, endingAt: offset) { return false }
    return true
  }

  func check(tail bytes: [UInt8]) throws(ConnectorError) {
    guard let tail else { return }
    guard tail.count <= bytes.count, Fingerprint(bytes.suffix(tail.count)) == tail else { throw replaced }
  }

  func shrunk(to size: UInt64) -> ConnectorError {
    ConnectorError(
      "file.shrunk", "\(path) has \(size) bytes, but \(offset) of it were read before.", remedy: .stop, hint: Self.hint)
  }

  var replaced: ConnectorError {
    ConnectorError(
      "file.replaced", "\(path) is not the file that was read up to byte \(offset) before.", remedy: .stop,
      hint: Self.hint)
  }

  var vanished: ConnectorError {
    ConnectorError(
      "file.vanished", "\(path) is gone; it was read up to byte \(offset), and not to its end.", remedy: .stop,
      hint: Self.hint)
  }

  static let hint =
    "Put the old file back to go on behind that place, or start from the beginning with `millrace checkpoint reset`."
}
