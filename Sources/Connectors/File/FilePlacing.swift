import ConnectorKit
import Glibc
import Records

/// Where the rows of a file target are written, and how writing begins there.
protocol FilePlacing: Sendable {
  /// Whether the file is written beside its place and moved there in the end.
  var isReplaced: Bool { get }

  /// Opens the file for this process alone, and takes away what an interrupted run left behind the mark: all of it,
  /// or in a file that is added to a torn row alone.
  func open(at mark: FileMark?) throws(ConnectorError) -> FileWriter
}

extension DurableFile {
  /// Opens and locks the file that stands at the path: not one that a finishing run is just moving away from there.
  static func locked(_ path: String, for mode: Mode) throws(FileError) -> DurableFile {
    for _ in 0..<8 {
      let file = try DurableFile(path, for: mode)
      try file.lock()
      if try Files.info(path)?.identity == file.info().identity { return file }
    }
    throw FileError(.lock, path, EWOULDBLOCK)
  }
}
