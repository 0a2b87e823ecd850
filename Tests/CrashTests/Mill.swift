import Foundation

/// One run of the program as a process of its own.
struct Mill {
  /// How a run ended.
  enum End: Equatable {
    case exited(Int32)
    case killed
  }

  /// Looks this often whether the moment to kill has come, in microseconds.
  private static let glance: UInt32 = 300
  /// A run that takes longer hangs.
  private static let patience: TimeInterval = 600

  private let process = Process()
  private let output: URL

  init(_ place: Workplace) throws {
    output = place.folder.appendingPathComponent("output.log")
    try Data().write(to: output)
    let log = try FileHandle(forWritingTo: output)
    process.executableURL = Settings.binary
    process.arguments = ["run", "--once", "--json", place.pipeline.path]
    process.environment = ProcessInfo.processInfo.environment.merging(["MILLRACE_STATE": place.state.path]) { $1 }
    process.standardOutput = log
    process.standardError = log
    try process.run()
  }

  /// Waits for the end, or for the moment to kill.
  func end(killWhen isMoment: () -> Bool = { false }) -> End {
    let begin = Date()
    while process.isRunning {
      if isMoment() || Date().timeIntervalSince(begin) > Self.patience {
        kill(process.processIdentifier, SIGKILL)
        break
      }
      usleep(Self.glance)
    }
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal ? .killed : .exited(process.terminationStatus)
  }

  /// What the program printed.
  var said: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
}
