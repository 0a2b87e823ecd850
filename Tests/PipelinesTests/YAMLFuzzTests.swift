import ConnectorKit
import Pipelines
import Records
import Testing

/// Mutated files end with a plan or with diagnostics that have a place and a known code: never with a trap or a hang.
@Suite struct YAMLFuzzTests {
  private static let seeds = BadFiles.groups.flatMap(\.cases).map(\.1) + [PlanTests.full]
  private static let pieces = [
    ":", " ", "\n", "  ", "- ", "{", "}", "[", "]", "\"", "'", "#", "&a", "*a", "!t", "|", ">", "%", "@", "${", "}",
    "$",
    "<<: ", "\t", "\r", "\u{85}", "\u{2028}", "\u{0}", "\u{feff}", "\u{fffd}", "---\n", "...\n", "? ", "~", "1e999",
    "9999999999999999999999", "-", ".inf", "0x", "é", "\u{1f600}", "record.a", "all", "drop", "\\",
  ]

  @Test(arguments: 0..<20) func mutatedFiles(seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    let book = CodeBook.settings + CodeBook.pipelines
    for _ in 0..<50 {
      let bytes = mutate(&random)
      let result = PipelineReader.read(file: "f.yaml", bytes: bytes, catalog: catalog)
      #expect(result.diagnostics.hasErrors == result.plans.isEmpty)
      for item in result.diagnostics.items {
        #expect(item.place.line >= 1 && item.place.column >= 1)
        #expect(item.code.hasPrefix("expression.") || item.code.hasPrefix("unit.") || book[item.code] != nil)
      }
      for format in DiagnosticsFormat.allCases { _ = DiagnosticsReport(result).render(format) }
      for plan in result.plans { _ = try? plan.resolved(with: SecretSource { $0 }) }
    }
  }

  private func mutate(_ random: inout SplitMix) -> [UInt8] {
    var bytes = Array(Self.seeds[random.below(Self.seeds.count)].utf8)
    for _ in 0...random.below(6) {
      let at = random.below(bytes.count + 1)
      switch random.below(5) {
      case 0: bytes.insert(contentsOf: Self.pieces[random.below(Self.pieces.count)].utf8, at: at)
      case 1: bytes.removeSubrange(at..<min(bytes.count, at + random.below(12)))
      case 2 where at < bytes.count: bytes[at] = UInt8(truncatingIfNeeded: random.next())
      case 3: bytes.removeSubrange(at...)
      default: bytes.insert(contentsOf: bytes.prefix(random.below(80)), at: at)
      }
    }
    return bytes
  }
}

/// SplitMix64: a seed gives the same numbers everywhere.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(next() % UInt64(bound)) : 0 }
}
