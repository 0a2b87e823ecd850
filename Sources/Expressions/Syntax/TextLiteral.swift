/// Reads one string or bytes literal: quotes of one or three, raw or with escapes.
struct TextLiteral {
  let bytes: [UInt8]
  let start: Int
  let quote: UInt8
  let isTriple: Bool
  let isRaw: Bool
  let isBytes: Bool
  /// The byte that is read next; after ``read()`` the one behind the literal.
  private(set) var at: Int
  private var content: [UInt8] = []

  init(bytes: [UInt8], start: Int, quoteAt: Int, isRaw: Bool, isBytes: Bool) {
    self.bytes = bytes
    self.start = start
    self.isRaw = isRaw
    self.isBytes = isBytes
    quote = bytes[quoteAt]
    isTriple = quoteAt + 2 < bytes.count && bytes[quoteAt + 1] == quote && bytes[quoteAt + 2] == quote
    at = quoteAt + (isTriple ? 3 : 1)
  }

  mutating func read() throws(CompileProblem) -> [UInt8] {
    while !atClosingQuote {
      guard at < bytes.count else { throw problem("the text that starts here has no closing quote") }
      try readCharacter()
    }
    at += isTriple ? 3 : 1
    return content
  }

  private var atClosingQuote: Bool {
    guard at < bytes.count, bytes[at] == quote else { return false }
    return !isTriple || at + 2 < bytes.count && bytes[at + 1] == quote && bytes[at + 2] == quote
  }

  private mutating func readCharacter() throws(CompileProblem) {
    let byte = bytes[at]
    switch byte {
    case UInt8(ascii: "\\") where !isRaw:
      try readEscape()
    case 0x0A, 0x0D:
      guard isTriple else {
        throw problem("the text that starts here has no closing quote on its line", hint: "three quotes span lines")
      }
      // Line ends are a line feed, however the file writes them.
      at += byte == 0x0D && at + 1 < bytes.count && bytes[at + 1] == 0x0A ? 2 : 1
      content.append(0x0A)
    default:
      content.append(byte)
      at += 1
    }
  }

  private mutating func readEscape() throws(CompileProblem) {
    let escape = at
    guard at + 1 < bytes.count else { throw problem("the text that starts here has no closing quote") }
    let code = bytes[at + 1]
    at += 2
    switch code {
    case UInt8(ascii: "a"): content.append(0x07)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "v"): content.append(0x0B)
    case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
      content.append(code)
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      try append(digits(2, base: 16, escape), from: escape)
    case UInt8(ascii: "u") where !isBytes: try append(digits(4, base: 16, escape), from: escape)
    case UInt8(ascii: "U") where !isBytes: try append(digits(8, base: 16, escape), from: escape)
    case UInt8(ascii: "0")...UInt8(ascii: "3"):
      at -= 1
      try append(digits(3, base: 8, escape), from: escape)
    default:
      throw CompileProblem(
        .syntax, "there is no such escape", hint: "write \\\\ for a backslash, or a raw string r'…'", at: escape)
    }
  }

  private mutating func digits(_ count: Int, base: UInt32, _ escape: Int) throws(CompileProblem) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard at < bytes.count, let digit = hexValue(bytes[at]), digit < base else {
        throw CompileProblem(.syntax, "this escape needs \(count) digits of base \(base)", at: escape)
      }
      value = value &* base &+ digit
      at += 1
    }
    return value
  }

  /// A byte of a bytes literal, or a code point of a text.
  private mutating func append(_ code: UInt32, from escape: Int) throws(CompileProblem) {
    if isBytes { return content.append(UInt8(truncatingIfNeeded: code)) }
    guard let scalar = Unicode.Scalar(code) else {
      throw CompileProblem(.syntax, "U+\(String(code, radix: 16, uppercase: true)) is no character", at: escape)
    }
    content.append(contentsOf: Array(String(Character(scalar)).utf8))
  }

  private func problem(_ message: String, hint: String? = nil) -> CompileProblem {
    CompileProblem(.syntax, message, hint: hint, at: start)
  }
}
