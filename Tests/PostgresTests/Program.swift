import Foundation

/// The built program, run as a process.
struct Program {
  /// `MILLRACE_BINARY`, or the one that was built beside the tests.
  static let binary =
    ProcessInfo.processInfo.environment["MILLRACE_BINARY"].map { URL(fileURLWithPath: $0) }
    ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appendingPathComponent("millrace")

  static var isThere: Bool { FileManager.default.isExecutableFile(atPath: binary.path) }

  /// Looks this often whether the moment to kill has come, in microseconds.
  private static let glance: UInt32 = 2_000
  /// A run that takes longer hangs.
  private static let patience: TimeInterval = 900

  /// The exit code; nil where it was killed.
  private(set) var code: Int32?
  private(set) var said = ""
  /// The most resident memory, in bytes, as far as it was seen.
  private(set) var peakBytes = 0

  /// Runs it to its end, or until it is killed.
  ///
  /// - Parameter isMoment: whether to kill it now.
  init(
    _ arguments: [String], environment: [String: String] = [:], killWhen isMoment: () -> Bool = { false }
  ) throws {
    let process = Process()
    let output = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data().write(to: output)
    defer { try? FileManager.default.removeItem(at: output) }
    let log = try FileHandle(forWritingTo: output)
    process.executableURL = Self.binary
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = log
    process.standardError = log
    try process.run()
    let end = Date().addingTimeInterval(Self.patience)
    while process.isRunning {
      peakBytes = max(peakBytes, Self.peak(of: process.processIdentifier))
      if isMoment() || Date() > end { kill(process.processIdentifier, SIGKILL) }
      usleep(Self.glance)
    }
    process.waitUntilExit()
    code = process.terminationReason == .uncaughtSignal ? nil : process.terminationStatus
    said = try String(contentsOf: output, encoding: .utf8)
  }

  private static func peak(of process: Int32) -> Int {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }
}

/// A number from the environment.
func setting(_ name: String, or standard: Int) -> Int {
  ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
