import ArgumentParser
import ConnectorKit
import Flows
import Pipelines
import Records
import Status

struct PlanCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show the stages, the settings that apply, and what a run would do now.",
    usage: "millrace plan <file> [--format <format>] [<options>]",
    discussion: """
      Example:
        millrace plan products.yaml
        millrace plan products.yaml --format mermaid
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, mermaid, dot, json }

  @OptionGroup var pipeline: PipelineArgument

  @Option(help: "How the plan is written.")
  var format: Format?

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let plan = try pipeline.plan()
    switch format ?? (output.json ? .json : .text) {
    case .mermaid: Output.answer(PlanView(plan).mermaid)
    case .dot: Output.answer(PlanView(plan).dot)
    case .json: Output.answer(await PlanView(plan, LiveStatements(plan)).json(try await Standing(plan)).json)
    case .text:
      let view = await PlanView(plan, LiveStatements(plan))
      let standing = try await Standing(plan)
      Output.answer(view.text(standing, width: Environment.answerWidth, Environment.answerStyle))
    }
    return .done
  }
}
