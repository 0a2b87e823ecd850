import CScan

/// JSON's text escapes, both ways.
public enum JSONText {
  /// Appends the text behind a JSON string's escapes. The input was read by ``JSONReader``: every escape is whole, and
  /// surrogates come in pairs.
  public static func unescape(_ text: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
    var index = 0
    out.reserve(text.count)
    while index < text.count {
      let byte = text[index]
      if byte != UInt8(ascii: "\\") {
        out.append(byte)
        index += 1
        continue
      }
      index = unescapeOne(text, at: index + 1, into: &out)
    }
  }

  /// - Returns: the index behind the escape that begins behind its backslash at `index`.
  private static func unescapeOne(_ text: UnsafeRawBufferPointer, at index: Int, into out: inout ByteBuffer) -> Int {
    guard index < text.count else { return index }
    switch text[index] {
    case UInt8(ascii: "n"): out.append(0x0a)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "r"): out.append(0x0d)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0c)
    case UInt8(ascii: "u"): return unescapeUnicode(text, at: index + 1, into: &out)
    case let other: out.append(other)
    }
    return index + 1
  }

  private static func unescapeUnicode(_ text: UnsafeRawBufferPointer, at index: Int, into out: inout ByteBuffer) -> Int
  {
    guard let first = hex4(text, index) else { return index }
    var scalar = first
    var next = index + 4
    if (0xd800..<0xdc00).contains(first), let second = hex4(text, index + 6) {
      scalar = 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
      next = index + 10
    }
    appendScalar(scalar, to: &out)
    return next
  }

  private static func hex4(_ text: UnsafeRawBufferPointer, _ index: Int) -> UInt32? {
    guard index + 4 <= text.count else { return nil }
    var value: UInt32 = 0
    for place in index..<index + 4 {
      guard let digit = hexDigit(text[place]) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  @inline(__always)
  static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  public static func appendScalar(_ value: UInt32, to out: inout ByteBuffer) {
    let scalar = Unicode.Scalar(value) ?? "\u{fffd}"
    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { out.append(byte) }
  }

  /// Appends text as the inside of a JSON string, escaping what must be escaped and nothing else.
  public static func escape(_ text: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
    out.reserve(text.count + 16)
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""): out.append("\\\"")
      case UInt8(ascii: "\\"): out.append("\\\\")
      case 0x0a: out.append("\\n")
      case 0x0d: out.append("\\r")
      case 0x09: out.append("\\t")
      case 0..<0x20:
        out.append("\\u00")
        out.append(hexDigits[Int(byte >> 4)])
        out.append(hexDigits[Int(byte & 15)])
      default: out.append(byte)
      }
    }
  }

  /// Appends a text in quotes.
  public static func quote(_ text: String, into out: inout ByteBuffer) {
    var text = text
    text.withUTF8 { quote(UnsafeRawBufferPointer($0), into: &out) }
  }

  public static func quote(_ text: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
    out.append(UInt8(ascii: "\""))
    escape(text, into: &out)
    out.append(UInt8(ascii: "\""))
  }

  private static let hexDigits = Array("0123456789abcdef".utf8)

  /// Whether text can stand inside a JSON string as it is.
  public static func needsEscape(_ text: UnsafeRawBufferPointer) -> Bool {
    text.contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }
  }
}
