import Records
import Testing

@testable import Expressions

/// Whatever is written, the answer is a value or an error.
@Suite struct FuzzTests {
  /// Knuth's MMIX generator: the same expressions on every run.
  private struct Random {
    var state: UInt64
    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(bound, 1)
    }
  }

  private static let fragments = [
    "'", "\"", "'''", "r'", "b'", "\\", "(", ")", "[", "]", "{", "}", "?", ":", ".", "//", "\n", "`", "&&", "||", "!",
    "-",
    "in", "0x", "1e", "9223372036854775807", "-9223372036854775808", "18446744073709551615u", "0.0/0.0", "null", "é",
    "😀",
    "e\u{301}", "duration('-9223372036.854775808s')", "decimal('99999999999999999999999999999999999999')",
    "timestamp(253402300799)",
  ]

  private static func mutated(_ text: String, _ random: inout Random) -> String {
    var characters = Array(text.unicodeScalars)
    for _ in 0...random.below(3) {
      let place = random.below(characters.count + 1)
      switch random.below(3) {
      case 0: characters.insert(contentsOf: fragments[random.below(fragments.count)].unicodeScalars, at: place)
      case 1: characters.removeSubrange(place..<min(characters.count, place + random.below(4)))
      default:
        let other = Array(Functions.all[random.below(Functions.all.count)].examples[0].expression.unicodeScalars)
        characters.insert(contentsOf: other.prefix(random.below(other.count)), at: place)
      }
    }
    return String(String.UnicodeScalarView(characters))
  }

  @Test(arguments: [false, true])
  func aChangedExampleGivesAValueOrAnError(checked: Bool) {
    var random = Random(state: checked ? 1 : 2)
    let examples = (Functions.all + Macros.all).flatMap(\.examples).map(\.expression)
    for _ in 0..<1_500 {
      let expression = Self.mutated(examples[random.below(examples.count)], &random)
      let answer = EvalLines.answer(["id": 1, "expr": .string(expression), "disable_check": .bool(!checked)])
      #expect((answer["value"] == nil) != (answer["error"] == nil), "\(expression)")
    }
  }

  @Test(arguments: [
    "", "{", "[]", "null", "{}", #"{"id":1}"#, #"{"expr":1}"#, #"{"expr":"x","bindings":{"x":{"t":"odd"}}}"#,
    #"{"expr":"x","type_env":[{"name":"x","type":"list("}]}"#, #"{"expr":"x","type_env":[{}]}"#,
  ])
  func aRequestThatIsNotWellFormedIsAnswered(line: String) throws {
    #expect(try Value(json: EvalLines.answer(line))["error"] != nil)
  }
}
