import ArgumentParser
import ConnectorKit
import Flows
import Pipelines
import Records
import Status

struct CheckpointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Look at the checkpoint, or move it.",
    discussion: """
      Example:
        millrace checkpoint show products.yaml
        millrace checkpoint reset products.yaml
      """,
    subcommands: [
      CheckpointShowCommand.self, CheckpointSetCommand.self, CheckpointRewindCommand.self, CheckpointResetCommand.self,
    ])
}

struct CheckpointShowCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print the checkpoint.",
    usage: "millrace checkpoint show <file> [<options>]",
    discussion: """
      Example:
        millrace checkpoint show products.yaml --json
      """)

  @OptionGroup var pipeline: StateArgument

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let standing = try await Standing(pipeline.plan())
    let whole = standing.checkpoint.flatMap { try? Value(json: $0.json) } ?? .null
    answer(whole, text: standing.text(Environment.answerStyle))
    return .done
  }
}

struct CheckpointSetCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Move the checkpoint to a position, or accept that the pipeline changed.",
    usage: "millrace checkpoint set <file> [--position <json>] [--accept] [--yes]",
    discussion: """
      Says what the move replays or skips, and asks first.

      Example:
        millrace checkpoint set products.yaml --accept
        millrace checkpoint set products.yaml --position '{"files":[...]}'
      """)

  @OptionGroup var pipeline: StateArgument

  @Option(help: "The position's value as JSON, as `checkpoint show --json` prints it.")
  var position: String?

  @Flag(help: "Go on from the old position although the pipeline file has changed.")
  var accept = false

  @Flag(name: [.short, .long], help: "Do not ask.")
  var yes = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if position == nil && !accept { throw ValidationError("Say what to set: --position, --accept, or both.") }
  }

  func perform() async throws(Failure) -> ExitStatus {
    try await CheckpointMove(pipeline.plan(), output, asks: !yes).run { checkpoint, plan throws(Failure) in
      if accept {
        checkpoint.pipeline = plan.name
        checkpoint.fingerprint = plan.fingerprint
      }
      if let position {
        checkpoint.position = Position(format: checkpoint.position?.format ?? 1, value: try Self.value(position))
        checkpoint.stage = .running
      }
    }
  }

  private static func value(_ text: String) throws(Failure) -> Value {
    guard let value = try? Value(json: text) else {
      throw Failure(
        nil, "The position is not JSON.", hint: "Quote it for the shell: --position '{\"files\":[]}'.", exit: .usage)
    }
    return value
  }
}

struct CheckpointRewindCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "rewind", abstract: "Read the source again from its beginning, into the target as it is.",
    usage: "millrace checkpoint rewind <file> [--yes]",
    discussion: """
      Totals, target and dead letters stay. A target that upserts by key takes its rows again; a file that is appended \
      to holds them twice afterwards. To begin anew with an empty file: `millrace checkpoint reset`.

      Example:
        millrace checkpoint rewind products.yaml --yes
      """)

  @OptionGroup var pipeline: StateArgument

  @Flag(name: [.short, .long], help: "Do not ask.")
  var yes = false

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    try await CheckpointMove(pipeline.plan(), output, asks: !yes).run { checkpoint, _ throws(Failure) in
      checkpoint.position = nil
      checkpoint.stage = .running
    }
  }
}

struct CheckpointResetCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Forget the checkpoint: the next run is the first.",
    usage: "millrace checkpoint reset <file> [--yes]",
    discussion: """
      Dead letters stay.

      Example:
        millrace checkpoint reset products.yaml
      """)

  @OptionGroup var pipeline: StateArgument

  @Flag(name: [.short, .long], help: "Do not ask.")
  var yes = false

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    try await CheckpointMove(pipeline.plan(), output, asks: !yes).reset()
  }
}
