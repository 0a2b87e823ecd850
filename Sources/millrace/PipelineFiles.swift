import ArgumentParser
import ConnectorKit
import Connectors
import Glibc
import Pipelines
import Status

/// The one pipeline that a command is about.
struct PipelineArgument: ParsableArguments {
  @Argument(help: "The pipeline file.", completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  /// What is wrong with it is told on standard error, warnings too.
  func plan() throws(Failure) -> Plan { try PipelineFiles.one(file) }
}

/// From the paths of the command line to plans.
enum PipelineFiles {
  static func read(_ paths: [String]) -> PipelineReader.Result {
    PipelineReader.read(
      paths: paths, catalog: .standard, environment: PlanEnvironment(stateFolder: Environment.stateFolder))
  }

  /// The plan of one file. What is wrong with it is told on standard error, warnings too.
  static func one(_ path: String) throws(Failure) -> Plan {
    let result = read([path])
    tell(result)
    guard !result.diagnostics.hasErrors, let plan = result.plans.first else { throw wrong(result) }
    guard result.plans.count == 1 else {
      throw Failure(
        nil, "\(path) holds \(result.plans.count) pipelines; this command takes one.", hint: "Name one file.",
        exit: .usage)
    }
    return plan
  }

  static func tell(_ result: PipelineReader.Result) {
    guard !result.diagnostics.items.isEmpty else { return }
    let color = Environment.isTerminal && Environment.wantsColour
    Output.write(DiagnosticsReport(result).render(.text, color: color), to: STDERR_FILENO)
  }

  static func wrong(_ result: PipelineReader.Result) -> Failure {
    let first = result.diagnostics.sorted.first { $0.severity == .error }
    var failure = Failure(
      first?.code, "\(Quantity.count(UInt64(result.diagnostics.errors), "error")) in the pipeline file.",
      exit: .pipeline)
    failure.isTold = true
    return failure
  }
}
