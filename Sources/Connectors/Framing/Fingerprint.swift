import ConnectorKit
import Records

/// A few bytes' number and hash, to tell whether a file still is the one that was read or written before.
struct Fingerprint: Sendable, Equatable {
  /// How many bytes at the end of what was read, or of what was written, are looked at.
  static let tailBytes = 64
  /// How many bytes at the begin of a file are looked at.
  static let headBytes = 4_096

  var count: Int
  var hash: UInt64

  /// FNV-1a, 64 bits: it tells files apart that differ by accident, and need not withstand malice.
  init(_ bytes: some Collection<UInt8>) {
    count = bytes.count
    hash = bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  /// Of the last bytes, as far back as they stand in the file as they stand here: a framer replaces separators.
  init(tailOf bytes: UnsafeRawBufferPointer) {
    let tail = bytes.suffix(Self.tailBytes)
    let changed = tail.lastIndex(of: JSONRecordDecoder.arraySeparator)
    self.init(changed.map { tail[($0 + 1)...] } ?? tail)
  }

  /// `64:9f86d081884c7d65`, as it stands in a checkpoint.
  var text: String { "\(count):\(String(hash, radix: 16))" }

  init?(text: String?) {
    guard let parts = text?.split(separator: ":"), parts.count == 2, let count = Int(parts[0]),
      (0...Self.headBytes).contains(count), let hash = UInt64(parts[1], radix: 16)
    else { return nil }
    self.count = count
    self.hash = hash
  }
}

extension Fingerprint {
  /// Whether the `count` bytes of the file that end at `end` are the same.
  func matches(_ file: DurableFile, endingAt end: UInt64) throws(FileError) -> Bool {
    guard end >= UInt64(count) else { return false }
    return try Fingerprint(file.read(at: end - UInt64(count), count: count)) == self
  }
}
