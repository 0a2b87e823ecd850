import CChecksum
import ConnectorKit
import Records

/// One file of a log: a head of ``headBytes``, then frames. It is named after the address of its first byte.
///
/// Addresses count all bytes of all segments ever, heads included, so a place in a log is one number for good.
struct LogSegment: Equatable, Sendable {
  /// In bytes.
  static let headBytes = 64
  private static let magic: UInt64 = 0x676f_4c65_6361_526d
  private static let version: UInt32 = 1
  private static let ending = ".log"

  /// The address of its first byte.
  var base: UInt64
  /// The number of its first record.
  var firstSequence: UInt64
  /// When its first record came, in milliseconds since 1970.
  var time: Int64
  /// Which log it belongs to.
  var log: UInt64
  /// In bytes; for all but the last it is fixed, and behind the records of the last one zeros stand while it is written.
  var size: UInt64 = 0

  /// The address behind its last byte.
  var end: UInt64 { base + size }
  /// Where its first frame stands.
  var first: UInt64 { base + UInt64(Self.headBytes) }

  var name: String {
    let digits = "\(base)"
    return String(repeating: "0", count: 20 - digits.count) + digits + Self.ending
  }

  /// The address that a file's name says; nil where it is no segment.
  static func base(ofName name: String) -> UInt64? {
    guard name.utf8.count == 24, name.hasSuffix(ending) else { return nil }
    return UInt64(name.dropLast(ending.count))
  }
}

extension LogSegment {
  var head: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.headBytes)
    bytes.withUnsafeMutableBytes { head in
      head.setLittle(Self.magic, at: 0)
      head.setLittle(Self.version, at: 8)
      head.setLittle(base, at: 16)
      head.setLittle(firstSequence, at: 24)
      head.setLittle(UInt64(bitPattern: time), at: 32)
      head.setLittle(log, at: 40)
      head.setLittle(Self.checksum(UnsafeRawBufferPointer(head)), at: 12)
    }
    return bytes
  }

  /// nil where the bytes are not the head of a segment that begins at `base`.
  init?(head: [UInt8], base: UInt64, size: UInt64) {
    guard head.count == Self.headBytes else { return nil }
    let read = head.withUnsafeBytes { bytes -> LogSegment? in
      guard bytes.little(UInt64.self, at: 0) == Self.magic, bytes.little(UInt32.self, at: 8) == Self.version,
        bytes.little(UInt32.self, at: 12) == Self.checksum(bytes), bytes.little(UInt64.self, at: 16) == base
      else { return nil }
      return LogSegment(
        base: base, firstSequence: bytes.little(UInt64.self, at: 24),
        time: Int64(bitPattern: bytes.little(UInt64.self, at: 32)), log: bytes.little(UInt64.self, at: 40), size: size)
    }
    guard let read else { return nil }
    self = read
  }

  /// Of everything but the checksum's own place.
  private static func checksum(_ head: UnsafeRawBufferPointer) -> UInt32 {
    guard let start = head.baseAddress else { return 0 }
    return checksum_crc32c(checksum_crc32c(0, start, 12), start + 16, headBytes - 16)
  }
}
