/// Cuts the text of an expression into tokens, after the lexis of the CEL language definition.
struct Lexer {
  private let bytes: [UInt8]
  private var at = 0

  static func tokens(of source: SourceText) throws(CompileProblem) -> [Token] {
    var lexer = Lexer(bytes: source.bytes)
    var tokens: [Token] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func next() throws(CompileProblem) -> Token {
    skipSpace()
    let start = at
    let kind = try scan()
    return Token(kind: kind, range: start..<at)
  }

  private mutating func scan() throws(CompileProblem) -> Token.Kind {
    guard let byte = peek() else { return .end }
    if let literal = try scanText(byte) { return literal }
    if isLetter(byte) { return word() }
    if isDigit(byte) || byte == UInt8(ascii: ".") && isDigit(peek(1) ?? 0) { return number() }
    if byte == UInt8(ascii: "`") { return try quotedField() }
    return try symbol(byte)
  }

  private func peek(_ ahead: Int = 0) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }

  private mutating func skipSpace() {
    while let byte = peek() {
      if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
        while let byte = peek(), byte != UInt8(ascii: "\n") { at += 1 }
      } else if byte == 0x20 || (0x09...0x0D).contains(byte) && byte != 0x0B {
        at += 1
      } else {
        return
      }
    }
  }

  private mutating func word() -> Token.Kind {
    let start = at
    while let byte = peek(), isLetter(byte) || isDigit(byte) { at += 1 }
    let word = text(start..<at)
    return word == "in" ? .symbol(.in) : .identifier(word)
  }

  private mutating func number() -> Token.Kind {
    let start = at
    if peek() == UInt8(ascii: "0"), peek(1) == UInt8(ascii: "x"), let digit = peek(2), hexValue(digit) != nil {
      at += 2
      while let byte = peek(), hexValue(byte) != nil { at += 1 }
      return integer(from: start)
    }
    skipDigits()
    var isDouble = false
    if peek() == UInt8(ascii: "."), isDigit(peek(1) ?? 0) {
      at += 1
      skipDigits()
      isDouble = true
    }
    if skipExponent() { isDouble = true }
    return isDouble ? .double(text(start..<at)) : integer(from: start)
  }

  private mutating func integer(from start: Int) -> Token.Kind {
    let digits = text(start..<at)
    guard peek() == UInt8(ascii: "u") || peek() == UInt8(ascii: "U") else { return .int(digits) }
    at += 1
    return .uint(digits)
  }

  private mutating func skipDigits() {
    while let byte = peek(), isDigit(byte) { at += 1 }
  }

  private mutating func skipExponent() -> Bool {
    guard let e = peek(), e | 0x20 == UInt8(ascii: "e") else { return false }
    let signed = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
    guard isDigit(peek(signed ? 2 : 1) ?? 0) else { return false }
    at += signed ? 2 : 1
    skipDigits()
    return true
  }

  private mutating func quotedField() throws(CompileProblem) -> Token.Kind {
    let start = at
    at += 1
    while let byte = peek(), isLetter(byte) || isDigit(byte) || [0x2E, 0x2D, 0x2F, 0x20].contains(byte) { at += 1 }
    guard peek() == UInt8(ascii: "`"), at > start + 1 else {
      throw CompileProblem(
        .syntax, "a field name in backticks holds letters, digits and _ . - / and spaces, and ends with a backtick",
        at: start)
    }
    at += 1
    return .quoted(text(start + 1..<at - 1))
  }

  private mutating func symbol(_ byte: UInt8) throws(CompileProblem) -> Token.Kind {
    for count in [2, 1] where at + count <= bytes.count {
      guard let symbol = Symbol(rawValue: text(at..<at + count)) else { continue }
      at += count
      return .symbol(symbol)
    }
    throw CompileProblem(.syntax, "\(character()) has no meaning here", hint: mend(byte), at: at)
  }

  private func character() -> String {
    let rest = String(decoding: bytes[at..<min(at + 4, bytes.count)], as: UTF8.self)
    return rest.unicodeScalars.first.map { "`\($0)`" } ?? "this byte"
  }

  private func mend(_ byte: UInt8) -> String? {
    switch byte {
    case UInt8(ascii: "="): "write == to compare"
    case UInt8(ascii: "&"): "write && for and"
    case UInt8(ascii: "|"): "write || for or"
    case UInt8(ascii: "#"): "a comment starts with //"
    case UInt8(ascii: "$"): "a field is written record.name, without $"
    case UInt8(ascii: "@"): "a field is written record.name, without @"
    case UInt8(ascii: ";"): "an expression is one value, without ; at its end"
    case 0xE2: "quote text with ' or \""
    default: nil
    }
  }

  /// A string or bytes literal, if one starts here.
  private mutating func scanText(_ first: UInt8) throws(CompileProblem) -> Token.Kind? {
    var prefix = 0
    var isRaw = false
    var isBytes = false
    while let byte = peek(prefix), prefix < 2 {
      if byte | 0x20 == UInt8(ascii: "r"), !isRaw {
        isRaw = true
      } else if byte | 0x20 == UInt8(ascii: "b"), prefix == 0 {
        isBytes = true
      } else {
        break
      }
      prefix += 1
    }
    guard let quote = peek(prefix), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
    var literal = TextLiteral(bytes: bytes, start: at, quoteAt: at + prefix, isRaw: isRaw, isBytes: isBytes)
    let content = try literal.read()
    at = literal.at
    return isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self))
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") }
func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

func hexValue(_ byte: UInt8) -> UInt32? {
  switch byte {
  case 0x30...0x39: UInt32(byte - 0x30)
  case 0x41...0x46: UInt32(byte - 0x37)
  case 0x61...0x66: UInt32(byte - 0x57)
  default: nil
  }
}
