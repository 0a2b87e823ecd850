import CScan

/// The small pieces of JSON: numbers, words, escapes. A byte that stands in none of them ends every scan, so the text
/// needs a zero or a control character behind it and no bound is checked.
enum JSONLexer {
  typealias Place = UnsafePointer<UInt8>

  /// Moves over a number; nil where it is none.
  @inline(__always)
  static func number(_ p: inout Place) -> Node.Kind? {
    var kind = Node.Kind.integer
    if p.pointee == UInt8(ascii: "-") { p += 1 }
    if p.pointee == UInt8(ascii: "0") {
      p += 1
    } else {
      guard digits(&p) else { return nil }
    }
    if p.pointee == UInt8(ascii: ".") {
      kind = .number
      p += 1
      guard digits(&p) else { return nil }
    }
    if p.pointee | 0x20 == UInt8(ascii: "e") {
      kind = .number
      p += 1
      if p.pointee == UInt8(ascii: "+") || p.pointee == UInt8(ascii: "-") { p += 1 }
      guard digits(&p) else { return nil }
    }
    return kind
  }

  /// Moves over digits; false where there is none.
  @inline(__always)
  private static func digits(_ p: inout Place) -> Bool {
    let count = scan_digits(p)
    p += Int(count)
    if count == 16 { moreDigits(&p) }
    return count > 0
  }

  @inline(never)
  private static func moreDigits(_ p: inout Place) {
    while p.pointee &- UInt8(ascii: "0") < 10 { p += 1 }
  }

  /// Moves over `true`, `false` or `null`; nil where there is none of them.
  @inline(__always)
  static func word(_ p: inout Place) -> Node.Kind? {
    switch UnsafeRawPointer(p).loadUnaligned(as: UInt32.self).littleEndian {
    case 0x6575_7274:
      p += 4
      return .true
    case 0x6c6c_756e:
      p += 4
      return .null
    case 0x736c_6166 where p[4] == UInt8(ascii: "e"):
      p += 5
      return .false
    default: return nil
    }
  }

  /// Moves over the escape that begins with the backslash at `p`.
  static func escape(_ p: inout Place, _ flags: inout Node.Flags, end: Place) -> JSONProblem.Reason? {
    flags.insert(.escaped)
    switch p[1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      p += 2
      return nil
    case UInt8(ascii: "u"):
      return unicodeEscape(&p, &flags)
    default:
      return p + 1 == end ? .unterminated : .escape
    }
  }

  private static func unicodeEscape(_ p: inout Place, _ flags: inout Node.Flags) -> JSONProblem.Reason? {
    guard let first = hex4(p + 2) else { return .escape }
    if first >= 0x80 { flags.insert(.wide) }
    guard (0xd800..<0xe000).contains(first) else {
      p += 6
      return nil
    }
    guard first < 0xdc00, p[6] == UInt8(ascii: "\\"), p[7] == UInt8(ascii: "u"), let second = hex4(p + 8),
      (0xdc00..<0xe000).contains(second)
    else { return .surrogate }
    p += 12
    return nil
  }

  private static func hex4(_ p: Place) -> UInt32? {
    var value: UInt32 = 0
    for index in 0..<4 {
      guard let digit = JSONText.hexDigit(p[index]) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
