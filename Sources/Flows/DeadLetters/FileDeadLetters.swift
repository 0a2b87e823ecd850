import ConnectorKit
import Glibc
import Records
import Synchronization

/// Dead letters as a file of NDJSON, one event a line, that is appended to, and written anew now and then without those
/// that are worked through or kept no longer.
package final class FileDeadLetters: DeadLetterSink {
  private struct State {
    var file: DurableFile?
    var length: UInt64 = 0
    var identity = ""
    var isDurable = false
    var compactedAt: Int64 = 0
  }

  /// How often letters are looked for that may go, in milliseconds.
  private static let compactEvery: Int64 = 3_600_000

  private let path: String
  private let retention: LetterRetention
  private let wallTime: @Sendable () -> Int64
  private let state = Mutex(State())

  /// - Parameter wallTime: milliseconds since 1970, UTC.
  package init(
    path: String, retention: LetterRetention = LetterRetention(), wallTime: @escaping @Sendable () -> Int64 = { 0 }
  ) {
    self.path = path
    self.retention = retention
    self.wallTime = wallTime
  }

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
    let opened = State(
      file: file, length: try Self.repair(file, cut), identity: identity, compactedAt: wallTime())
    return try compacted(opened)
  }

  /// The file without what may go. Where a crash comes before the next checkpoint, the mark names a file that is gone: what
  /// was appended since then is not cut off and comes again under the same ids, of which the last counts.
  private func compacted(_ before: State) throws(FileError) -> State {
    guard let old = before.file,
      let file = try LetterCompaction(path: path, retention: retention).run(old, now: wallTime())
    else { return before }
    let info = try file.info()
    return State(
      file: file, length: info.size, identity: "\(info.identity.device):\(info.identity.inode)", isDurable: true,
      compactedAt: before.compactedAt)
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
      try compactNow()
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

  /// Where it is time. Called when all that was appended is durable.
  private func compactNow() throws(FileError) {
    let now = wallTime()
    var current = state.withLock { $0 }
    guard now - current.compactedAt >= Self.compactEvery, current.file != nil else { return }
    current.compactedAt = now
    let next = try compacted(current)
    state.withLock { $0 = next }
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
