import Glibc

/// An open file, closed when the last reference goes. Every call is made again after a signal, and writes until all is written.
final class FileDescriptor: Sendable {
  let number: Int32

  init(opening path: String, _ flags: Int32, mode: mode_t = 0o644) throws(SystemError) {
    number = try SystemError.check { Glibc.open(path, flags | O_CLOEXEC, mode) }
  }

  deinit { close(number) }

  func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      written += Int(
        try SystemError.check { Int32(clamping: Glibc.write(number, rest.baseAddress, min(rest.count, 1 << 30))) })
    }
  }

  /// Returns when what was written is on the disk.
  func sync() throws(SystemError) { _ = try SystemError.check { fsync(number) } }

  func truncate(to length: Int) throws(SystemError) { _ = try SystemError.check { ftruncate(number, length) } }

  /// False where somebody else holds it.
  func lock() throws(SystemError) -> Bool {
    do {
      _ = try SystemError.check { flock(number, LOCK_EX | LOCK_NB) }
      return true
    } catch {
      if error.number == EWOULDBLOCK { return false }
      throw error
    }
  }

  /// Its length, and what tells this file from another that took its name.
  func status() throws(SystemError) -> (length: Int, identity: String) {
    var status = stat()
    _ = try SystemError.check { fstat(number, &status) }
    return (Int(status.st_size), "\(status.st_dev):\(status.st_ino)")
  }

  /// The bytes of a range, as far as the file reaches.
  func read(_ range: Range<Int>) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var count = 0
    while count < bytes.count {
      let start = count
      let more = try SystemError.check {
        Int32(
          clamping: bytes.withUnsafeMutableBytes {
            pread(number, $0.baseAddress?.advanced(by: start), $0.count - start, range.lowerBound + start)
          })
      }
      if more == 0 { break }
      count += Int(more)
    }
    return Array(bytes.prefix(count))
  }
}

/// What the system said no to.
struct SystemError: Error {
  var number: Int32
  var text: String { String(cString: strerror(number)) }

  /// Makes the call, again after a signal.
  static func check(_ call: () -> Int32) throws(SystemError) -> Int32 {
    while true {
      let result = call()
      if result >= 0 { return result }
      if errno != EINTR { throw SystemError(number: errno) }
    }
  }
}

/// Folders and names.
enum Folder {
  static func of(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes the folder and those above it.
  static func make(_ path: String) throws(SystemError) {
    if access(path, F_OK) == 0 { return }
    let above = of(path)
    if above != path { try make(above) }
    do {
      _ = try SystemError.check { mkdir(path, 0o755) }
    } catch {
      if error.number != EEXIST { throw error }
    }
  }

  /// Returns when the names in it are on the disk.
  static func sync(_ path: String) throws(SystemError) {
    try FileDescriptor(opening: path, O_RDONLY | O_DIRECTORY).sync()
  }
}
