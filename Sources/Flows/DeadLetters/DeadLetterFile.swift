import ConnectorKit
import Records

/// Dead letters as NDJSON, appended to one file. The file is made at the first letter.
package actor DeadLetterFile: DeadLetterSink {
  private let path: String
  private var file: DurableFile?
  /// What of the file is ours to vouch for, in bytes.
  private var length: UInt64 = 0

  package init(path: String) { self.path = path }

  package func open(at mark: Value?) throws(FlowError) {
    do throws(FileError) {
      guard let info = try Files.info(path) else { return }
      let file = try openLocked()
      length = info.size
      if let mark = mark?.int.flatMap({ UInt64(exactly: $0) }), mark < length {
        try file.truncate(to: mark)
        length = mark
      }
    } catch {
      throw failure(error)
    }
  }

  package func append(_ letters: [DeadLetter]) throws(FlowError) {
    guard !letters.isEmpty else { return }
    var text = ByteBuffer()
    for letter in letters { letter.append(to: &text) }
    do throws(FileError) {
      let file = if let file { file } else { try openLocked() }
      try file.write(text.bytes)
    } catch {
      throw failure(error)
    }
    length += UInt64(text.count)
  }

  package func flush() throws(FlowError) -> Value? {
    do throws(FileError) {
      try file?.sync()
    } catch {
      throw failure(error)
    }
    return .int(Int64(clamping: length))
  }

  package func close() { file = nil }

  /// Locked, so that two pipelines that name one file do not cut off each other's letters.
  private func openLocked() throws(FileError) -> DurableFile {
    try Files.makeFolder(Files.folder(of: path))
    let isNew = try Files.info(path) == nil
    let file = try DurableFile(path, for: .appending)
    try file.lock()
    if isNew { try Files.syncFolder(of: path) }
    self.file = file
    return file
  }

  private func failure(_ error: FileError) -> FlowError {
    guard error.code == "file.locked" else { return FlowError(error) }
    return FlowError(
      "dead_letters.locked", "Another run writes the dead letters \(path).",
      hint: "Give each pipeline a `retry.dead_letter.path` of its own, or stop the other run.", exit: .surroundings)
  }
}
