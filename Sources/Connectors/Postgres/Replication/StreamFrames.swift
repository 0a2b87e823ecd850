import Records

/// How changes stand in a batch between the lane that reads them and the lanes that decode them: a byte that no
/// row of COPY's binary form begins with, and then frames.
///
/// A frame is its length, its kind, a number and a count, in the machine's own byte order, and the bytes of a message.
enum StreamFrames {
  enum Kind: UInt8 {
    /// The transaction that the next changes belong to: a message `B`.
    case transaction
    /// An insert, an update or a delete; the number is the description of its table.
    case change
    /// A truncate of one table.
    case truncate
  }

  struct Frame {
    var kind: Kind
    var number: Int
    /// The place of the change in its transaction, counted from 1.
    var count: UInt64
    /// The message, as a place in the batch's bytes.
    var message: Range<Int>
  }

  private static let headerLength = 17
  /// A row begins with the high byte of how many columns it has, and there are never so many.
  private static let mark: UInt8 = 0xff

  static func append(
    _ kind: Kind, number: Int = 0, count: Int64 = 0, _ message: UnsafeRawBufferPointer = .init(start: nil, count: 0),
    to bytes: inout ByteBuffer
  ) {
    if bytes.isEmpty { bytes.append(mark) }
    bytes.reserve(headerLength + message.count)
    withUnsafeBytes(of: UInt32(message.count)) { bytes.append($0) }
    bytes.append(kind.rawValue)
    withUnsafeBytes(of: UInt32(number)) { bytes.append($0) }
    withUnsafeBytes(of: UInt64(count)) { bytes.append($0) }
    bytes.append(message)
  }

  /// Whether a batch holds frames, and not rows of a table.
  static func isStream(_ batch: Batch) -> Bool { batch.bytes.count > 0 && batch.bytes.bytes[0] == mark }

  /// The frame at a place; nil at the end.
  static func next(_ at: inout Int, _ end: Int, _ batch: Batch) -> Frame? {
    guard at + headerLength <= end else { return nil }
    let bytes = batch.bytes.bytes
    let length = Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    guard let kind = Kind(rawValue: bytes[at + 4]), at + headerLength + length <= end else { return nil }
    let number = bytes.loadUnaligned(fromByteOffset: at + 5, as: UInt32.self)
    let count = bytes.loadUnaligned(fromByteOffset: at + 9, as: UInt64.self)
    let start = at + headerLength
    at = start + length
    return Frame(kind: kind, number: Int(number), count: count, message: start..<at)
  }
}
