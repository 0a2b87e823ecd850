import Glibc

/// What is done with files by their names.
package enum Files {
  /// What stands at the path, symbolic links followed; nil where nothing does.
  package static func info(_ path: String) throws(FileError) -> FileInfo? {
    var status = stat()
    do {
      _ = try retrying(.inspect, path) { stat(path, &status) }
    } catch  where error.number == ENOENT {
      return nil
    }
    return FileInfo(status)
  }

  /// The path without symbolic links, so that a replaced file is the one that a link points to; the path itself where
  /// nothing stands there.
  package static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// Replaces a file as a whole: whoever opens the path, after a crash at any moment too, finds all of the old
  /// contents or all of the new. A file that stands there keeps its permission bits.
  package static func replace(_ path: String, with bytes: UnsafeRawBufferPointer) throws(FileError) {
    let path = resolved(path)
    let partial = Self.partial(of: path)
    let file = try DurableFile(partial, for: .writing)
    try file.truncate(to: 0)
    try file.write(bytes)
    try publish(file, as: path)
  }

  /// Syncs a file, gives it its final name and syncs the folder; safe to repeat up to the renaming.
  package static func publish(_ file: DurableFile, as path: String) throws(FileError) {
    if let mode = try info(path)?.mode { try file.setMode(mode) }
    try file.sync()
    try rename(file.path, to: path)
    try syncFolder(of: path)
  }

  package static func rename(_ path: String, to new: String) throws(FileError) {
    _ = try retrying(.rename, path) { Glibc.rename(path, new) }
  }

  /// Makes names that were made, changed or removed in the folder of the path outlast a loss of power.
  ///
  /// A full `fsync`: of a folder, `fdatasync` need not store the names.
  package static func syncFolder(of path: String) throws(FileError) {
    let folder = try DurableFile(Self.folder(of: path), for: .reading)
    _ = try retrying(.sync, folder.path) { fsync(folder.descriptor) }
  }

  /// Removes the file, if there is one.
  package static func remove(_ path: String) throws(FileError) {
    do {
      _ = try retrying(.remove, path) { unlink(path) }
    } catch  where error.number == ENOENT {}
  }

  /// Makes the folder and those above it, as far as they are missing.
  package static func makeFolder(_ path: String) throws(FileError) {
    if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, folder(of: path) != path else { throw FileError(.makeFolder, path) }
    try makeFolder(folder(of: path))
    if mkdir(path, 0o777) != 0 && errno != EEXIST { throw FileError(.makeFolder, path) }
  }

  /// The names in a folder, in the order of their bytes, without `.` and `..`.
  package static func names(in folder: String) throws(FileError) -> [String] {
    guard let stream = opendir(folder) else { throw FileError(.list, folder) }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw FileError(.list, folder) }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension Files {
  /// Where a path that stands in a pipeline file lies.
  package static func join(_ folder: String, _ path: String) -> String {
    if path.utf8.first == UInt8(ascii: "/") || folder.isEmpty { return path }
    return folder.utf8.last == UInt8(ascii: "/") ? folder + path : folder + "/" + path
  }

  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  package static func name(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// The name beside `path` under which its next contents are written.
  package static func partial(of path: String) -> String {
    join(folder(of: path), "." + name(of: path) + ".millrace-partial")
  }
}
