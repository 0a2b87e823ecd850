/// Reads a short text from its front, byte by byte.
struct TextScan {
  private let text: UnsafeRawBufferPointer
  private(set) var index = 0

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  var isAtEnd: Bool { index == text.count }

  /// The next byte; 0 at the end.
  var next: UInt8 { index < text.count ? text[index] : 0 }

  /// The byte that many places further; 0 behind the end.
  func peek(_ distance: Int) -> UInt8 { index + distance < text.count ? text[index + distance] : 0 }

  mutating func skip(_ count: Int) { index = min(index + count, text.count) }
  mutating func back(to place: Int) { index = place }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard !isAtEnd, UInt32(text[index]) == character.value else { return false }
    index += 1
    return true
  }

  /// Takes a letter of either case.
  mutating func take(letter: Unicode.Scalar) -> Bool {
    guard !isAtEnd, UInt32(text[index] | 0x20) == letter.value else { return false }
    index += 1
    return true
  }

  /// How many bytes were taken.
  mutating func take(while isWanted: (UInt8) -> Bool) -> Int {
    let start = index
    while index < text.count, isWanted(text[index]) { index += 1 }
    return index - start
  }

  /// The number that exactly `count` digits make.
  mutating func digits(_ count: Int) -> Int? {
    guard index + count <= text.count else { return nil }
    var number = 0
    for place in index..<index + count {
      guard text[place].isASCIIDigit else { return nil }
      number = number * 10 + Int(text[place] - UInt8(ascii: "0"))
    }
    index += count
    return number
  }

  /// Takes one character beyond ASCII.
  mutating func takeWide() -> Bool {
    guard next >= 0x80 else { return false }
    index += 1
    _ = take { $0 & 0xc0 == 0x80 }
    return true
  }
}
