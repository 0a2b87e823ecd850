import Foundation

/// How hard the crash tests try, and with which binary; all of it can be set from outside.
enum Settings {
  /// How many times each test kills the program.
  static let kills = number("MILLRACE_CRASH_KILLS", or: 8)
  static let records = number("MILLRACE_CRASH_RECORDS", or: 200_000)
  /// The same seed gives the same plan of kills; where they land differs with the machine's load.
  static let seed = UInt64(number("MILLRACE_CRASH_SEED", or: 20_261_101))

  /// `MILLRACE_BINARY`, or the one that was built beside the tests.
  static let binary =
    environment["MILLRACE_BINARY"].map { URL(fileURLWithPath: $0) }
    ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appendingPathComponent("millrace")

  private static let environment = ProcessInfo.processInfo.environment

  private static func number(_ name: String, or standard: Int) -> Int {
    environment[name].flatMap { Int($0) } ?? standard
  }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
