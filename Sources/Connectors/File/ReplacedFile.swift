import ConnectorKit
import Records

/// A file that is written under a partial name beside its place.
struct ReplacedFile: FilePlacing {
  let path: String
  let compression: Compression

  var isReplaced: Bool { true }

  func open(at mark: FileMark?) throws(ConnectorError) -> FileWriter {
    do {
      let file = try DurableFile.locked(Files.partial(of: path), for: .writing)
      try Files.syncFolder(of: path)
      let length = try mark.map { try goOn(file, at: $0) } ?? 0
      return try FileWriter(file, length: length, compression)
    } catch let error as FileError {
      throw error.connectorError
    } catch let error as ConnectorError {
      throw error
    } catch {
      throw ConnectorError("file.write_failed", "Cannot write \(path).", remedy: .stop)
    }
  }

  /// Makes the partial file hold what the mark says, and maybe more behind it.
  private func goOn(_ file: DurableFile, at mark: FileMark) throws -> UInt64 {
    if mark.length == 0 { return 0 }
    if try mark.matches(file) { return mark.length }
    // The run that saved the mark may have put the file in its place and ended before it could say so.
    if try Files.info(path)?.kind == .file {
      let published = try DurableFile(path, for: .reading)
      if try mark.matches(published) {
        try copy(published, mark.length, to: file)
        return mark.length
      }
    }
    throw ConnectorError(
      "file.partial_lost",
      "\(file.path) has \(try file.info().size) bytes and not the \(mark.length) that the checkpoint tells of.",
      remedy: .stop,
      hint: "Put the partial file back, or write all anew with `millrace checkpoint reset`.")
  }

  private func copy(_ from: DurableFile, _ length: UInt64, to file: DurableFile) throws(FileError) {
    try file.truncate(to: 0)
    try file.seek(to: 0)
    var done: UInt64 = 0
    while done < length {
      let piece = try from.read(at: done, count: Int(min(length - done, 1 << 20)))
      var bytes = ByteBuffer(capacity: piece.count)
      piece.withUnsafeBytes { bytes.append($0) }
      try file.write(bytes.bytes)
      done += UInt64(piece.count)
    }
    try file.sync()
  }
}
