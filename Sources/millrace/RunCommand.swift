import ArgumentParser
import ConnectorKit
import Connectors
import Flows
import Pipelines
import Records
import Status

struct RunCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run pipelines, going on from their checkpoints.",
    usage: "millrace run <file or folder> ... [--once | --until-current] [<options>]",
    discussion: """
      Several pipelines run side by side, each on its own; one that fails does not stop the others. SIGTERM and SIGINT \
      store what is in flight, save the checkpoint and end the run with 0; a second one ends it at once.

      Example:
        millrace run --once products.yaml
        millrace run --json pipelines/ 2>run.log | tail -n 1
      """)

  @Argument(help: "Pipeline files, or folders of them.", completion: .file(extensions: ["yaml", "yml"]))
  var paths: [String]

  @Flag(help: "Stop when all that the source has now is stored, also where it would wait for more.")
  var once = false

  @Flag(help: "Stop when all that existed at the start is stored, however much comes meanwhile.")
  var untilCurrent = false

  @Option(
    help: ArgumentHelp(
      "Serve a status page, /metrics, /healthz and /readyz here while it runs.", discussion: "Such as 127.0.0.1:9464.",
      valueName: "host:port"))
  var monitor: PageAddress?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if once, untilCurrent { throw ValidationError("Choose one: --once, or --until-current.") }
  }

  func perform() async throws(Failure) -> ExitStatus {
    Signals.ignoreClosedPipes()
    let result = PipelineFiles.read(paths)
    PipelineFiles.tell(result, ends: once || untilCurrent)
    guard !result.plans.isEmpty else { throw PipelineFiles.wrong(result) }
    let console = Console(isTerminal: Environment.isTerminal, style: Environment.style)
    let reporter = output.reporter(console)
    let monitor = try monitor.map { address throws(Failure) in try Monitor(address, reporter) }
    defer { monitor?.stop() }
    let runs = Runs(console, reporter, output)
    let status = await runs.run(result.plans, until: once ? .read : untilCurrent ? .current : .stopped)
    return .worst(of: [status] + (result.diagnostics.hasErrors ? [.pipeline] : []))
  }
}

extension PageAddress: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
