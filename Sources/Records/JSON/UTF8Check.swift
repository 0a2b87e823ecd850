/// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
public enum UTF8Check {
  /// The length of the well-formed sequence at `p`, in bytes; 0 where there is none. Reads up to four bytes, which must
  /// be readable.
  @inline(__always)
  static func length(at p: UnsafePointer<UInt8>) -> Int {
    let first = p[0]
    if first < 0x80 { return 1 }
    if first < 0xc2 { return 0 }
    if first < 0xe0 { return isTail(p[1]) ? 2 : 0 }
    if first < 0xf0 {
      guard isTail(p[1]), isTail(p[2]) else { return 0 }
      if first == 0xe0 && p[1] < 0xa0 { return 0 }
      if first == 0xed && p[1] >= 0xa0 { return 0 }
      return 3
    }
    guard first < 0xf5, isTail(p[1]), isTail(p[2]), isTail(p[3]) else { return 0 }
    if first == 0xf0 && p[1] < 0x90 { return 0 }
    if first == 0xf4 && p[1] >= 0x90 { return 0 }
    return 4
  }

  @inline(__always)
  private static func isTail(_ byte: UInt8) -> Bool { byte & 0xc0 == 0x80 }

  /// The place of the first byte that is not UTF-8; nil where all is well.
  public static func firstInvalid(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var index = 0
    let count = bytes.count
    while index < count {
      if index + 8 <= count, bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
        index += 8
        continue
      }
      let length = sequenceLength(bytes, index)
      guard length > 0 else { return index }
      index += length
    }
    return nil
  }

  private static func sequenceLength(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int {
    // Four bytes of its own, so that a sequence cut off by the end reads zeros and is refused.
    var four: (UInt8, UInt8, UInt8, UInt8) = (bytes[index], 0, 0, 0)
    if index + 1 < bytes.count { four.1 = bytes[index + 1] }
    if index + 2 < bytes.count { four.2 = bytes[index + 2] }
    if index + 3 < bytes.count { four.3 = bytes[index + 3] }
    return withUnsafeBytes(of: &four) { raw in
      guard let base = raw.baseAddress else { return 0 }
      return length(at: base.assumingMemoryBound(to: UInt8.self))
    }
  }
}
