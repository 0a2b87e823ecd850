import ArgumentParser
import ConnectorKit
import Examples
import Flows
import Pipelines
import Records
import Status

struct TestCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Run the examples that stand in pipeline files under `tests:`.",
    usage: "millrace test <file or folder> ... [--update] [<options>]",
    discussion: """
      Each example passes the whole pipeline, as in a run, in a world of its own: no source, no target, no network, no \
      clock, no secret. What differs is shown field by field, with the line in the file. Exit code 1 where an example \
      fails.

      With --update the file gets what came out in place of what was expected, after it was shown.

      Example:
        millrace test pipelines/
        millrace test products.yaml --filter draft
        millrace test --format junit pipelines/ >results.xml
      """)

  @Argument(help: "Pipeline files, or folders of them.", completion: .file(extensions: ["yaml", "yml"]))
  var paths: [String]

  @Option(help: "Run only the examples whose name contains this.")
  var filter: String?

  @Option(help: "How the results are written.")
  var format: TestReport.Format?

  @Flag(help: "Write what came out into the files, as what is expected.")
  var update = false

  @Flag(name: [.short, .long], help: "Do not ask before files are changed.")
  var yes = false

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    var read = PipelineFiles.read(paths)
    // Such an example fails here, which says the same.
    read.diagnostics = Diagnostics(read.diagnostics.items.filter { $0.code != "test.no_expectation" })
    PipelineFiles.tell(read)
    if read.diagnostics.hasErrors { throw PipelineFiles.wrong(read) }
    let results = read.plans.flatMap { plan in
      zip(plan.tests, plan.testNodes).filter { isWanted($0.0) }.map { TestResult(of: $0, at: $1, in: plan) }
    }
    let format = self.format ?? (output.json ? .json : .text)
    let report = TestReport(results: results, untested: filter == nil ? read.plans.filter(\.tests.isEmpty) : [])
    let text = report.render(
      format, quiet: output.quiet, width: Environment.answerWidth, style: Environment.answerStyle)
    if !text.isEmpty { Output.write(text, to: 1) }
    if update, report.failed > 0 { return try TestUpdate(results: results.filter { !$0.passed }, asks: !yes).run() }
    return report.failed == 0 ? .done : .failed
  }

  private func isWanted(_ test: PipelineTest) -> Bool { filter.map { test.name.contains($0) } ?? true }
}

extension TestReport.Format: ExpressibleByArgument {}

/// How an example of a pipeline came out.
struct TestResult: Sendable {
  var plan: Plan
  var test: PipelineTest
  var node: ConfigNode
  var outcome: ExampleOutcome
  var differences: [Difference]
  var seconds: Double

  var passed: Bool { differences.isEmpty }

  init(of test: PipelineTest, at node: ConfigNode, in plan: Plan) {
    let began = SystemTime.now()
    self.plan = plan
    self.test = test
    self.node = node
    outcome = ExampleRun.outcome(of: test, in: plan)
    differences = ExampleComparison.differences(of: test, at: node, from: outcome)
    seconds = (SystemTime.now() - began).seconds
  }
}
