/// Names of hosts, mailboxes and things.
extension TextScan {
  /// 8-4-4-4-12 hexadecimal digits (RFC 4122).
  mutating func uuid() -> Bool {
    for (place, length) in [8, 4, 4, 4, 12].enumerated() {
      guard place == 0 || take("-") else { return false }
      for _ in 0..<length {
        guard next.hexDigit != nil else { return false }
        skip(1)
      }
    }
    return true
  }

  /// Four numbers without leading zeros (RFC 2673, section 3.2).
  mutating func ipv4() -> Bool {
    for place in 0..<4 {
      guard place == 0 || take("."), octet() else { return false }
    }
    return true
  }

  private mutating func octet() -> Bool {
    var number = 0
    let isZero = next == UInt8(ascii: "0")
    var count = 0
    while next.isASCIIDigit, count < 4 {
      number = number * 10 + Int(next - UInt8(ascii: "0"))
      count += 1
      skip(1)
    }
    return count > 0 && number < 256 && (count == 1 || !isZero)
  }

  /// Eight groups, or fewer with one `::`; the last two may be an IPv4 address (RFC 4291, section 2.2).
  mutating func ipv6() -> Bool {
    var groups = 0
    var isShortened = false
    if next == UInt8(ascii: ":") {
      guard peek(1) == UInt8(ascii: ":") else { return false }
      skip(2)
      isShortened = true
    }
    while next.hexDigit != nil {
      let start = index
      let length = take { $0.hexDigit != nil }
      if next == UInt8(ascii: ".") {
        back(to: start)
        return ipv4() && (isShortened ? groups + 2 < 8 : groups + 2 == 8)
      }
      groups += 1
      guard length <= 4, groups <= 8 else { return false }
      guard next == UInt8(ascii: ":") else { break }
      if peek(1) == UInt8(ascii: ":") {
        guard !isShortened else { return false }
        isShortened = true
        skip(2)
      } else {
        guard peek(1).hexDigit != nil else { return false }
        skip(1)
      }
    }
    return isShortened ? groups < 8 : groups == 8
  }

  /// Labels of letters, digits and inner hyphens, up to 63 each and 253 together (RFC 1123, section 2.1).
  mutating func hostname() -> Bool {
    let start = index
    repeat { guard label(international: false) else { return false } } while take(".")
    return index - start <= 253
  }

  private mutating func label(international: Bool) -> Bool {
    let start = index
    guard next != UInt8(ascii: "-") else { return false }
    var isHyphenLast = false
    while next.isASCIILetter || next.isASCIIDigit || next == UInt8(ascii: "-") || (international && next >= 0x80) {
      isHyphenLast = next == UInt8(ascii: "-")
      skip(1)
    }
    return index > start && index - start <= 63 && !isHyphenLast
  }

  /// A mailbox of RFC 5321, section 4.1.2; with `international`, of RFC 6531.
  mutating func mailbox(international: Bool) -> Bool {
    let local = next == UInt8(ascii: "\"") ? quotedText(international) : dotText(international)
    guard local, take("@") else { return false }
    if take("[") { return addressLiteral() }
    repeat { guard label(international: international) else { return false } } while take(".")
    return true
  }

  private mutating func dotText(_ international: Bool) -> Bool {
    repeat {
      let count = take {
        $0.isASCIILetter || $0.isASCIIDigit || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) || (international && $0 >= 0x80)
      }
      guard count > 0 else { return false }
    } while take(".")
    return true
  }

  private mutating func quotedText(_ international: Bool) -> Bool {
    skip(1)
    while !isAtEnd, next != UInt8(ascii: "\"") {
      if next == UInt8(ascii: "\\") { skip(1) }
      guard (0x20..<0x7f).contains(next) || (international && next >= 0x80) else { return false }
      skip(1)
    }
    return take("\"")
  }

  /// The inside of `[127.0.0.1]` or `[IPv6:::1]`, and its closing bracket.
  private mutating func addressLiteral() -> Bool {
    if take(letter: "i") {
      guard take(letter: "p"), take(letter: "v"), take("6"), take(":") else { return false }
      return ipv6() && take("]")
    }
    return ipv4() && take("]")
  }
}

/// JSON pointers.
extension TextScan {
  /// RFC 6901, section 3.
  mutating func jsonPointer() -> Bool {
    guard !isAtEnd else { return true }
    guard next == UInt8(ascii: "/") else { return false }
    while !isAtEnd {
      if take("~") { guard next == UInt8(ascii: "0") || next == UInt8(ascii: "1") else { return false } }
      skip(1)
    }
    return true
  }

  /// A count of levels without leading zeros, then `#` or a pointer.
  mutating func relativeJSONPointer() -> Bool {
    let isZero = next == UInt8(ascii: "0")
    let count = take(while: \.isASCIIDigit)
    guard count > 0, count == 1 || !isZero else { return false }
    return take("#") ? isAtEnd : jsonPointer()
  }
}
