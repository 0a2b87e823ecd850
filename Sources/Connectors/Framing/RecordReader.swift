import CScan
import ConnectorKit
import Records

/// Cuts a stream of bytes into batches of whole records, read straight into the batches' own bytes.
///
/// What follows the last whole record is carried over to the next batch. Belongs to one source.
final class RecordReader {
  /// What ``fill(_:)`` did.
  enum Filled: Equatable { case records, nothing, end }

  /// How much of a record that is too long is kept to be shown, in bytes.
  static let longRecordKept = 64 << 10

  /// What the stream is called in messages.
  private let name: String
  private let input: any ByteInput
  private var framer: any Framer
  private let batchBytes: Int
  private let recordBytesMax: Int

  /// Where the next batch begins, in bytes from the begin of the stream.
  private(set) var offset: UInt64
  /// The line there, counted from 1.
  private(set) var line: UInt64
  /// A fingerprint of the bytes that end at `offset`; nil before the first batch.
  private(set) var tail: Fingerprint?

  /// Bytes behind `offset` that were read already, and how many of them the framer has seen.
  private var carry = ByteBuffer()
  private var seen = 0
  private var isBegun = false
  private var long: LongRecord?

  /// A record that is too long, while its end is looked for.
  private struct LongRecord: ~Copyable {
    var kept: ByteBuffer
    var length: UInt64
    var lines: UInt64
  }

  /// - Parameters:
  ///   - batchBytes: how much a batch holds, about.
  ///   - recordBytesMax: how long a record may be.
  ///   - offset, line: where `input` stands, if it does not stand at its begin.
  init(
    _ input: any ByteInput, name: String, framer: any Framer, batchBytes: Int, recordBytesMax: Int, offset: UInt64 = 0,
    line: UInt64 = 1
  ) {
    self.input = input
    self.name = name
    self.framer = framer
    self.batchBytes = max(batchBytes, 4_096)
    self.recordBytesMax = recordBytesMax
    self.offset = offset
    self.line = line
    isBegun = offset > 0
  }

  /// Whether nothing was read beyond `offset`.
  var isDrained: Bool { carry.isEmpty && long == nil }

  /// Fills an empty batch with the next records, its `origin` and `inputBytes`; without any the batch stays empty.
  ///
  /// Throws only when no whole record stands before the problem.
  func fill(_ batch: Batch) throws(ConnectorError) -> Filled {
    if long != nil { return try skipLongRecord(batch) }
    swap(&batch.bytes, &carry)
    do throws(ConnectorError) {
      while true {
        if let filled = try readMore(batch) { return filled }
      }
    } catch {
      swap(&batch.bytes, &carry)
      throw error
    }
  }

  /// One read, and what it completes; nil where it takes another.
  private func readMore(_ batch: Batch) throws(ConnectorError) -> Filled? {
    if seen == batch.bytes.count || !isBegun {
      switch try read(into: batch, room: roomLeft(batch.bytes.count)) {
      case .bytes: break
      case .nothing:
        swap(&batch.bytes, &carry)
        return .nothing
      case .end: return try end(batch)
      }
    }
    guard try begin(batch, isWhole: false) else { return nil }
    if try scan(batch) { return .records }
    if batch.bytes.count > recordBytesMax {
      beginLongRecord(batch)
      return try skipLongRecord(batch)
    }
    return nil
  }

  /// Looks at what arrived; true where it completes records, which are delivered then.
  private func scan(_ batch: Batch) throws(ConnectorError) -> Bool {
    let cut = try framing { framer throws(FramingProblem) in try framer.scan(batch.bytes.contents, seen: seen) }
    seen = batch.bytes.count
    guard cut > 0 else { return false }
    deliver(batch, cut: cut)
    return true
  }

  /// Never reads past the bound of a record, so that whether one is too long does not hang on the sizes of reads.
  private func roomLeft(_ count: Int) -> Int {
    let wanted = batchBytes - count >= 4_096 ? batchBytes - count : batchBytes
    return min(wanted, recordBytesMax + 1 - count)
  }

  private func read(into batch: Batch, room: Int) throws(ConnectorError) -> Arrival {
    batch.bytes.reserve(room)
    let arrival = try input.read(into: UnsafeMutableRawBufferPointer(start: batch.bytes.end, count: room))
    if case .bytes(let count) = arrival { batch.bytes.advance(by: count) }
    return arrival
  }

  private func end(_ batch: Batch) throws(ConnectorError) -> Filled {
    _ = try begin(batch, isWhole: true)
    if seen < batch.bytes.count, try scan(batch) { return .records }
    guard try framing({ framer throws(FramingProblem) in try framer.finish(batch.bytes.contents) }) else {
      batch.bytes.removeAll()
      return .end
    }
    deliver(batch, cut: batch.bytes.count)
    return .records
  }

  /// Looks at the begin of the stream for a byte order mark.
  ///
  /// - Returns: false while there are too few bytes to tell.
  private func begin(_ batch: Batch, isWhole: Bool) throws(ConnectorError) -> Bool {
    if isBegun { return true }
    guard isWhole || batch.bytes.count >= ByteOrderMark.length else { return false }
    isBegun = true
    let mark = try ByteOrderMark.check(batch.bytes.bytes, name: name)
    batch.bytes.removeFirst(mark)
    offset += UInt64(mark)
    return true
  }

  /// Leaves the records before `cut` in the batch and carries the rest over.
  private func deliver(_ batch: Batch, cut: Int) {
    carry.removeAll()
    carry.append(UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[cut...]))
    batch.bytes.truncate(to: cut)
    seen -= cut
    place(batch, length: UInt64(cut), lines: UInt64(lineBreaks(batch.bytes)))
  }

  private func place(_ batch: Batch, length: UInt64, lines: UInt64) {
    batch.inputBytes = batch.bytes.count
    batch.origin = Origin(name: name, offset: offset, line: line)
    tail = Fingerprint(tailOf: batch.bytes.bytes)
    offset += length
    line += lines
  }

  private func lineBreaks(_ bytes: borrowing ByteBuffer) -> Int {
    scan_count(bytes.base, bytes.base + bytes.count, 0x0a)
  }

  private func framing<Result>(
    _ call: (inout any Framer) throws(FramingProblem) -> Result
  ) throws(ConnectorError)
    -> Result
  {
    do {
      return try call(&framer)
    } catch {
      throw ConnectorError(
        "file.invalid_json", "\(name), byte \(offset + UInt64(error.offset) + 1): \(error.message).", remedy: .stop,
        hint: "Mend the file. If each of its lines is a record of its own, set format: ndjson.")
    }
  }
}

extension RecordReader {
  private func beginLongRecord(_ batch: Batch) {
    let lines = UInt64(lineBreaks(batch.bytes))
    let length = UInt64(batch.bytes.count)
    batch.bytes.truncate(to: min(batch.bytes.count, Self.longRecordKept))
    var kept = ByteBuffer()
    swap(&kept, &batch.bytes)
    long = LongRecord(kept: kept, length: length, lines: lines)
    carry.removeAll()
    seen = 0
  }

  /// Reads on in one batch's memory until the long record ends, and makes a batch of its begin.
  private func skipLongRecord(_ batch: Batch) throws(ConnectorError) -> Filled {
    while true {
      batch.bytes.removeAll()
      switch try read(into: batch, room: batchBytes) {
      case .nothing:
        batch.bytes.removeAll()
        return .nothing
      case .end:
        deliverLongRecord(batch, upTo: batch.bytes.count)
        return .records
      case .bytes:
        if let next = framer.skip(batch.bytes.contents) {
          deliverLongRecord(batch, upTo: next)
          return .records
        }
        long?.length += UInt64(batch.bytes.count)
        long?.lines += UInt64(lineBreaks(batch.bytes))
      }
    }
  }

  private func deliverLongRecord(_ batch: Batch, upTo next: Int) {
    guard var record = long.take() else { return }
    carry.removeAll()
    carry.append(UnsafeRawBufferPointer(rebasing: batch.bytes.bytes[next...]))
    batch.bytes.truncate(to: next)
    record.lines += UInt64(lineBreaks(batch.bytes))
    record.length += UInt64(next)
    swap(&record.kept, &batch.bytes)
    batch.longRecord = LongRecordPlace(length: record.length, max: recordBytesMax)
    place(batch, length: record.length, lines: record.lines)
    tail = nil
  }
}
