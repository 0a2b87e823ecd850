/// RFC 4648's base64, the standard alphabet with padding.
public enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var group: UInt32 = 0
    var filled = 0
    for byte in bytes {
      group = group << 8 | UInt32(byte)
      filled += 1
      if filled == 3 {
        append(group, characters: 4, to: &text)
        (group, filled) = (0, 0)
      }
    }
    if filled > 0 { append(group << UInt32(8 * (3 - filled)), characters: filled + 1, to: &text) }
    return String(decoding: text, as: UTF8.self)
  }

  private static func append(_ group: UInt32, characters: Int, to text: inout [UInt8]) {
    for index in 0..<4 {
      let shift = UInt32(18 - 6 * index)
      text.append(index < characters ? alphabet[Int(group >> shift & 63)] : UInt8(ascii: "="))
    }
  }

  /// nil where the text is no base64. Padding may be left out, as many writers do; other characters may not stand in it.
  public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var digits = Array(text)
    while digits.last == UInt8(ascii: "=") && digits.count > text.count - 2 { digits.removeLast() }
    guard digits.count % 4 != 1, digits.count == text.count || text.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count * 3 / 4)
    var group: UInt32 = 0
    var bits = 0
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      group = group << 6 | value
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a") + 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0") + 52)
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
