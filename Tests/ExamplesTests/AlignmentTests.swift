import Testing

@testable import Examples

@Suite struct AlignmentTests {
  private func pairs(_ expected: String, _ got: String) -> String {
    let (expected, got) = (Array(expected), Array(got))
    return Alignment.pairs(expected.count, got.count) { expected[$0] == got[$1] ? 5 : expected[$0].isUppercase ? 1 : 0 }
      .map { pair in
        let left = pair.expected.map { String(expected[$0]) } ?? "-"
        return left + (pair.got.map { String(got[$0]) } ?? "-")
      }.joined(separator: " ")
  }

  @Test(arguments: [
    ("", "", ""), ("abc", "abc", "aa bb cc"), ("abc", "ac", "aa b- cc"), ("ac", "abc", "aa -b cc"),
    ("abc", "bcd", "a- bb cc -d"), ("", "ab", "-a -b"), ("ab", "", "a- b-"), ("aB", "ac", "aa Bc"),
  ])
  func `one that is missing shifts no other`(expected: String, got: String, shown: String) {
    #expect(pairs(expected, got) == shown)
  }
}
