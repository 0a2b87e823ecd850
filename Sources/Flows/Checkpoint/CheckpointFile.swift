import ConnectorKit
import Glibc
import Records

/// A checkpoint in a file of its own, replaced as a whole and locked against a second runner (Invariant 5).
///
/// The lock is held on a file beside it, because the checkpoint itself is another file after each save.
package actor CheckpointFile: CheckpointStore {
  /// A checkpoint of more bytes is none that this program wrote.
  private static let lengthMax: UInt64 = 64 << 20

  private let path: String
  private var lock: DurableFile?

  package init(path: String) { self.path = path }

  package nonisolated var name: String { path }

  package func open() throws(FlowError) -> Checkpoint? {
    do throws(FileError) {
      try Files.makeFolder(Files.folder(of: path))
      lock = try Self.takeLock(path)
    } catch {
      if error.code == "file.locked" { throw .lockedCheckpoint(path, holder: Self.holder(of: path)) }
      throw FlowError(error)
    }
    return try Self.read(path)
  }

  package func save(_ checkpoint: Checkpoint) throws(FlowError) {
    var text = checkpoint.json
    let result = text.withUTF8 { bytes -> FileError? in
      do throws(FileError) {
        try Files.replace(path, with: UnsafeRawBufferPointer(bytes))
        return nil
      } catch {
        return error
      }
    }
    if let error = result { throw FlowError(error) }
  }

  package func close() { lock = nil }

  /// Reads a checkpoint without a lock: to look at it, never to go on from it. nil where there is none.
  package static func read(_ path: String) throws(FlowError) -> Checkpoint? {
    let bytes: [UInt8]
    do throws(FileError) {
      guard let info = try Files.info(path) else { return nil }
      guard info.kind == .file, info.size <= lengthMax else { throw FileError(.read, path, EISDIR) }
      bytes = try DurableFile(path, for: .reading).read(at: 0, count: Int(info.size))
    } catch {
      throw FlowError(error)
    }
    return try Checkpoint(json: String(decoding: bytes, as: UTF8.self), path: path)
  }

  /// Whether a run holds it at this moment; the number of its process where that is known.
  package static func runner(of path: String) -> (isRunning: Bool, process: String?) {
    guard (try? Files.info(lockPath(path))) != nil else { return (false, nil) }
    do throws(FileError) {
      try DurableFile(lockPath(path), for: .reading).lock()
      return (false, nil)
    } catch {
      return error.code == "file.locked" ? (true, holder(of: path)) : (false, nil)
    }
  }

  // MARK: - Lock

  private static func lockPath(_ path: String) -> String { path + ".lock" }

  private static func takeLock(_ path: String) throws(FileError) -> DurableFile {
    let file = try DurableFile(lockPath(path), for: .writing)
    try file.lock()
    try file.truncate(to: 0)
    let number = Array("\(getpid())\n".utf8)
    let problem = number.withUnsafeBytes { bytes -> FileError? in
      do throws(FileError) {
        try file.write(bytes)
        return nil
      } catch {
        return error
      }
    }
    if let problem { throw problem }
    return file
  }

  private static func holder(of path: String) -> String? {
    guard let bytes = try? DurableFile(lockPath(path), for: .reading).read(at: 0, count: 20) else { return nil }
    let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return Int32(text) == nil ? nil : text
  }
}

extension FlowError {
  package init(_ error: FileError) {
    let known = error.connectorError
    self.init(known.code, known.message, hint: known.hint, exit: .surroundings)
  }
}
