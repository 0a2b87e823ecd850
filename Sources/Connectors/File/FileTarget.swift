import ConnectorKit
import Glibc
import Records
import Synchronization

/// How rows stand in a file that is written.
struct FileWriting: Sendable {
  var format: Format
  var compression: Compression
  var dialect: CSVDialect
  /// Whether CSV begins with the names of its columns.
  var hasHeader: Bool
}

/// Writes one file: beside its place and moved there in the end (`replace`), or at the end of what is there (`append`).
///
/// With `replace` a run that was killed goes on at the checkpoint's mark, so the result is that of an undisturbed run
/// (packed: the same text; its frames follow the batches). With `append` the rows behind the last mark come again.
actor FileTarget: Target {
  private let path: String
  private let writing: FileWriting
  private let place: any FilePlacing
  private nonisolated let columns = Mutex<Columns?>(nil)

  private var writer: FileWriter?
  /// The mark of a file that is done with; a further write goes on from it.
  private var finished: FileMark?
  private var isHeaderChecked = false

  init(
    path: String, write: FileTargetConnector.Write, _ writing: FileWriting, note: @escaping @Sendable (String) -> Void
  ) {
    self.path = Files.resolved(path)
    self.writing = writing
    place =
      switch write {
      case .replace: ReplacedFile(path: self.path, compression: writing.compression)
      case .append: AppendedFile(path: self.path, writing: writing, note: note)
      }
  }

  func open(at mark: Value?) throws(ConnectorError) -> Position? {
    close()
    let mark = try mark.map { value throws(ConnectorError) in try FileMark(value) }
    try checkPlace()
    if let mark, mark.isFinished {
      finished = mark
    } else {
      writer = try place.open(at: mark)
    }
    return nil
  }

  nonisolated func makeEncoder(_ columns: Columns) throws(ConnectorError) -> any Encoder {
    self.columns.withLock { $0 = columns }
    return try writing.format.makeEncoder(columns, writing.dialect)
  }

  func write(_ payloads: [Payload]) throws(ConnectorError) -> Written {
    let parts = payloads.map { $0.bytes.bytes }.filter { $0.count > 0 }
    guard let first = parts.first else { return Written() }
    let writer = try writerToUse()
    guard writer.isEmpty, let begin = begin() else {
      try checkHeader(writer)
      try writer.append(parts)
      return Written()
    }
    // What begins an array takes the place of the comma before its first element.
    let rest = UnsafeRawBufferPointer(rebasing: first.dropFirst(writing.format == .json ? 1 : 0))
    try withBytes(of: begin) { begin throws(ConnectorError) in try writer.append([begin, rest] + parts.dropFirst()) }
    return Written()
  }

  func flush() throws(ConnectorError) -> Value? {
    if let finished { return finished.value }
    guard let writer else { return nil }
    try writer.sync()
    return try mark(of: writer).value
  }

  func finish() throws(ConnectorError) {
    guard finished == nil, let writer, place.isReplaced else { return }
    try writer.sync()
    var mark = try mark(of: writer)
    if let end = end(isEmpty: writer.isEmpty) {
      try withBytes(of: end) { end throws(ConnectorError) in try writer.append([end]) }
      try writer.sync()
    }
    do throws(FileError) {
      try Files.publish(writer.file, as: path)
    } catch {
      throw error.connectorError
    }
    mark.isFinished = true
    finished = mark
    self.writer = nil
  }

  func close() {
    writer = nil
    finished = nil
  }
}

extension FileTarget {
  /// Goes on in a file that was finished, when there is more to write after all.
  private func writerToUse() throws(ConnectorError) -> FileWriter {
    if let writer { return writer }
    let writer = try place.open(at: finished)
    self.writer = writer
    finished = nil
    return writer
  }

  private func checkPlace() throws(ConnectorError) {
    do throws(FileError) {
      try Files.makeFolder(Files.folder(of: path))
      guard let info = try Files.info(path), info.kind != .file else { return }
      if info.kind == .folder { throw FileError(.write, path, EISDIR) }
    } catch {
      throw error.connectorError
    }
    throw ConnectorError(
      "file.not_regular", "\(path) is a pipe or a device, not a file.", remedy: .stop,
      hint: "Write to a file, or to standard output with `target: {type: stdout}`.")
  }

  private func mark(of writer: FileWriter) throws(ConnectorError) -> FileMark {
    do throws(FileError) {
      return try FileMark(
        path: path, inode: writer.file.info().identity.inode, length: writer.length, tail: writer.tail())
    } catch {
      throw error.connectorError
    }
  }

  /// What stands before the first row.
  private func begin() -> [UInt8]? {
    switch writing.format {
    case .ndjson: nil
    case .json: Array("[".utf8)
    case .csv: header
    }
  }

  /// What stands behind the last row, or in a file without rows.
  private func end(isEmpty: Bool) -> [UInt8]? {
    switch writing.format {
    case .ndjson: nil
    case .json: Array((isEmpty ? "[\n]\n" : "\n]\n").utf8)
    case .csv: isEmpty ? header : nil
    }
  }

  /// Rows are added to a CSV file only below the columns that they have.
  private func checkHeader(_ writer: FileWriter) throws(ConnectorError) {
    guard !place.isReplaced, !isHeaderChecked, writing.format == .csv, writing.hasHeader, writing.compression == .none
    else { return }
    isHeaderChecked = true
    let columns = columns.withLock { $0?.names ?? [] }
    do throws(FileError) {
      let begin = try writer.file.read(at: 0, count: 64 << 10)
      if begin.withUnsafeBytes({ CSVHeader.matches($0, columns, writing.dialect) }) { return }
    } catch {
      throw error.connectorError
    }
    throw ConnectorError(
      "csv.header_differs", "\(path) does not begin with the columns \(columns.joined(separator: ", ")).",
      remedy: .stop, hint: "Make the mappings' fields those of the file, in its order, or choose another path.")
  }

  private var header: [UInt8]? {
    guard writing.hasHeader else { return nil }
    return columns.withLock { $0 }.map { CSVRowEncoder.header($0, writing.dialect) }
  }

  private func withBytes(
    of bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(ConnectorError) -> Void
  ) throws(ConnectorError) {
    var buffer = ByteBuffer(capacity: bytes.count)
    bytes.withUnsafeBytes { buffer.append($0) }
    try body(buffer.bytes)
  }
}
