import ArgumentParser
import Records

/// Finds a command that does not exist, before its arguments are taken for another's.
enum Mistyped {
  static func command(in arguments: [String], of root: any ParsableCommand.Type) -> Failure? {
    var command = root
    var path = [root._commandName]
    for argument in arguments {
      guard !command.configuration.subcommands.isEmpty, !argument.hasPrefix("-") else { return nil }
      if argument == "help", path.count == 1 { return nil }
      guard let next = command.configuration.subcommands.first(where: { $0._commandName == argument }) else {
        return unknown(argument, path, command.configuration.subcommands.map { $0._commandName })
      }
      command = next
      path.append(argument)
    }
    return nil
  }

  private static func unknown(_ word: String, _ path: [String], _ known: [String]) -> Failure {
    let command = path.joined(separator: " ")
    let hint =
      Suggestion.nearest(to: word, among: known).map { "did you mean `\(command) \($0)`?" }
      ?? "`\(command) --help` lists the commands."
    return Failure(nil, "`\(command)` has no command `\(word)`.", hint: hint, exit: .usage)
  }
}
