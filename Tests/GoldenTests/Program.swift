import Foundation
import Testing

/// The built program, run as a person runs it, in a folder of its own that is gone with this value.
final class Program {
  struct Answer {
    var code: Int32
    var out: String
    var err: String
  }

  /// A run that takes longer hangs, in seconds.
  private static let patience: TimeInterval = 60

  /// `MILLRACE_BINARY`, or the one that was built beside the tests.
  private static let binary =
    ProcessInfo.processInfo.environment["MILLRACE_BINARY"].map { URL(fileURLWithPath: $0) }
    ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appendingPathComponent("millrace")

  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-golden-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func write(_ text: String, to name: String) throws {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: false, encoding: .utf8)
  }

  func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
  }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
  }

  /// Runs it to its end.
  func callAsFunction(_ arguments: String..., environment: [String: String] = [:]) throws -> Answer {
    let run = try start(arguments, environment: environment)
    return run.end()
  }

  func start(_ arguments: [String], environment: [String: String] = [:], input: Pipe? = nil) throws -> Run {
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ["PATH": "/usr/bin:/bin", "TERM": "xterm"].merging(environment) { $1 }
    return try Run(process, self, input)
  }

  /// A run that is under way. Its output goes to files, so that no pipe fills.
  final class Run {
    let process: Process
    /// Its folder stays as long as the run is looked at.
    private let program: Program
    private let out: URL
    private let err: URL

    init(_ process: Process, _ program: Program, _ input: Pipe?) throws {
      self.process = process
      self.program = program
      let folder = program.folder
      out = folder.appendingPathComponent(".out-\(UUID().uuidString)")
      err = folder.appendingPathComponent(".err-\(UUID().uuidString)")
      for file in [out, err] { try Data().write(to: file) }
      process.standardOutput = try FileHandle(forWritingTo: out)
      process.standardError = try FileHandle(forWritingTo: err)
      process.standardInput = input ?? FileHandle.nullDevice
      try process.run()
    }

    /// Standard error and output up to now.
    var said: String { (try? String(contentsOf: err, encoding: .utf8)) ?? "" }
    var answered: String { (try? String(contentsOf: out, encoding: .utf8)) ?? "" }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits until it has said something.
    func wait(for text: String, in output: KeyPath<Run, String> = \.said) throws {
      let begin = Date()
      while !self[keyPath: output].contains(text) {
        try #require(
          process.isRunning && Date().timeIntervalSince(begin) < patience,
          "never said \(text): \(self[keyPath: output])")
        usleep(2_000)
      }
    }

    func end() -> Answer {
      let begin = Date()
      while process.isRunning, Date().timeIntervalSince(begin) < patience { usleep(1_000) }
      if process.isRunning { send(SIGKILL) }
      process.waitUntilExit()
      let code = process.terminationStatus
      return Answer(
        code: process.terminationReason == .uncaughtSignal ? -code : code,
        out: answered, err: said)
    }
  }
}
