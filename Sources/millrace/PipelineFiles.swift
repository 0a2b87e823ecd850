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
  ///
  /// - Parameter ends: whether the command ends also where the source goes on.
  func plan(ends: Bool = false) throws(Failure) -> Plan { try PipelineFiles.one(file, ends: ends) }
}

/// From the paths of the command line to plans.
enum PipelineFiles {
  static func read(_ paths: [String]) -> PipelineReader.Result {
    PipelineReader.read(
      paths: paths, catalog: .standard, environment: PlanEnvironment(stateFolder: Environment.stateFolder))
  }

  /// The plan of one file. What is wrong with it is told on standard error, warnings too.
  static func one(_ path: String, ends: Bool = false) throws(Failure) -> Plan {
    let result = read([path])
    tell(result, ends: ends)
    guard !result.diagnostics.hasErrors, let plan = result.plans.first else { throw wrong(result) }
    guard result.plans.count == 1 else {
      throw Failure(
        nil, "\(path) holds \(result.plans.count) pipelines; this command takes one.", hint: "Name one file.",
        exit: .usage)
    }
    return plan
  }

  static func tell(_ result: PipelineReader.Result, ends: Bool = false) {
    var result = result
    if ends {
      result.diagnostics = Diagnostics(result.diagnostics.items.filter { $0.code != Plan.neverShownCode })
    }
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
