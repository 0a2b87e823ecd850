import ArgumentParser
import ConnectorKit
import Connectors
import Pipelines
import Status

struct SchemaCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of the pipeline language, for editors.",
    usage: "millrace schema",
    discussion: """
      Example:
        millrace schema >pipeline.schema.json
      and as the first line of a pipeline file:
        # yaml-language-server: $schema=pipeline.schema.json
      """)

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    Output.write(PipelineSchema.json(catalog: .standard), to: 1)
    return .done
  }
}
