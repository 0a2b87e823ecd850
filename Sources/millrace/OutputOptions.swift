import ArgumentParser
import Status

/// What every command takes.
struct OutputOptions: ParsableArguments {
  @Flag(help: "A machine-readable answer on standard output.")
  var json = false

  @Flag(name: [.short, .long], help: "No progress, no summary: nothing but problems.")
  var quiet = false

  @Option(help: "The least important log lines to show.")
  var logLevel = LogLevel.info

  @Option(help: "How log lines are written.")
  var logFormat = LogLine.Format.text

  /// What is logged: quiet means problems, unless the level says otherwise.
  var level: LogLevel { quiet ? max(logLevel, .warning) : logLevel }

  /// What tells people how runs go on.
  func reporter(_ console: Console) -> Reporter {
    Reporter(console, level: level, format: logFormat, showsProgress: !quiet)
  }
}

extension LogLevel: ExpressibleByArgument {}
extension LogLine.Format: ExpressibleByArgument {}
