/// URIs (RFC 3986), IRIs (RFC 3987) and URI templates (RFC 6570).
extension TextScan {
  mutating func uri(international: Bool, relative: Bool) -> Bool {
    let start = index
    let hasScheme = scheme()
    if !hasScheme {
      guard relative else { return false }
      back(to: start)
    }
    if next == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
      skip(2)
      guard authority(international) else { return false }
      guard isAtEnd || "/?#".utf8.contains(next) else { return false }
    } else if !hasScheme, firstSegmentHasColon() {
      return false
    }
    guard characters("/:@", international) else { return false }
    if take("?") { guard characters("/:@?", international, isQuery: true) else { return false } }
    if take("#") { guard characters("/:@?", international) else { return false } }
    return true
  }

  private mutating func scheme() -> Bool {
    guard next.isASCIILetter else { return false }
    _ = take { $0.isASCIILetter || $0.isASCIIDigit || "+-.".utf8.contains($0) }
    return take(":")
  }

  /// A relative reference whose first segment has a colon would be read as one with a scheme.
  private func firstSegmentHasColon() -> Bool {
    var distance = 0
    while true {
      switch peek(distance) {
      case UInt8(ascii: ":"): return true
      case 0, UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): return false
      default: distance += 1
      }
    }
  }

  private mutating func authority(_ international: Bool) -> Bool {
    let start = index
    guard characters(":", international) else { return false }
    if !take("@") { back(to: start) }
    if take("[") {
      guard literalAddress() else { return false }
    } else {
      guard characters("", international) else { return false }
    }
    if take(":") { _ = take(while: \.isASCIIDigit) }
    return true
  }

  private mutating func literalAddress() -> Bool {
    if take(letter: "v") {
      guard take(while: { $0.hexDigit != nil }) > 0, take(".") else { return false }
      let count = take { $0.isURIUnreserved || $0.isURISubDelimiter || $0 == UInt8(ascii: ":") }
      return count > 0 && take("]")
    }
    return ipv6() && take("]")
  }

  /// Takes unreserved characters, sub-delimiters, percent-encoded bytes and the `extra` ones; false where a percent sign
  /// is followed by something else.
  private mutating func characters(_ extra: String, _ international: Bool, isQuery: Bool = false) -> Bool {
    while !isAtEnd {
      if next == UInt8(ascii: "%") {
        guard percentEncoded() else { return false }
      } else if next.isURIUnreserved || next.isURISubDelimiter || extra.utf8.contains(next) {
        skip(1)
      } else if international, next >= 0x80 {
        guard isPrivate ? isQuery : !isNonCharacter else { return true }
        _ = takeWide()
      } else {
        return true
      }
    }
    return true
  }

  private mutating func percentEncoded() -> Bool {
    guard peek(1).hexDigit != nil, peek(2).hexDigit != nil else { return false }
    skip(3)
    return true
  }

  /// U+E000...U+F8FF and the planes 15 and 16, which RFC 3987 allows in queries alone.
  private var isPrivate: Bool {
    switch next {
    case 0xee: true
    case 0xef: peek(1) < 0xa4
    case 0xf3: peek(1) >= 0xb0
    case 0xf4: true
    default: false
    }
  }

  /// U+0080...U+009F and the code points ending in FFFE and FFFF.
  private var isNonCharacter: Bool {
    switch next {
    case 0xc2: peek(1) < 0xa0
    case 0xef: peek(1) == 0xbf && peek(2) >= 0xb0 || peek(1) == 0xb7 && (0x90...0xaf).contains(peek(2))
    default: next >= 0xf0 && peek(1) & 0x0f == 0x0f && peek(2) == 0xbf && peek(3) >= 0xbe
    }
  }

  mutating func uriTemplate() -> Bool {
    while !isAtEnd {
      switch next {
      case UInt8(ascii: "{"): guard templateExpression() else { return false }
      case UInt8(ascii: "%"): guard percentEncoded() else { return false }
      case 0x80...: _ = takeWide()
      case 0...0x20, 0x7f, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"),
        UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "}"):
        return false
      default: skip(1)
      }
    }
    return true
  }

  private mutating func templateExpression() -> Bool {
    skip(1)
    if !isAtEnd, "+#./;?&=,!@|".utf8.contains(next) { skip(1) }
    repeat { guard templateVariable() else { return false } } while take(",")
    return take("}")
  }

  private mutating func templateVariable() -> Bool {
    repeat {
      let start = index
      while !isAtEnd {
        if next == UInt8(ascii: "%") {
          guard percentEncoded() else { return false }
        } else if next.isASCIILetter || next.isASCIIDigit || next == UInt8(ascii: "_") {
          skip(1)
        } else {
          break
        }
      }
      guard index > start else { return false }
    } while take(".")
    if take(":") {
      let isZero = next == UInt8(ascii: "0")
      return (1...4).contains(take(while: \.isASCIIDigit)) && !isZero
    }
    _ = take("*")
    return true
  }
}

extension UInt8 {
  fileprivate var isURIUnreserved: Bool { isASCIILetter || isASCIIDigit || "-._~".utf8.contains(self) }
  fileprivate var isURISubDelimiter: Bool { "!$&'()*+,;=".utf8.contains(self) }
}
