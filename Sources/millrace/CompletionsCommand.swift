import ArgumentParser
import Status

struct CompletionsCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "completions",
    abstract: "Print the completion script of a shell.",
    usage: "millrace completions <shell>",
    discussion: """
      Example:
        millrace completions bash >~/.local/share/bash-completion/completions/millrace
        millrace completions zsh  >~/.zfunc/_millrace
        millrace completions fish >~/.config/fish/completions/millrace.fish
      """)

  enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

  @Argument(help: "The shell.")
  var shell: Shell

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let script =
      switch shell {
      case .bash: Millrace.completionScript(for: .bash)
      case .zsh: Millrace.completionScript(for: .zsh)
      case .fish: Millrace.completionScript(for: .fish)
      }
    Output.answer(script)
    return .done
  }
}
