/// A regular expression of ECMA-262 with the `u` flag, translated to RE2's syntax.
///
/// Read as JavaScript reads it: `\d`, `\w` and `\b` are ASCII, `\s` has Unicode's spaces, `$` is the end of the text, `.`
/// is everything but the four line ends. An escape that the `u` flag forbids is allowed where it stands for itself and
/// is no letter (`\-`), because most schemas were tested without the flag.
struct ECMAPattern {
  enum Problem: Error, Equatable {
    /// No regular expression.
    case invalid(String)
    /// One that RE2 cannot match.
    case unsupported(String)
  }

  /// In RE2's syntax; where ``unsupported`` is set, something of the same shape.
  private(set) var translation = ""
  /// The first thing in it that cannot be matched in linear time.
  private(set) var unsupported: String?

  private let scalars: [Unicode.Scalar]
  private var index = 0
  /// The open groups: whether each may be repeated.
  private var groups: [Bool] = []
  /// Whether the last thing read may be repeated.
  private var isRepeatable = false

  init(_ text: String) throws(Problem) {
    scalars = Array(text.unicodeScalars)
    while index < scalars.count { try readOne() }
    guard groups.isEmpty else { throw .invalid("a '(' is not closed") }
  }

  /// Compiles the pattern for matching.
  func compiled() throws(Problem) -> LinearPattern {
    if let unsupported { throw .unsupported(unsupported) }
    return try LinearPattern(translation)
  }

  private mutating func readOne() throws(Problem) {
    let scalar = scalars[index]
    switch scalar {
    case "\\": try readEscape()
    case "(": try openGroup()
    case ")": try closeGroup()
    case "[": try readClass()
    case "*", "+", "?", "{": try readQuantifier()
    case "^", "$", "|": put(String(scalar), repeatable: false, taking: 1)
    case ".": put(#"[^\n\r\x{2028}\x{2029}]"#, repeatable: true, taking: 1)
    default: put(Self.literal(scalar), repeatable: true, taking: 1)
    }
  }

  private mutating func put(_ text: String, repeatable: Bool, taking count: Int) {
    translation += text
    isRepeatable = repeatable
    index += count
  }

  private mutating func note(unsupported name: String) {
    if unsupported == nil { unsupported = "\(name) cannot be matched in linear time" }
  }

  /// One character that stands for itself, also inside a class.
  static func literal(_ scalar: Unicode.Scalar) -> String {
    if scalar.isASCII, UInt8(scalar.value).isASCIILetter || UInt8(scalar.value).isASCIIDigit { return String(scalar) }
    return "\\x{\(String(scalar.value, radix: 16))}"
  }

  private func starts(_ text: String) -> Bool {
    scalars[index...].starts(with: text.unicodeScalars)
  }
}

// Groups and quantifiers.
extension ECMAPattern {
  private mutating func openGroup() throws(Problem) {
    for (opening, name) in [("(?=", "a lookahead"), ("(?!", "a negative lookahead")] where starts(opening) {
      note(unsupported: "\(name), \(opening)…),")
      return open("(?:", taking: 3, repeatable: false)
    }
    for (opening, name) in [("(?<=", "a lookbehind"), ("(?<!", "a negative lookbehind")] where starts(opening) {
      note(unsupported: "\(name), \(opening)…),")
      return open("(?:", taking: 4, repeatable: false)
    }
    if starts("(?:") { return open("(?:", taking: 3, repeatable: true) }
    if starts("(?<") { return try openNamedGroup() }
    if starts("(?") { throw .invalid("'(?' is followed by none of ':', '=', '!' and '<'") }
    open("(?:", taking: 1, repeatable: true)
  }

  private mutating func open(_ text: String, taking count: Int, repeatable: Bool) {
    groups.append(repeatable)
    put(text, repeatable: false, taking: count)
  }

  private mutating func openNamedGroup() throws(Problem) {
    guard let end = scalars[index...].firstIndex(of: ">"), end > index + 3 else {
      throw .invalid("a named group needs a name, (?<name>…)")
    }
    open("(?:", taking: end + 1 - index, repeatable: true)
  }

  private mutating func closeGroup() throws(Problem) {
    guard let repeatable = groups.popLast() else { throw .invalid("a ')' closes nothing") }
    put(")", repeatable: repeatable, taking: 1)
  }

  private mutating func readQuantifier() throws(Problem) {
    let first = scalars[index]
    var count = 1
    if first == "{" {
      guard let length = try countedLength() else { return put(#"\{"#, repeatable: true, taking: 1) }
      count = length
    }
    guard isRepeatable else { throw .invalid("there is nothing that '\(first)' could repeat") }
    if index + count < scalars.count, scalars[index + count] == "?" { count += 1 }
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars[index..<index + count])
    put(text, repeatable: false, taking: count)
  }

  /// The length of `{2}`, `{2,}` or `{2,5}`; nil where the brace stands for itself.
  private func countedLength() throws(Problem) -> Int? {
    guard let end = scalars[index...].firstIndex(of: "}") else { return nil }
    let parts = scalars[index + 1..<end].split(separator: ",", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), !parts[0].isEmpty,
      parts.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) } })
    else { return nil }
    let bounds = parts.map { Int(String(String.UnicodeScalarView($0))) ?? .max }
    if bounds.count == 2, !parts[1].isEmpty, bounds[0] > bounds[1] {
      throw .invalid("the numbers in braces are out of order")
    }
    return end + 1 - index
  }
}

// Escapes.
extension ECMAPattern {
  private mutating func readEscape() throws(Problem) {
    guard index + 1 < scalars.count else { throw .invalid("the text ends behind a '\\'") }
    let scalar = scalars[index + 1]
    switch scalar {
    case "b", "B": put("\\\(scalar)", repeatable: false, taking: 2)
    case "1"..."9", "k": try readBackreference()
    default:
      let set = try readSetEscape()
      if let set { return put("[\(set)]", repeatable: true, taking: 0) }
      put(Self.literal(try readCharacterEscape(inClass: false)), repeatable: true, taking: 0)
    }
  }

  private mutating func readBackreference() throws(Problem) {
    note(unsupported: "a backreference, \\\(scalars[index + 1]),")
    var end = index + 2
    if scalars[index + 1] == "k" {
      guard let close = scalars[index...].firstIndex(of: ">") else { throw .invalid("\\k needs a name, \\k<name>") }
      end = close + 1
    } else {
      while end < scalars.count, ("0"..."9").contains(scalars[end]) { end += 1 }
    }
    put("(?:)", repeatable: true, taking: end - index)
  }

  /// Reads `\d`, `\S`, `\p{L}` and their like as the inside of a class; nil where the escape is one character.
  fileprivate mutating func readSetEscape() throws(Problem) -> String? {
    let scalar = scalars[index + 1]
    if scalar == "p" || scalar == "P" { return try readProperty(isNegated: scalar == "P") }
    guard let set = CharacterSets.escape(scalar) else { return nil }
    index += 2
    return set
  }

  private mutating func readProperty(isNegated: Bool) throws(Problem) -> String {
    guard index + 2 < scalars.count, scalars[index + 2] == "{", let end = scalars[index...].firstIndex(of: "}") else {
      throw .invalid("\\p needs a property, \\p{Letter}")
    }
    let name = String(String.UnicodeScalarView(scalars[index + 3..<end]))
    index = end + 1
    switch UnicodeProperty(name) {
    case .re2(let short)?: return "\\\(isNegated ? "P" : "p"){\(short)}"
    case .ranges(let ranges)?: return isNegated ? CharacterSets.complement(ranges) : CharacterSets.text(ranges)
    case nil:
      if unsupported == nil { unsupported = "the property \\p{\(name)} is not known to the matcher" }
      return #"\x{0}"#
    }
  }

  /// Reads an escape that stands for one character.
  fileprivate mutating func readCharacterEscape(inClass: Bool) throws(Problem) -> Unicode.Scalar {
    let scalar = scalars[index + 1]
    index += 2
    switch scalar {
    case "t": return "\t"
    case "n": return "\n"
    case "v": return "\u{b}"
    case "f": return "\u{c}"
    case "r": return "\r"
    case "b" where inClass: return "\u{8}"
    case "c": return try readControl()
    case "x": return try readHex(2)
    case "u": return try readUnicode()
    case "0":
      guard index >= scalars.count || !("0"..."9").contains(scalars[index]) else {
        throw .invalid("\\0 is followed by a digit")
      }
      return "\0"
    default:
      if scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
        throw .invalid("\\\(scalar) is no escape of ECMA-262")
      }
      return scalar
    }
  }

  private mutating func readControl() throws(Problem) -> Unicode.Scalar {
    guard index < scalars.count, scalars[index].isASCII, UInt8(scalars[index].value).isASCIILetter else {
      throw .invalid("\\c needs a letter, \\cJ")
    }
    defer { index += 1 }
    return Unicode.Scalar(UInt8(scalars[index].value) & 31)
  }

  private mutating func readUnicode() throws(Problem) -> Unicode.Scalar {
    if index < scalars.count, scalars[index] == "{" {
      guard let end = scalars[index...].firstIndex(of: "}"),
        let value = UInt32(String(String.UnicodeScalarView(scalars[index + 1..<end])), radix: 16),
        let scalar = Unicode.Scalar(value)
      else { throw .invalid("\\u{…} needs a code point") }
      index = end + 1
      return scalar
    }
    let first = try hexNumber(4)
    guard (0xd800..<0xdc00).contains(first), starts("\\u") else { return try scalar(first) }
    index += 2
    let second = try hexNumber(4)
    guard (0xdc00..<0xe000).contains(second) else { throw .invalid("\\u is half of a surrogate pair") }
    return try scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
  }

  private mutating func readHex(_ count: Int) throws(Problem) -> Unicode.Scalar { try scalar(try hexNumber(count)) }

  private func scalar(_ value: UInt32) throws(Problem) -> Unicode.Scalar {
    guard let scalar = Unicode.Scalar(value) else { throw .invalid("\\u is half of a surrogate pair") }
    return scalar
  }

  private mutating func hexNumber(_ count: Int) throws(Problem) -> UInt32 {
    guard index + count <= scalars.count, scalars[index] != "+", scalars[index] != "-",
      let value = UInt32(String(String.UnicodeScalarView(scalars[index..<index + count])), radix: 16)
    else { throw .invalid("\\x and \\u need \(count) hexadecimal digits") }
    index += count
    return value
  }
}

// Classes.
extension ECMAPattern {
  private enum ClassItem {
    case character(Unicode.Scalar)
    case set(String)
  }

  private mutating func readClass() throws(Problem) {
    index += 1
    var isNegated = false
    if index < scalars.count, scalars[index] == "^" {
      isNegated = true
      index += 1
    }
    let inside = try readClassItems()
    // An empty class matches nothing, an empty negated one everything; RE2 has neither.
    let isEmpty = inside.isEmpty
    let body = isEmpty ? #"\x{0}-\x{10ffff}"# : inside
    put("[\(isNegated != isEmpty ? "^" : "")\(body)]", repeatable: true, taking: 0)
  }

  /// Reads up to and over the closing bracket.
  private mutating func readClassItems() throws(Problem) -> String {
    var text = ""
    while index < scalars.count, scalars[index] != "]" {
      let item = try readClassItem()
      guard case .character(let low) = item, index + 1 < scalars.count, scalars[index] == "-",
        scalars[index + 1] != "]"
      else {
        text += Self.text(item)
        continue
      }
      index += 1
      text += try range(from: low, to: try readClassItem())
    }
    guard index < scalars.count else { throw .invalid("a '[' is not closed") }
    index += 1
    return text
  }

  private func range(from low: Unicode.Scalar, to item: ClassItem) throws(Problem) -> String {
    switch item {
    case .character(let high):
      guard low <= high else { throw .invalid("a range in brackets is out of order") }
      return "\(Self.literal(low))-\(Self.literal(high))"
    // Without the `u` flag, `[a-\d]` has a hyphen of its own.
    case .set(let set): return Self.literal(low) + Self.literal("-") + set
    }
  }

  private mutating func readClassItem() throws(Problem) -> ClassItem {
    guard scalars[index] == "\\" else {
      index += 1
      return .character(scalars[index - 1])
    }
    guard index + 1 < scalars.count else { throw .invalid("the text ends behind a '\\'") }
    if let set = try readSetEscape() { return .set(set) }
    return .character(try readCharacterEscape(inClass: true))
  }

  private static func text(_ item: ClassItem) -> String {
    switch item {
    case .character(let scalar): literal(scalar)
    case .set(let set): set
    }
  }
}
