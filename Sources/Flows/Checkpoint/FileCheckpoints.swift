import ConnectorKit
import Glibc
import Records
import Synchronization

/// The checkpoint as a file: replaced as a whole by a rename, and locked through a `.lock` file beside it, because a lock
/// on the file itself would go away with each rename.
package final class FileCheckpoints: CheckpointStore {
  /// A larger file is no checkpoint, in bytes.
  package static let sizeMax = 64 << 20

  private let path: String
  private let lock = Mutex<FileLock?>(nil)
  private let trouble = Mutex(RunTrouble())

  package init(path: String) { self.path = path }

  package var name: String { path }

  package func open() async throws(FlowError) -> Checkpoint? {
    let held: FileLock?
    do throws(FileError) {
      try Files.makeFolder(Files.folder(of: path))
      held = try FileLock(path + ".lock")
      if held != nil { try Files.remove(Files.partial(of: Files.resolved(path))) }
    } catch {
      throw .cannotOpenCheckpoint(path, error)
    }
    guard let held else { throw .lockedCheckpoint(path, holder: FileLock.lines(of: path + ".lock").process) }
    lock.withLock { $0 = held }
    return try Self.read(path)
  }

  /// Reads it without the lock; for looking at it. nil where there is none.
  package static func read(_ path: String) throws(FlowError) -> Checkpoint? {
    let bytes: [UInt8]
    do throws(FileError) {
      let file = try DurableFile(path, for: .reading)
      bytes = try file.read(at: 0, count: Int(min(file.info().size, UInt64(sizeMax))))
    } catch {
      if error.number == ENOENT { return nil }
      throw .cannotOpenCheckpoint(path, error)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .damagedCheckpoint(path, "it is not text")
    }
    return try Checkpoint(json: text, path: path)
  }

  /// A run that holds a checkpoint.
  package struct Run: Sendable, Equatable {
    package var isRunning = false
    /// Its process, where that is known.
    package var process: String?
    /// What holds it up, for people; nil where nothing does.
    package var trouble: String?
  }

  /// The run that holds it at this moment.
  package static func runner(of path: String) -> Run {
    guard let file = try? DurableFile(path + ".lock", for: .reading), (try? file.tryLock()) == false else {
      return Run()
    }
    let lines = FileLock.lines(of: path + ".lock")
    return Run(isRunning: true, process: lines.process, trouble: lines.trouble)
  }

  /// Tells who looks at ``runner(of:)`` from another process what holds this run up.
  ///
  /// - Parameter now: milliseconds since 1970.
  package func hear(_ event: Flow.Event, at now: Int64) {
    trouble.withLock { trouble in
      guard trouble.take(event, at: now) else { return }
      lock.withLock { $0?.tell(trouble.text) }
    }
  }

  /// Invariant 5: temporary file, fsync, rename, fsync of the folder.
  package func save(_ checkpoint: Checkpoint) async throws(FlowError) {
    do throws(FileError) {
      var bytes = ByteBuffer()
      bytes.append(checkpoint.json)
      try Files.replace(path, with: bytes.bytes)
    } catch {
      throw .cannotSaveCheckpoint(path, error)
    }
  }

  package func close() async { lock.withLock { $0 = nil } }
}

/// A file that one process holds; the system lets go of it when the process ends, however it ends. Its lines are the
/// process's number and what holds it up, for messages.
struct FileLock: Sendable {
  /// The most that is read of it, in bytes.
  private static let bytesMax = 4_096

  private let file: DurableFile
  private let process = "\(getpid())\n"

  /// nil where another process holds it.
  init?(_ path: String) throws(FileError) {
    file = try DurableFile(path, for: .writing)
    guard try file.tryLock() else { return nil }
    try file.truncate(to: 0)
    var text = ByteBuffer()
    text.append(process)
    try file.write(text.bytes)
  }

  /// A disk that does not take it leaves people without a word, and the run as it is.
  func tell(_ trouble: String?) {
    var text = ByteBuffer()
    text.append(trouble.map { $0 + "\n" } ?? "")
    let start = UInt64(process.utf8.count)
    try? file.truncate(to: start)
    try? file.write(text.bytes, at: start)
  }

  static func lines(of path: String) -> (process: String?, trouble: String?) {
    guard let file = try? DurableFile(path, for: .reading), let bytes = try? file.read(at: 0, count: bytesMax) else {
      return (nil, nil)
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    return (lines.first, lines.dropFirst().first)
  }
}
