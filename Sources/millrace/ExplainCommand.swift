import ArgumentParser
import ConnectorKit
import Records
import Status

struct ExplainCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say what an error code means and what to do.",
    usage: "millrace explain [<code>] [<options>]",
    discussion: """
      Without a code it lists them all.

      Example:
        millrace explain config.unknown_key
      """)

  @Argument(
    help: "The code, as it stands in brackets behind a message.",
    completion: .list(CodeBook.all.entries.map(\.code)))
  var code: String?

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    guard let code else {
      list()
      return .done
    }
    guard let entry = CodeBook.all[code] else {
      throw Failure(
        nil, "There is no code `\(code)`.",
        hint: Suggestion.nearest(to: code, among: CodeBook.all.entries.map(\.code)).map { "did you mean `\($0)`?" }
          ?? "`millrace explain` lists them all.", exit: .usage)
    }
    answer(entry.value, text: text(entry))
    return .done
  }

  private func list() {
    let entries = CodeBook.all.entries
    let width = entries.map(\.code.count).max() ?? 0
    answer(
      .array(entries.map(\.value)),
      text: entries.map { $0.code.padded(to: width) + "  " + $0.title }.joined(separator: "\n"))
  }

  private func text(_ entry: CodeBook.Entry) -> String {
    let width = Environment.answerWidth
    return """
      \(Environment.answerStyle.bold(entry.code)): \(entry.title)

      \(entry.meaning.wrapped(to: width))

      \(("What to do: " + entry.remedy).wrapped(to: width))
      """
  }
}

extension CodeBook.Entry {
  fileprivate var value: Value {
    ["code": .string(code), "title": .string(title), "meaning": .string(meaning), "remedy": .string(remedy)]
  }
}
