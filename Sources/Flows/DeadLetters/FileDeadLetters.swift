import Glibc
import Records
import Synchronization

/// Dead letters as a file of NDJSON, one event a line, that is only ever appended to.
package final class FileDeadLetters: DeadLetterSink {
  private struct State {
    var file: FileDescriptor?
    var length = 0
    var identity = ""
    var isDurable = false
  }

  private let path: String
  private let state = Mutex(State())

  package init(path: String) { self.path = path }

  package func open(at mark: Value?) async throws(FlowError) {
    let opened: State?
    do throws(SystemError) {
      opened = try reopen(mark)
    } catch {
      throw .cannotWriteDeadLetters(path, error)
    }
    guard let opened else { throw .lockedDeadLetters(path) }
    state.withLock { $0 = opened }
  }

  /// nil where another run holds the file.
  private func reopen(_ mark: Value?) throws(SystemError) -> State? {
    try Folder.make(Folder.of(path))
    let file = try FileDescriptor(opening: path, O_RDWR | O_CREAT | O_APPEND)
    guard try file.lock() else { return nil }
    let (length, identity) = try file.status()
    let cut = try Self.cutBack(file, length, identity, mark)
    return State(file: file, length: try Self.repair(file, cut), identity: identity)
  }

  /// Cuts off what was appended after the checkpoint: those events are read again. A file that took the name of the
  /// marked one is left as it is.
  private static func cutBack(
    _ file: FileDescriptor, _ length: Int, _ identity: String, _ mark: Value?
  )
    throws(SystemError) -> Int
  {
    guard let mark, mark["file"]?.string == identity, let marked = mark["length"]?.int, marked < length else {
      return length
    }
    try file.truncate(to: Int(marked))
    return Int(marked)
  }

  /// Ends the last line, or cuts it off where it is only half of one: its event was never counted as safe.
  private static func repair(_ file: FileDescriptor, _ length: Int) throws(SystemError) -> Int {
    guard let last = try file.read(max(0, length - 1)..<length).last, last != UInt8(ascii: "\n") else { return length }
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

  private static func endOfLastLine(_ file: FileDescriptor, _ length: Int) throws(SystemError) -> Int {
    var end = length
    while end > 0 {
      let start = max(0, end - 65_536)
      if let newline = try file.read(start..<end).lastIndex(of: UInt8(ascii: "\n")) { return start + newline + 1 }
      end = start
    }
    return 0
  }

  package func append(_ letters: [DeadLetter]) async throws(FlowError) {
    var lines = ByteBuffer()
    for letter in letters { letter.append(to: &lines) }
    do throws(SystemError) {
      try write(lines.bytes)
    } catch {
      throw .cannotWriteDeadLetters(path, error)
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    guard let file = state.withLock({ $0.file }) else { throw SystemError(number: EBADF) }
    try file.write(bytes)
    state.withLock {
      $0.length += bytes.count
      $0.isDurable = false
    }
  }

  package func flush() async throws(FlowError) -> Value? {
    do throws(SystemError) {
      try sync()
    } catch {
      throw .cannotWriteDeadLetters(path, error)
    }
    return state.withLock { ["file": .string($0.identity), "length": .int(Int64($0.length))] }
  }

  private func sync() throws(SystemError) {
    let (file, isDurable) = state.withLock { ($0.file, $0.isDurable) }
    if isDurable { return }
    guard let file else { throw SystemError(number: EBADF) }
    try file.sync()
    try Folder.sync(Folder.of(path))
    state.withLock { $0.isDurable = true }
  }

  package func close() async { state.withLock { $0.file = nil } }
}

extension FlowError {
  static func cannotWriteDeadLetters(_ path: String, _ error: SystemError) -> FlowError {
    FlowError(
      "dead_letters.cannot_write", "The dead letters \(path) cannot be written: \(error.text).",
      hint: "Make room or mend the permissions, then run again: nothing was lost, the checkpoint stands.",
      exit: .surroundings)
  }

  static func lockedDeadLetters(_ path: String) -> FlowError {
    FlowError(
      "dead_letters.locked", "Another run writes the dead letters \(path).",
      hint: "Give each pipeline a `dead_letter.path` of its own, or stop the other run.", exit: .surroundings)
  }
}
