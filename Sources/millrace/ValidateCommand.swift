import ArgumentParser
import ConnectorKit
import Pipelines
import Status

struct ValidateCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check pipeline files: offline, without secrets.",
    usage: "millrace validate <file or folder> ... [--format <format>] [<options>]",
    discussion: """
      Finds all problems of all files at once, each with its line and column, a stable code, and what to do. Exit code 2 \
      where there are errors.

      Example:
        millrace validate pipelines/
        millrace validate --format sarif pipelines/ >results.sarif
      """)

  @Argument(help: "Pipeline files, or folders of them.", completion: .file(extensions: ["yaml", "yml"]))
  var paths: [String]

  @Option(help: "How the problems are written.")
  var format: DiagnosticsFormat?

  @Flag(help: "Warnings count as errors.")
  var denyWarnings = false

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let result = PipelineFiles.read(paths)
    let format = self.format ?? (output.json ? .json : .text)
    let report = DiagnosticsReport(result).render(
      format, color: Environment.answerStyle.isColoured, codes: .all, version: Millrace.version)
    if !output.quiet || format != .text || !result.diagnostics.items.isEmpty { Output.write(report, to: 1) }
    let isWrong = result.diagnostics.hasErrors || denyWarnings && result.diagnostics.warnings > 0
    return isWrong ? .pipeline : .done
  }
}

extension DiagnosticsFormat: ExpressibleByArgument {}
