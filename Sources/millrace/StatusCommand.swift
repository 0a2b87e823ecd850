import ArgumentParser
import ConnectorKit
import Pipelines
import Records
import Status

struct StatusCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show where the checkpoints stand, and what is left to do.",
    usage: "millrace status <file or folder> ... [<options>]",
    discussion: """
      Example:
        millrace status pipelines/
        millrace status --json products.yaml
      """)

  @Argument(help: "Pipeline files, or folders of them.", completion: .file(extensions: ["yaml", "yml"]))
  var paths: [String]

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let result = PipelineFiles.read(paths)
    PipelineFiles.tell(result)
    var statuses: [ExitStatus] = result.diagnostics.hasErrors ? [.pipeline] : []
    for plan in result.plans {
      do throws(Failure) {
        let standing = try await Standing(plan)
        answer(standing.json, text: standing.text(Environment.answerStyle))
      } catch {
        error.tell(json: output.json, style: Environment.style)
        statuses.append(error.exit)
      }
    }
    return .worst(of: statuses)
  }
}
