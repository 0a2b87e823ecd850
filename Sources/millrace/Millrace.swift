import ArgumentParser
import CGlibc
import Glibc
import Status

@main
struct Millrace: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "millrace",
    abstract: "Keeps systems in step, as a YAML file says.",
    discussion: """
      Start with `millrace init`, look at what would happen with `millrace dry-run`, then `millrace run`.
      Exit codes: 0 done; 1 failed while running; 2 the pipeline file is wrong; 3 the surroundings are wrong; \
      4 done, with dead letters; 64 wrong usage; 128+n ended by signal n before it could drain.
      """,
    version: "millrace \(version)",
    groupedSubcommands: [
      CommandGroup(
        name: "Begin",
        subcommands: [InitCommand.self, ValidateCommand.self, TestCommand.self, DryRunCommand.self, PlanCommand.self]),
      CommandGroup(
        name: "Run",
        subcommands: [
          RunCommand.self, BackfillCommand.self, VerifyCommand.self, StatusCommand.self, CheckpointCommand.self,
          DeadLettersCommand.self,
        ]),
      CommandGroup(
        name: "Look up",
        subcommands: [
          ConnectorsCommand.self, FunctionsCommand.self, EvalCommand.self, ExplainCommand.self, SchemaCommand.self,
          CompletionsCommand.self,
        ]),
    ])

  static func main() async {
    keepMemoryTogether()
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let mistake = Mistyped.command(in: arguments, of: Self.self) { mistake.end(json: arguments.contains("--json")) }
    do {
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      exit(withError: error)
    }
  }

  /// The most heaps that glibc keeps, in heaps.
  private static let heapsMax: Int32 = 2
  /// From this size on memory comes from the system, and goes back to it, piece by piece, in bytes. Without it glibc moves
  /// the mark up to 32 MiB, and arrays that grow leave gaps in the heaps that are never given back.
  private static let ownPieceMin: Int32 = 256 << 10

  /// Lets the lanes' threads share two heaps: one a thread, glibc's own choice, keeps more memory than it saves waiting,
  /// since a batch is allocated on one lane and given back on another.
  private static func keepMemoryTogether() {
    mallopt(M_ARENA_MAX, heapsMax)
    mallopt(M_MMAP_THRESHOLD, ownPieceMin)
  }
}
