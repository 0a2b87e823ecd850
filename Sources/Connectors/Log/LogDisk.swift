import ConnectorKit
import Glibc
import Records

/// The files of a log as their one writer sees them. Belongs to one lane at a time.
struct LogDisk: Sendable {
  /// How far a file is made to reach beyond its records, in bytes.
  static let aheadBytes = 256 << 10
  private static let zeros = [UInt8](repeating: 0, count: aheadBytes)

  let folder: LogFolder
  let retention: LogRetention
  private let lock: DurableFile
  private let headFile: DurableFile
  private var segments: [LogSegment]
  /// The last segment, written up to the durable end; nil before the first record and after a failure.
  private var file: DurableFile?
  /// How long the last segment's file is: zeros stand behind its records while it is written.
  private var reach: UInt64 = 0
  private(set) var head: LogHead
  /// The time of the last record.
  private var time: Int64
  /// Which log this is: different for two that stand in one folder one after the other.
  private let id: UInt64
  /// Nothing at or behind this address is removed.
  var unread: UInt64?

  /// Makes the folder where it is missing, takes the lock, cuts off what a crash tore, and makes the rest durable.
  init(_ path: String, _ retention: LogRetention, now: Int64) throws(LogError) {
    folder = LogFolder(path)
    self.retention = retention
    do throws(FileError) {
      try Files.makeFolder(path)
      lock = try DurableFile(folder.lockPath, for: .writing)
      guard try lock.tryLock() else { throw FileError(.lock, folder.lockPath, EWOULDBLOCK) }
      headFile = try DurableFile(folder.headPath, for: .writing)
      head =
        LogHead(try headFile.read(at: 0, count: LogHead.bytes)) ?? LogHead(end: 0, nextSequence: 1)
    } catch {
      throw error.action == .lock ? .locked(path) : .file(error)
    }
    segments = try folder.segments()
    id = segments.last?.log ?? Self.makeID(lock, now: now)
    time = segments.last?.time ?? 0
    if let last = segments.popLast() { try recover(last) }
    try publish()
  }

  /// Two logs of one folder differ in when they began, two folders in their lock files.
  private static func makeID(_ lock: DurableFile, now: Int64) -> UInt64 {
    let inode = (try? lock.info().identity.inode) ?? 0
    return (UInt64(bitPattern: now) &* 0x9e37_79b9_7f4a_7c15) ^ (inode &* 0xbf58_476d_1ce4_e5b9) ^ UInt64(getpid())
  }

  /// Finds the end of the last segment, cuts off the rest and syncs what stays: a crash may have come before its sync.
  private mutating func recover(_ last: LogSegment) throws(LogError) {
    var last = last
    do throws(FileError) {
      let file = try DurableFile(folder.path(of: last), for: .writing)
      let tail = try MappedFile.read(file, count: Int(last.size)) {
        LogTail($0, firstSequence: last.firstSequence)
      }
      let end = last.base + UInt64(tail.end)
      if tail.isDamaged || (head.end > end && last.base < head.end) {
        throw FileError(.inspect, "\(end)", 0)
      }
      try file.truncate(to: UInt64(tail.end))
      try file.sync()
      try file.seek(to: UInt64(tail.end))
      last.size = UInt64(tail.end)
      reach = last.size
      time = max(time, tail.time ?? 0)
      head = LogHead(end: end, nextSequence: tail.nextSequence)
      self.file = file
    } catch {
      guard error.number != 0 else {
        throw .corrupt(folder.path, UInt64(error.path) ?? 0, "records behind it were acknowledged")
      }
      throw .file(error)
    }
    segments.append(last)
  }

  // MARK: - Storing

  /// Stores whole frames, whose heads are sealed here, and returns when they are durable.
  ///
  /// After a throw none of them is there: what was written is cut off, and the next call begins where this one did.
  mutating func store(_ frames: UnsafeMutableRawBufferPointer, now: Int64) throws(LogError) {
    time = max(time, now)
    try makeRoom(UInt64(frames.count))
    do throws(FileError) {
      let file = try openLast(adding: UInt64(frames.count))
      reachAhead(of: segments[segments.count - 1].size + UInt64(frames.count), file)
      let sequence = seal(frames)
      try file.write(UnsafeRawBufferPointer(frames))
      try file.sync()
      segments[segments.count - 1].size += UInt64(frames.count)
      head = LogHead(end: head.end + UInt64(frames.count), nextSequence: sequence)
    } catch {
      // A sync that failed may have dropped pages: nothing of this group counts, and the file is opened anew.
      self.file = nil
      throw .file(error)
    }
    try publish()
  }

  /// Lets the file reach further than its records: a sync then writes the records alone, and not also where the file
  /// ends, which takes a disk as long again.
  private mutating func reachAhead(of end: UInt64, _ file: DurableFile) {
    guard end > reach else { return }
    let isThere = Self.zeros.withUnsafeBytes { (try? file.write($0, at: end)) != nil }
    // A disk that is too full for this may still hold the records.
    reach = isThere ? end + UInt64(Self.aheadBytes) : end
  }

  /// Ends the last segment's file behind its records, durably: so it stays, whatever comes after it.
  private mutating func endLast() throws(FileError) {
    guard let last = segments.last, reach != last.size else { return }
    let open: DurableFile
    if let file { open = file } else { open = try DurableFile(folder.path(of: last), for: .writing) }
    try open.truncate(to: last.size)
    try open.sync()
    reach = last.size
  }

  /// Leaves the files without what only a writer needs; they may be written on.
  mutating func close() throws(LogError) {
    do throws(FileError) { try endLast() } catch { throw .file(error) }
    file = nil
  }

  /// - Returns: the number of the record behind the last of them.
  private func seal(_ frames: UnsafeMutableRawBufferPointer) -> UInt64 {
    var sequence = head.nextSequence
    var place = 0
    while place < frames.count {
      place += LogFrame.seal(
        UnsafeMutableRawBufferPointer(rebasing: frames[place...]), sequence: sequence, time: time, undurable: place)
      sequence += 1
    }
    return sequence
  }

  /// The last segment, or a new one, ready to be written at the durable end.
  private mutating func openLast(adding more: UInt64) throws(FileError) -> DurableFile {
    guard let last = segments.last, !retention.rolls(last, adding: more, now: time) else { return try addSegment() }
    if let file { return file }
    let opened = try DurableFile(folder.path(of: last), for: .writing)
    try opened.truncate(to: last.size)
    try opened.seek(to: last.size)
    reach = last.size
    file = opened
    return opened
  }

  private mutating func addSegment() throws(FileError) -> DurableFile {
    try endLast()
    file = nil
    var segment = LogSegment(base: head.end, firstSequence: head.nextSequence, time: time, log: id)
    let path = folder.path(of: segment)
    do throws(FileError) {
      let new = try DurableFile(path, for: .writing)
      try new.truncate(to: 0)
      var bytes = ByteBuffer()
      segment.head.withUnsafeBytes { bytes.append($0) }
      try new.write(bytes.bytes)
      try new.sync()
      try Files.syncFolder(of: path)
      segment.size = UInt64(LogSegment.headBytes)
      segments.append(segment)
      head.end = segment.first
      reach = segment.size
      file = new
      return new
    } catch {
      try? Files.remove(path)
      throw error
    }
  }

  private func publish() throws(LogError) {
    do throws(FileError) {
      var bytes = ByteBuffer()
      head.encoded.withUnsafeBytes { bytes.append($0) }
      try headFile.write(bytes.bytes, at: 0)
    } catch {
      throw .file(error)
    }
  }

  // MARK: - Retention

  /// Removes what is too old.
  mutating func tidy(now: Int64) throws(LogError) { try remove(retention.expired(segments, now: now, unread: unread)) }

  private mutating func makeRoom(_ more: UInt64) throws(LogError) {
    guard retention.isFull(segments, adding: more) else { return }
    try remove(retention.expired(segments, now: time, unread: unread, adding: more))
    if retention.isFull(segments, adding: more), segments.count > 1 || unread ?? .max < head.end {
      throw .full(folder.path, bytesMax: retention.bytes)
    }
  }

  private mutating func remove(_ count: Int) throws(LogError) {
    do throws(FileError) {
      for _ in 0..<count {
        try Files.remove(folder.path(of: segments[0]))
        segments.removeFirst()
      }
    } catch {
      throw .file(error)
    }
  }
}
