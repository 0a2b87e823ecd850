import ConnectorKit
import Glibc
import Records
import Synchronization

/// Dead letters as a file of NDJSON, one event a line, that is only ever appended to.
package final class FileDeadLetters: DeadLetterSink {
  private struct State {
    var file: DurableFile?
    var length: UInt64 = 0
    var identity = ""
    var isDurable = false
  }

  private let path: String
  private let state = Mutex(State())

  package init(path: String) { self.path = path }

  package func open(at mark: Value?) async throws(FlowError) {
    let opened: State?
    do throws(FileError) {
      opened = try reopen(mark)
    } catch {
      throw .cannotWriteDeadLetters(path, error)
    }
    guard let opened else { throw .lockedDeadLetters(path) }
    state.withLock { $0 = opened }
  }

  /// nil where another run holds the file.
  private func reopen(_ mark: Value?) throws(FileError) -> State? {
    try Files.makeFolder(Files.folder(of: path))
    let file = try DurableFile(path, for: .appending)
    guard try file.tryLock() else { return nil }
    let info = try file.info()
    let identity = "\(info.identity.device):\(info.identity.inode)"
    let cut = try Self.cutBack(file, info.size, identity, mark)
    return State(file: file, length: try Self.repair(file, cut), identity: identity)
  }

  /// Cuts off what was appended after the checkpoint: those events are read again. A file that took the name of the
  /// marked one is left as it is.
  private static func cutBack(
    _ file: DurableFile, _ length: UInt64, _ identity: String, _ mark: Value?
  )
    throws(FileError) -> UInt64
  {
    guard let mark, mark["file"]?.string == identity,
      let marked = mark["length"]?.int.flatMap(UInt64.init(exactly:)), marked < length
    else {
      return length
    }
    try file.truncate(to: marked)
    return marked
  }

  /// Ends the last line, or cuts it off where it is only half of one: its event was never counted as safe.
  private static func repair(_ file: DurableFile, _ length: UInt64) throws(FileError) -> UInt64 {
    guard length > 0, let last = try file.read(at: length - 1, count: 1).last, last != UInt8(ascii: "\n") else {
      return length
    }
    if last == UInt8(ascii: "}") {
      var newline = ByteBuffer()
      newline.append("\n")
      try file.write(newline.bytes)
      return length + 1
    }
    let whole = try endOfLastLine(file, length)
    try file.truncate(to: whole)
    return whole
  }

  private static func endOfLastLine(_ file: DurableFile, _ length: UInt64) throws(FileError) -> UInt64 {
    var end = length
    while end > 0 {
      let start = end - min(end, 65_536)
      let bytes = try file.read(at: start, count: Int(end - start))
      if let newline = bytes.lastIndex(of: UInt8(ascii: "\n")) { return start + UInt64(newline) + 1 }
      end = start
    }
    return 0
  }

  package func append(_ letters: [DeadLetter]) async throws(FlowError) {
    var lines = ByteBuffer()
    for letter in letters { letter.append(to: &lines) }
    do throws(FileError) {
      try write(lines.bytes)
    } catch {
      throw .cannotWriteDeadLetters(path, error)
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    guard let file = state.withLock({ $0.file }) else { throw FileError(.write, path, EBADF) }
    try file.write(bytes)
    state.withLock {
      $0.length += UInt64(bytes.count)
      $0.isDurable = false
    }
  }

  package func flush() async throws(FlowError) -> Value? {
    do throws(FileError) {
      try sync()
    } catch {
      throw .cannotWriteDeadLetters(path, error)
    }
    return state.withLock { ["file": .string($0.identity), "length": .int(Int64(clamping: $0.length))] }
  }

  private func sync() throws(FileError) {
    let (file, isDurable) = state.withLock { ($0.file, $0.isDurable) }
    if isDurable { return }
    guard let file else { throw FileError(.sync, path, EBADF) }
    try file.sync()
    try Files.syncFolder(of: path)
    state.withLock { $0.isDurable = true }
  }

  package func close() async { state.withLock { $0.file = nil } }
}

extension FlowError {
  static func cannotWriteDeadLetters(_ path: String, _ error: FileError) -> FlowError {
    FlowError(
      "dead_letters.cannot_write", "The dead letters \(path) cannot be written: \(error.reason).",
      hint: "Make room or mend the permissions, then run again: nothing was lost, the checkpoint stands.",
      exit: .surroundings)
  }

  static func lockedDeadLetters(_ path: String) -> FlowError {
    FlowError(
      "dead_letters.locked", "Another run writes the dead letters \(path).",
      hint: "Give each pipeline a `dead_letter.path` of its own, or stop the other run.", exit: .surroundings)
  }
}
