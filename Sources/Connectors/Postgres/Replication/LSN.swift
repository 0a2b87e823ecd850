/// A place in a server's write-ahead log, in bytes from its begin.
struct LSN: Sendable, Hashable, Comparable {
  var rawValue: UInt64

  init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// `16/B374D848`, as the server writes it; nil where the text is none.
  init?(_ text: String) {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, let high = Self.half(halves[0]), let low = Self.half(halves[1]) else { return nil }
    rawValue = UInt64(high) << 32 | UInt64(low)
  }

  /// One to eight hexadecimal digits, without the sign that Swift's own reading would take.
  private static func half(_ digits: Substring) -> UInt32? {
    guard (1...8).contains(digits.utf8.count), digits.first != "+", digits.first != "-" else { return nil }
    return UInt32(digits, radix: 16)
  }

  /// What the protocol writes where there is none.
  static let zero = LSN(0)

  static func < (a: LSN, b: LSN) -> Bool { a.rawValue < b.rawValue }

  /// How many bytes of log lie between an earlier place and this one; 0 where it is none.
  func bytes(since earlier: LSN) -> UInt64 { self > earlier ? rawValue - earlier.rawValue : 0 }
}

extension LSN: CustomStringConvertible {
  var description: String {
    let high = String(rawValue >> 32, radix: 16, uppercase: true)
    return high + "/" + String(rawValue & 0xffff_ffff, radix: 16, uppercase: true)
  }
}
