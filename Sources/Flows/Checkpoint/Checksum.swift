/// FNV-1a, 64 bits: finds damage by accident. http://www.isthe.com/chongo/tech/comp/fnv/
enum Checksum {
  static func fnv1a64(_ text: some StringProtocol) -> UInt64 { fnv1a64(text.utf8) }

  static func fnv1a64(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}

extension UInt64 {
  /// Sixteen digits.
  var hex: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
