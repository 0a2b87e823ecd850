import ConnectorKit
import Records

/// Reads records of a log in order, while another process or lane may write it. Belongs to one lane.
///
/// Never reads beyond what is durable: what a crash may take back was never given to anybody.
struct LogReader: ~Copyable {
  /// How often the writer's word is looked for while it is half written.
  private static let headLooksMax = 1_000

  private let folder: LogFolder
  private let headFile: DurableFile
  private(set) var place: LogPlace
  /// The segment that holds `place`; nil where none was opened yet.
  private var segment: LogSegment?
  private var file: DurableFile?
  /// Whether a person named the place, so that no record need begin there.
  private var isGuess = false

  /// Opens a log at a place, or where there is none, at `start`.
  ///
  /// - Returns: nil where the log was never written.
  static func open(_ path: String, at place: LogPlace?, or start: LogStart) throws(LogError) -> LogReader? {
    let folder = LogFolder(path)
    do throws(FileError) {
      guard try Files.info(path) != nil else { return nil }
    } catch {
      throw .file(error)
    }
    try settle(folder)
    let segments = try folder.segments()
    guard let first = segments.first, let last = segments.last else { return nil }
    let headFile: DurableFile
    do throws(FileError) { headFile = try DurableFile(folder.headPath, for: .reading) } catch { throw .file(error) }
    let reader = LogReader(folder, headFile, place ?? LogPlace(log: last.log, offset: first.first))
    return try reader.moved(to: place, or: start, segments, last)
  }

  private init(_ folder: LogFolder, _ headFile: DurableFile, _ place: LogPlace) {
    self.folder = folder
    self.headFile = headFile
    self.place = place
  }

  /// A crash may have left records behind what `head` says, or a `head` that says nothing. Where nobody writes the log, they
  /// are made durable first.
  private static func settle(_ folder: LogFolder) throws(LogError) {
    guard let last = try folder.segments().last, try read(folder)?.end != last.end else { return }
    do throws(LogError) {
      _ = try LogDisk(folder.path, LogRetention(age: .max, bytes: .max), now: 0)
    } catch {
      if case .locked = error { return }
      throw error
    }
  }

  private static func read(_ folder: LogFolder) throws(LogError) -> LogHead? {
    do throws(FileError) {
      guard try Files.info(folder.headPath) != nil else { return nil }
      return LogHead(try DurableFile(folder.headPath, for: .reading).read(at: 0, count: LogHead.bytes))
    } catch {
      throw .file(error)
    }
  }

  /// How far the log is durable now; nil while its writer is telling.
  func head() throws(LogError) -> LogHead? {
    do throws(FileError) {
      return LogHead(try headFile.read(at: 0, count: LogHead.bytes))
    } catch {
      throw .file(error)
    }
  }

  /// The same, once its writer has told; nil where nobody ever does.
  private func settledHead() throws(LogError) -> LogHead? {
    for _ in 0..<Self.headLooksMax { if let head = try head() { return head } }
    return nil
  }

  /// The address of the oldest record that is kept.
  func oldest() throws(LogError) -> UInt64 { try folder.segments().first?.first ?? place.offset }

  // MARK: - Where to begin

  private consuming func moved(
    to wanted: LogPlace?, or start: LogStart, _ segments: [LogSegment], _ last: LogSegment
  ) throws(LogError) -> LogReader {
    let end = try settledHead()?.end ?? last.end
    if let wanted {
      if wanted.log != last.log { throw .replaced(folder.path) }
      try check(wanted.offset, segments[0], end)
      return self
    }
    switch start {
    case .beginning:
      place.offset = segments[0].first
      place.sequence = segments[0].firstSequence
    case .end: place.offset = end
    case .offset(let offset):
      try check(offset, segments[0], end)
      place.offset = offset
      isGuess = true
    case .time(let time): place.offset = try Self.offset(of: time, folder, segments, end)
    }
    return self
  }

  private func check(_ offset: UInt64, _ oldest: LogSegment, _ end: UInt64) throws(LogError) {
    if offset < oldest.base { throw .removed(folder.path, wanted: offset, oldest: oldest.first) }
    if offset > end { throw .beyondEnd(folder.path, wanted: offset, end: end) }
  }

  /// The first record that came then or later: the segments' heads tell the one, its frames the place in it.
  private static func offset(
    of time: Timestamp, _ folder: LogFolder, _ segments: [LogSegment], _ end: UInt64
  ) throws(LogError) -> UInt64 {
    let wanted = time.seconds * 1_000 + Int64((time.nanoseconds + 999_999) / 1_000_000)
    guard let segment = segments.last(where: { $0.time < wanted }) else { return segments[0].first }
    let size = Int(min(segment.end, end) - segment.base)
    do throws(FileError) {
      let file = try DurableFile(folder.path(of: segment), for: .reading)
      let found = try MappedFile.read(file, count: size) { bytes -> Int in
        var place = LogSegment.headBytes
        while case .frame(let frame) = LogFrame.look(bytes, at: place), frame.time < wanted { place = frame.end }
        return place
      }
      return segment.base + UInt64(found)
    } catch {
      throw .file(error)
    }
  }

  // MARK: - Reading

  /// Fills an empty batch with whole frames from `place` on and moves behind them; false where nothing durable is there.
  ///
  /// - Parameters:
  ///   - end: no record at or behind this address is read.
  ///   - bytes: how much the batch holds, about.
  mutating func fill(_ batch: Batch, upTo end: UInt64, bytes: Int) throws(LogError) -> Bool {
    guard place.offset < end else { return false }
    let file = try openSegment(end)
    let segment = self.segment.map { $0.base } ?? 0
    // At the end of a segment the rest stands in the next one.
    var room = Int(min(UInt64(bytes), end - place.offset))
    var count = try read(file, segment, batch, room)
    if count == 0 {
      self.file = nil
      return try fill(batch, upTo: end, bytes: bytes)
    }
    while true {
      let (cut, needed) = try frames(in: batch, count)
      if cut > 0 {
        deliver(batch, cut)
        return true
      }
      guard needed > room else { throw corrupt("a record ends behind the end") }
      room = needed
      count = try read(file, segment, batch, room)
      if count < needed { throw corrupt("a record ends behind the end") }
    }
  }

  private func read(_ file: DurableFile, _ base: UInt64, _ batch: Batch, _ room: Int) throws(LogError) -> Int {
    batch.bytes.removeAll()
    batch.bytes.reserve(room)
    do throws(FileError) {
      let count = try file.read(
        at: place.offset - base, into: UnsafeMutableRawBufferPointer(start: batch.bytes.base, count: room))
      batch.bytes.advance(by: count)
      return count
    } catch {
      throw .file(error)
    }
  }

  /// - Returns: where the last whole frame ends, and how many bytes it takes to have one where there is none.
  private mutating func frames(in batch: Batch, _ count: Int) throws(LogError) -> (cut: Int, needed: Int) {
    var cut = 0
    var next = place.sequence
    var first: LogFrame?
    while cut < count {
      switch LogFrame.look(batch.bytes.bytes, at: cut) {
      case .frame(let frame):
        if let next, next != frame.sequence {
          throw corrupt("record \(next) was expected, and \(frame.sequence) found")
        }
        first = first ?? frame
        next = frame.sequence + 1
        cut = frame.end
        continue
      case .unfinished(let bytes): if cut == 0 { return (0, bytes ?? LogFrame.headBytes) }
      case .bad:
        if cut == 0 { throw isGuess ? .noRecord(folder.path, place.offset) : corrupt("no record is there") }
      }
      break
    }
    if let first { batch.origin.line = first.sequence }
    place.sequence = next
    isGuess = isGuess && cut == 0
    return (cut, 0)
  }

  private mutating func deliver(_ batch: Batch, _ cut: Int) {
    batch.bytes.truncate(to: cut)
    batch.inputBytes = cut
    batch.origin = Origin(name: Files.name(of: folder.path), offset: place.offset, line: batch.origin.line)
    place.offset += UInt64(cut)
    batch.position = place.position
  }

  private func corrupt(_ reason: String) -> LogError { .corrupt(folder.path, place.offset, reason) }

  /// The segment that holds the next record.
  private mutating func openSegment(_ end: UInt64) throws(LogError) -> DurableFile {
    if let file { return file }
    let segments = try folder.segments()
    guard let found = segments.last(where: { $0.base <= place.offset }) else {
      throw .removed(folder.path, wanted: place.offset, oldest: segments.first?.first ?? end)
    }
    if place.offset > found.end || (place.offset == found.end && found == segments.last) {
      throw .corrupt(folder.path, place.offset, "the log is durable up to \(end), but its files end here")
    }
    place.offset = max(place.offset, found.first)
    segment = found
    do throws(FileError) {
      let opened = try DurableFile(folder.path(of: found), for: .reading)
      opened.adviseSequential()
      file = opened
      return opened
    } catch {
      throw .file(error)
    }
  }
}
