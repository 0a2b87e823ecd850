import Records

/// The key of a request, made of what makes its rows the same when they come again: it is equal over retries, restarts
/// and machines. Written as a UUID (version 8), which is what servers take.
enum IdempotencyKey {
  static func id(pipeline: String, event: String, row: Int) -> (UInt64, UInt64) {
    id(of: "\(pipeline)\u{0}\(event)\u{0}\(row)")
  }

  /// Of several rows together, in their order.
  static func id(of ids: [(UInt64, UInt64)]) -> (UInt64, UInt64) {
    if ids.count == 1 { return ids[0] }
    return id(of: ids.map { text($0) }.joined(separator: "\u{0}"))
  }

  private static func id(of text: String) -> (UInt64, UInt64) {
    var text = text
    let hash = text.withUTF8 { Digest.sha256(UnsafeRawBufferPointer($0)) }
    func word(_ range: Range<Int>) -> UInt64 { hash[range].reduce(0) { $0 << 8 | UInt64($1) } }
    return (
      word(0..<8) & 0xffff_ffff_ffff_0fff | 0x8000, word(8..<16) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    )
  }

  static func text(_ id: (UInt64, UInt64)) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for nibble in 0..<32 {
      if [8, 12, 16, 20].contains(nibble) { text.append(UInt8(ascii: "-")) }
      let word = nibble < 16 ? id.0 : id.1
      text.append(Digest.digits[Int(word >> (60 - UInt64(nibble % 16) * 4) & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
