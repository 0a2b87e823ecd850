import CGlibc
import Glibc

/// An open file: whole reads and writes, syncs and locks, with interrupted calls repeated.
///
/// Closes when it is released. Has no state of its own but the descriptor, so it may be shared; who writes is decided
/// by who holds the ``lock()``.
package final class DurableFile: Sendable {
  package enum Mode: Sendable {
    case reading
    /// Reading and writing from the start on; made where it is missing, never emptied.
    case writing
    /// As `writing`, but every write goes to the end.
    case appending
  }

  package let path: String
  package let descriptor: Int32
  private let closes: Bool

  package init(_ path: String, for mode: Mode) throws(FileError) {
    self.path = path
    descriptor = try retrying(.open, path) { open(path, mode.flags | O_CLOEXEC, 0o666) }
    closes = true
  }

  /// A file that somebody else opened and closes: standard input and output.
  package init(descriptor: Int32, name: String) {
    path = name
    self.descriptor = descriptor
    closes = false
  }

  /// Unlocks first: a child that another thread starts at this moment has the open file too, until it becomes another
  /// program, and would hold the lock for as long.
  deinit {
    guard closes else { return }
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  package func info() throws(FileError) -> FileInfo {
    var status = stat()
    _ = try retrying(.inspect, path) { fstat(descriptor, &status) }
    return FileInfo(status)
  }

  /// Reads what is there, from where the last read or seek ended; 0 at the end.
  package func read(into room: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    try retrying(.read, path) { Glibc.read(descriptor, room.baseAddress, room.count) }
  }

  /// Reads from `offset` until `count` bytes are there or the file ends; moves nothing.
  ///
  /// The room grows with what is there: whoever reads a small file up to a large bound pays for the file.
  package func read(at offset: UInt64, count: Int) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var done = 0
    while done < count {
      if done == bytes.count {
        bytes.append(contentsOf: repeatElement(0, count: min(count, max(Self.firstRoom, 2 * done)) - done))
      }
      let more = try retrying(.read, path) {
        bytes.withUnsafeMutableBytes {
          pread(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done, off_t(offset) + off_t(done))
        }
      }
      if more == 0 { break }
      done += more
    }
    bytes.removeSubrange(done...)
    return bytes
  }

  /// How much is read at first where nobody knows how much there is, in bytes.
  private static let firstRoom = 16 << 10

  /// Reads from `offset` until `room` is full or the file ends; moves nothing.
  ///
  /// - Returns: how many bytes were read.
  package func read(at offset: UInt64, into room: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var done = 0
    while done < room.count {
      let more = try retrying(.read, path) {
        pread(descriptor, room.baseAddress.map { $0 + done }, room.count - done, off_t(offset) + off_t(done))
      }
      if more == 0 { break }
      done += more
    }
    return done
  }

  /// Writes all of it from `offset` on; moves nothing.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) {
    var done = 0
    while done < bytes.count {
      done += try retrying(.write, path) {
        pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + off_t(done))
      }
    }
  }

  package func seek(to offset: UInt64) throws(FileError) {
    _ = try retrying(.read, path) { lseek(descriptor, off_t(offset), SEEK_SET) }
  }

  /// Tells the system that the file is read from front to back, so that it reads ahead.
  package func adviseSequential() { _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }

  /// Writes all of it, or throws after a part.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try write([bytes])
  }

  /// Writes all of them, one after the other, or throws after a part.
  package func write(_ parts: [UnsafeRawBufferPointer]) throws(FileError) {
    var rest = parts.filter { $0.count > 0 }.map {
      iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
    }[...]
    while !rest.isEmpty {
      let written = try writeSome(rest)
      drop(written, from: &rest)
    }
  }

  private func writeSome(_ rest: ArraySlice<iovec>) throws(FileError) -> Int {
    do throws(FileError) {
      return try retrying(.write, path) {
        rest.withUnsafeBufferPointer { writev(descriptor, $0.baseAddress, Int32(min($0.count, vectorsMax))) }
      }
    } catch  where error.number == EAGAIN {
      // A pipe that another program made non-blocking: waits for its reader, a second at a time.
      var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = poll(&wanted, 1, 1_000)
      return 0
    }
  }

  /// How many pieces the system takes in one call (IOV_MAX).
  private var vectorsMax: Int { 1024 }

  private func drop(_ written: Int, from rest: inout ArraySlice<iovec>) {
    var left = written
    while let first = rest.first, first.iov_len <= left {
      left -= first.iov_len
      rest.removeFirst()
    }
    guard left > 0, let first = rest.first else { return }
    rest[rest.startIndex] = iovec(iov_base: first.iov_base + left, iov_len: first.iov_len - left)
  }

  package func truncate(to length: UInt64) throws(FileError) {
    _ = try retrying(.truncate, path) { ftruncate(descriptor, off_t(length)) }
  }

  /// Returns when the contents and the length are on the disk.
  ///
  /// A failed sync may have dropped what it could not store and succeed the next time: never take it as a reason to
  /// sync again, only to write again.
  package func sync() throws(FileError) {
    _ = try retrying(.sync, path) { fdatasync(descriptor) }
  }

  /// Lets the system begin to store what was written there, so that a later ``sync()`` has less to wait for. It promises
  /// nothing, and a file system that cannot do it says so in vain.
  package func beginStoring(from offset: UInt64, count: UInt64) {
    _ = sync_file_range(descriptor, off_t(offset), off_t(count), SYNC_FILE_RANGE_BEGIN)
  }

  /// Takes the file for this process alone, until it is closed; throws at once if another has it.
  package func lock() throws(FileError) {
    _ = try retrying(.lock, path) { flock(descriptor, LOCK_EX | LOCK_NB) }
  }

  /// As ``lock()``, but false where another has it.
  package func tryLock() throws(FileError) -> Bool {
    do {
      try lock()
      return true
    } catch  where error.number == EWOULDBLOCK {
      return false
    }
  }

  package func setMode(_ mode: UInt32) throws(FileError) {
    _ = try retrying(.write, path) { fchmod(descriptor, mode) }
  }
}

extension DurableFile.Mode {
  fileprivate var flags: Int32 {
    switch self {
    // Without O_NONBLOCK the open of a pipe waits for its writer; on files it changes nothing.
    case .reading: O_RDONLY | O_NONBLOCK
    case .writing: O_RDWR | O_CREAT
    case .appending: O_RDWR | O_CREAT | O_APPEND
    }
  }
}

/// Makes a system call again while signals interrupt it, and throws what else it says.
func retrying<Count: SignedInteger>(
  _ action: FileError.Action, _ path: String, _ call: () -> Count
) throws(FileError)
  -> Count
{
  while true {
    let result = call()
    if result >= 0 { return result }
    if errno != EINTR { throw FileError(action, path) }
  }
}
