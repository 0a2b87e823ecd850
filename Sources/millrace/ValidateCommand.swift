import ArgumentParser
import ConnectorKit
import Pipelines
import Status

struct ValidateCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check pipeline files: offline, without secrets; or against the systems that they name.",
    usage: "millrace validate <file or folder> ... [--connect] [<options>]",
    discussion: """
      Finds all problems of all files at once, each with its line and column, a stable code, and what to do. Exit code 2 \
      where there are errors, and 3 where only the live systems do not fit.

      Example:
        millrace validate pipelines/
        millrace validate --connect products.yaml
        millrace validate --format sarif pipelines/ >results.sarif
      """)

  @Argument(help: "Pipeline files, or folders of them.", completion: .file(extensions: ["yaml", "yml"]))
  var paths: [String]

  @Option(help: "How the problems are written.")
  var format: DiagnosticsFormat?

  @Flag(help: "Also look at the source and the target: tables, columns, types, keys, permissions. Changes nothing.")
  var connect = false

  @Flag(help: "Warnings count as errors.")
  var denyWarnings = false

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    var result = PipelineFiles.read(paths)
    let isWrong = result.diagnostics.hasErrors
    if connect {
      for plan in result.plans {
        for found in await LiveCheck(plan: plan).diagnostics() { result.diagnostics.add(found) }
      }
    }
    let format = self.format ?? (output.json ? .json : .text)
    let report = DiagnosticsReport(result).render(
      format, color: Environment.answerStyle.isColoured, codes: .all, version: Millrace.version)
    if !output.quiet || format != .text || !result.diagnostics.items.isEmpty { Output.write(report, to: 1) }
    let isRefused = isWrong || denyWarnings && result.diagnostics.warnings > 0
    if isRefused { return .pipeline }
    return result.diagnostics.hasErrors ? .surroundings : .done
  }
}

extension DiagnosticsFormat: ExpressibleByArgument {}
