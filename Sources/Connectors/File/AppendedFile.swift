import ConnectorKit
import Records

/// A file that is added to.
struct AppendedFile: FilePlacing {
  let path: String
  let writing: FileWriting
  let note: @Sendable (String) -> Void

  var isReplaced: Bool { false }

  func open(at mark: FileMark?) throws(ConnectorError) -> FileWriter {
    do {
      let file = try DurableFile.locked(path, for: .appending)
      try Files.syncFolder(of: path)
      try checkPacking(file)
      let size = try file.info().size
      let length = try mark.map { try cutTornRow(file, size, $0) } ?? size
      let writer = try FileWriter(file, length: length, writing.compression)
      if writing.compression == .none { try endLine(writer) }
      return writer
    } catch let error as FileError {
      throw error.connectorError
    } catch let error as ConnectorError {
      throw error
    } catch {
      throw ConnectorError("file.write_failed", "Cannot write \(path).", remedy: .stop)
    }
  }

  private func checkPacking(_ file: DurableFile) throws {
    let begin = try file.read(at: 0, count: 4)
    let found = Compression(magic: begin)
    guard !begin.isEmpty, found != writing.compression else { return }
    throw ConnectorError(
      "file.packing_differs",
      "\(path) is packed with \(found.rawValue), and \(writing.compression.rawValue) was to be added.",
      remedy: .stop, hint: "Set compression: \(found.rawValue), or choose another path.")
  }

  /// How much of the file stays: what the mark says, and the whole rows behind it, which may be another writer's.
  private func cutTornRow(_ file: DurableFile, _ size: UInt64, _ mark: FileMark) throws -> UInt64 {
    let info = try file.info()
    if try !mark.matches(file) {
      if mark.inode == info.identity.inode {
        throw ConnectorError(
          "file.target_changed", "\(path) has \(size) bytes and not the \(mark.length) that the checkpoint tells of.",
          remedy: .stop,
          hint: "Rows may be missing from it. Put it back, or write all anew with `millrace checkpoint reset`.")
      }
      note("\(path) is another file than the one that was written before; it is added to as it is.")
      return size
    }
    let whole = try TornEnd(file, writing).wholeLength(from: mark.length, size: size)
    if whole < size { note("Cut \(size - whole) bytes of a torn row from the end of \(path).") }
    return whole
  }

  private func endLine(_ writer: FileWriter) throws {
    guard writer.length > 0, try writer.file.read(at: writer.length - 1, count: 1) != [0x0a] else { return }
    var newline = ByteBuffer()
    newline.append(0x0a)
    try writer.append([newline.bytes])
  }
}
