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
    guard let held else { throw .lockedCheckpoint(path, holder: FileLock.holder(of: path + ".lock")) }
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

  /// Whether a run holds it at this moment, and its process where that is known.
  package static func runner(of path: String) -> (isRunning: Bool, process: String?) {
    guard let file = try? DurableFile(path + ".lock", for: .reading), (try? file.tryLock()) == false else {
      return (false, nil)
    }
    return (true, FileLock.holder(of: path + ".lock"))
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

/// A file that one process holds; the system lets go of it when the process ends, however it ends.
struct FileLock: Sendable {
  private let file: DurableFile

  /// nil where another process holds it. Writes the process's number into it, for messages.
  init?(_ path: String) throws(FileError) {
    file = try DurableFile(path, for: .writing)
    guard try file.tryLock() else { return nil }
    try file.truncate(to: 0)
    var text = ByteBuffer()
    text.append("\(getpid())\n")
    try file.write(text.bytes)
  }

  static func holder(of path: String) -> String? {
    guard let file = try? DurableFile(path, for: .reading), let bytes = try? file.read(at: 0, count: 20) else {
      return nil
    }
    let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return text.isEmpty ? nil : text
  }
}
