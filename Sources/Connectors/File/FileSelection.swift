import ConnectorKit
import Glibc

/// Which files a `path` names: one file, the files that a pattern matches, or all files in a folder.
struct FileSelection: Sendable, Equatable {
  /// A file that was found.
  struct Found: Sendable, Equatable {
    /// As the pipeline file names it.
    var path: String
    var info: FileInfo
  }

  /// As it stands in the pipeline file.
  let path: String
  /// The folder that a relative path starts from.
  let folder: String

  init(path: String, folder: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.folder = folder
  }

  /// Where a file that the pipeline file would name so lies.
  func full(_ path: String) -> String { Files.join(folder, path) }

  private var isPattern: Bool {
    path.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
  }

  /// Whether it is the path of one file, that exists or may come to exist.
  func isOneFile() throws(ConnectorError) -> Bool {
    do {
      if let info = try Files.info(full(path)) { return info.kind != .folder }
      return !isPattern
    } catch { throw error.connectorError }
  }

  /// The files that there are, in the order of their names' bytes. A folder's hidden files and subfolders are left out.
  func files() throws(ConnectorError) -> [Found] {
    do {
      guard let info = try Files.info(full(path)) else { return isPattern ? try matches() : [] }
      if info.kind == .folder { return try files(in: path) }
      guard info.kind == .file else { throw notAFile(info.kind) }
      return [Found(path: path, info: info)]
    } catch let error as FileError {
      throw error.connectorError
    } catch let error as ConnectorError {
      throw error
    } catch {
      throw ConnectorError("file.read_failed", "Cannot list \(path).", remedy: .stop)
    }
  }

  /// The files in a folder that the pipeline file would name so; "" is the folder that relative paths start from.
  func files(in folder: String) throws(ConnectorError) -> [Found] {
    do throws(FileError) {
      return try found(Files.names(in: full(folder.isEmpty ? "." : folder)).map { Files.join(folder, $0) })
    } catch {
      throw error.connectorError
    }
  }

  private func found(_ paths: [String]) throws(FileError) -> [Found] {
    var found: [Found] = []
    for path in paths where !Files.name(of: path).hasPrefix(".") {
      // What is gone since it was listed is not there.
      guard let info = try Files.info(full(path)), info.kind == .file else { continue }
      found.append(Found(path: path, info: info))
    }
    return found
  }

  private func matches() throws(FileError) -> [Found] {
    let isAbsolute = path.hasPrefix("/")
    let prefix = isAbsolute || folder.isEmpty ? "" : folder + (folder.hasSuffix("/") ? "" : "/")
    var result = glob_t()
    defer { globfree(&result) }
    switch glob(Self.escaped(prefix) + path, GLOB_ERR | GLOB_NOSORT, nil, &result) {
    case 0: break
    case GLOB_NOMATCH: return []
    default: throw FileError(.list, path)
    }
    let paths = (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }
    let names = paths.map { String($0.dropFirst(prefix.count)) }
    return try found(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  /// The folder's own name is no pattern.
  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { $0 += "*?[\\".contains($1) ? "\\\($1)" : "\($1)" }
  }

  private func notAFile(_ kind: FileInfo.Kind) -> ConnectorError {
    ConnectorError(
      "file.not_regular", "\(path) is \(kind == .pipe ? "a pipe" : "a device or socket"), not a file.", remedy: .stop,
      hint: "A pipe cannot be read again after a crash; give it to `source: {type: stdin}`.")
  }
}
