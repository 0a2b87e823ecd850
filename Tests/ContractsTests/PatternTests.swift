import Testing

@testable import Contracts

/// Regular expressions as ECMA-262 reads them.
@Suite struct PatternTests {
  @Test(arguments: [
    (#"^\d+$"#, ["0123"], ["৪২", "12\n", ""]),
    (#"^\w$"#, ["a", "_"], ["é", ""]),
    (#"^\W$"#, ["é", "😀"], ["a", "_"]),
    (#"^\s$"#, [" ", "\t", "\u{b}", "\u{a0}", "\u{feff}", "\u{2028}", "\u{2003}"], ["\u{1}", "\u{2013}", "x"]),
    (#"^\S$"#, ["x", "\u{2013}"], [" ", "\u{a0}"]),
    (#"^[\S\d]$"#, ["x"], ["\u{2003}"]),
    (#"^\p{Letter}+$"#, ["Löwe", "π"], ["a1", ""]),
    (#"^\P{L}+$"#, ["12"], ["a"]),
    (#"^[\p{Script=Greek}\P{Lowercase_Letter}]$"#, ["π", "A"], ["a"]),
    (#"^\p{ASCII}$"#, ["a"], ["é"]),
    (#"^\cC$"#, ["\u{3}"], ["\\cC"]),
    (#"^\u00e9\x41\u{1F600}\uD83D\uDE00$"#, ["éA😀😀"], ["é"]),
    (#"^.$"#, ["é", "😀"], ["\n", "\u{2028}", "ab"]),
    (#"^(?<year>[0-9]{4})$"#, ["2026"], ["26"]),
    (#"^[^]$"#, ["\n", "a"], [""]),
    (#"[]"#, [], ["", "a"]),
    (#"^[a-\d.-]$"#, ["a", "-", "5", "."], ["b"]),
    (#"^\$\/\-\.$"#, ["$/-."], ["$/-x"]),
    (#"^a{,2}$"#, ["a{,2}"], ["aa"]),
    (#"^🐲*$"#, ["", "🐲🐲"], ["🐉"]),
    (#"[[:alpha:]]"#, ["a]"], ["b"]),
    (#"o"#, ["foo"], ["bar"]),
  ])
  func matches(_ pattern: String, _ right: [String], _ wrong: [String]) throws {
    let compiled = try ECMAPattern(pattern).compiled()
    for text in right { #expect(found(compiled, text), "\(pattern) in \(text)") }
    for text in wrong { #expect(!found(compiled, text), "\(pattern) in \(text)") }
  }

  private func found(_ pattern: LinearPattern, _ text: String) -> Bool {
    var text = text
    return text.withUTF8 { pattern.matches(UnsafeRawBufferPointer($0)) }
  }

  @Test(arguments: [
    ("(?=a)b", "a lookahead"), ("a(?!b)", "a negative lookahead"), ("(?<=a)b", "a lookbehind"),
    ("(?<!a)b", "a negative lookbehind"), (#"(a)\1"#, "a backreference"), (#"\p{Emoji}"#, "Emoji"),
    ("a{1,2000}", "2000"),
  ])
  func namesWhatCannotBeMatchedInLinearTime(_ pattern: String, _ name: String) throws {
    let problem = #expect(throws: ECMAPattern.Problem.self) { try ECMAPattern(pattern).compiled() }
    guard case .unsupported(let message)? = problem else { return #expect(Bool(false), "\(pattern)") }
    #expect(message.contains(name))
  }
}
