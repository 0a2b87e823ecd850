import CChecksum

/// How one record stands in a segment: a head of ``headBytes``, then its attributes, then its payload.
///
/// All numbers are little-endian. The checksum covers everything behind itself, so a frame is whole or it is none.
struct LogFrame: Equatable {
  /// In bytes.
  static let headBytes = 32
  /// The most that attributes and payload of one record may have together, in bytes.
  static let bodyBytesMax = (1 << 30) + (1 << 20)

  /// The number of the record in its log, counted from 1.
  var sequence: UInt64
  /// When it came, in milliseconds since 1970; never less than that of the record before it.
  var time: Int64
  /// Where attributes and payload stand in the bytes that were looked at.
  var attributes: Range<Int>
  var payload: Range<Int>
  /// How many bytes before it were not known to be durable when it was written.
  var undurable: UInt32

  /// Where the next frame begins.
  var end: Int { payload.upperBound }

  /// What stands at a place.
  enum Look: Equatable {
    case frame(LogFrame)
    /// The bytes end inside of it; it has so many, or none is known yet.
    case unfinished(bytes: Int?)
    /// No frame.
    case bad
  }

  /// Looks at the bytes from `start` on.
  static func look(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Look {
    guard bytes.count - start >= headBytes else { return .unfinished(bytes: nil) }
    guard let frame = read(bytes, at: start) else { return .bad }
    guard frame.end <= bytes.count else { return .unfinished(bytes: frame.end - start) }
    let whole = UnsafeRawBufferPointer(rebasing: bytes[start..<frame.end])
    return checksum(whole, bytes: whole.count) == whole.little(UInt32.self, at: 0) ? .frame(frame) : .bad
  }

  /// The frame whose head stands at `start`, without a look at its checksum; nil where its sizes cannot be.
  static func read(_ bytes: UnsafeRawBufferPointer, at start: Int) -> LogFrame? {
    let head = UnsafeRawBufferPointer(rebasing: bytes[start..<start + headBytes])
    let (body, attributes) = (Int(head.little(UInt32.self, at: 4)), Int(head.little(UInt32.self, at: 24)))
    guard body <= bodyBytesMax, attributes <= body, head.little(UInt64.self, at: 8) != 0 else { return nil }
    let begin = start + headBytes
    return LogFrame(
      sequence: head.little(UInt64.self, at: 8), time: Int64(bitPattern: head.little(UInt64.self, at: 16)),
      attributes: begin..<begin + attributes, payload: begin + attributes..<begin + body,
      undurable: head.little(UInt32.self, at: 28))
  }

  private static func checksum(_ frame: UnsafeRawBufferPointer, bytes: Int) -> UInt32 {
    checksum_crc32c(0, frame.baseAddress.map { $0 + 4 }, bytes - 4)
  }

  /// Writes what is known when a record is taken: the sizes. ``seal(_:sequence:time:undurable:)`` writes the rest.
  static func begin(_ head: UnsafeMutableRawBufferPointer, attributes: Int, payload: Int) {
    head.setLittle(UInt32(attributes + payload), at: 4)
    head.setLittle(UInt32(attributes), at: 24)
  }

  /// Writes what is known when the record is stored, and the checksum.
  ///
  /// - Parameter frame: begins with a frame's head; what follows the frame is left alone.
  /// - Returns: how many bytes the frame has.
  static func seal(
    _ frame: UnsafeMutableRawBufferPointer, sequence: UInt64, time: Int64, undurable: Int
  ) -> Int {
    let bytes = headBytes + Int(UnsafeRawBufferPointer(frame).little(UInt32.self, at: 4))
    frame.setLittle(sequence, at: 8)
    frame.setLittle(UInt64(bitPattern: time), at: 16)
    frame.setLittle(UInt32(clamping: undurable), at: 28)
    frame.setLittle(checksum(UnsafeRawBufferPointer(frame), bytes: bytes), at: 0)
    return bytes
  }
}

extension UnsafeRawBufferPointer {
  /// A number at a place that must lie in the buffer.
  func little<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number {
    Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}

extension UnsafeMutableRawBufferPointer {
  func setLittle<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, at offset: Int) {
    storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
  }
}
