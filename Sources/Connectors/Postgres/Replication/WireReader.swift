/// Reads a message of the server's from its begin: big-endian integers and texts that end with a zero byte. Never reads
/// outside of the message, whatever stands in it.
struct WireReader {
  /// What a message that is no message of the protocol ends in.
  enum Fault: Error, Equatable {
    case truncated
    case unknown(UInt8)
    case notUTF8
  }

  let bytes: UnsafeRawBufferPointer
  private(set) var at: Int

  init(_ bytes: UnsafeRawBufferPointer, at start: Int = 0) {
    self.bytes = bytes
    at = start
  }

  var isAtEnd: Bool { at >= bytes.count }

  private mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(
    _: Number.Type
  ) throws(Fault) -> Number {
    let size = MemoryLayout<Number>.size
    guard at + size <= bytes.count else { throw .truncated }
    defer { at += size }
    return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: Number.self))
  }

  mutating func byte() throws(Fault) -> UInt8 { try integer(UInt8.self) }
  /// Of columns.
  mutating func count() throws(Fault) -> Int { max(0, Int(try integer(Int16.self))) }
  mutating func int32() throws(Fault) -> Int { Int(try integer(Int32.self)) }
  mutating func uint32() throws(Fault) -> UInt32 { try integer(UInt32.self) }
  mutating func int64() throws(Fault) -> Int64 { try integer(Int64.self) }
  mutating func lsn() throws(Fault) -> LSN { LSN(try integer(UInt64.self)) }

  /// The next bytes, as a range of the message.
  mutating func range(_ count: Int) throws(Fault) -> Range<Int> {
    guard count >= 0, count <= bytes.count - at else { throw .truncated }
    defer { at += count }
    return at..<at + count
  }

  /// Up to the next zero byte, which is left behind.
  mutating func text() throws(Fault) -> String {
    var end = at
    while end < bytes.count, bytes[end] != 0 { end += 1 }
    guard end < bytes.count else { throw .truncated }
    guard let text = String(validating: bytes[at..<end], as: UTF8.self) else { throw .notUTF8 }
    at = end + 1
    return text
  }
}

/// Writes a message to the server.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  mutating func append(_ number: UInt64) {
    for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }
}
