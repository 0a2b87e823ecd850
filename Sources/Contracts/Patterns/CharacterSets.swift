/// The sets behind ECMA-262's class escapes, as the inside of a class in RE2's syntax.
enum CharacterSets {
  typealias Ranges = [ClosedRange<UInt32>]

  private static let digits: Ranges = [0x30...0x39]
  private static let words: Ranges = [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a]
  /// WhiteSpace and LineTerminator of ECMA-262.
  private static let spaces: Ranges = [
    0x09...0x0d, 0x20...0x20, 0xa0...0xa0, 0x1680...0x1680, 0x2000...0x200a, 0x2028...0x2029, 0x202f...0x202f,
    0x205f...0x205f, 0x3000...0x3000, 0xfeff...0xfeff,
  ]

  /// The set of `\d` or its like, by its letter; nil for another letter.
  static func escape(_ letter: Unicode.Scalar) -> String? {
    switch letter {
    case "d": text(digits)
    case "D": complement(digits)
    case "w": text(words)
    case "W": complement(words)
    case "s": text(spaces)
    case "S": complement(spaces)
    default: nil
    }
  }

  static func text(_ ranges: Ranges) -> String { ranges.map(text).joined() }

  /// Everything else. Written out, because a class cannot stand inside a class.
  static func complement(_ ranges: Ranges) -> String {
    var result: Ranges = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= 0x10ffff { result.append(next...0x10ffff) }
    return text(result)
  }

  private static func text(_ range: ClosedRange<UInt32>) -> String {
    "\\x{\(String(range.lowerBound, radix: 16))}-\\x{\(String(range.upperBound, radix: 16))}"
  }
}
