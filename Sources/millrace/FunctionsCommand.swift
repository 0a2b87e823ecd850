import ArgumentParser
import Expressions
import Records
import Status

struct FunctionsCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "functions",
    abstract: "List the functions of expressions, or explain one.",
    usage: "millrace functions [<name>] [<options>]",
    discussion: """
      Every example is one of the program's tests. Try your own with `millrace eval`.

      Example:
        millrace functions substring
      """)

  @Argument(help: "The function's name.", completion: .list(Set(Functions.documented.map(\.name)).sorted()))
  var name: String?

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let all = Functions.documented
    guard let name else {
      answer(.array(all.map(\.described)), text: list(all))
      return .done
    }
    let found = all.filter { $0.name == name }
    guard !found.isEmpty else {
      throw Failure(
        nil, "There is no function `\(name)`.",
        hint: Suggestion.nearest(to: name, among: all.map(\.name)).map { "did you mean `\($0)`?" }
          ?? "`millrace functions` lists them all.", exit: .usage)
    }
    answer(
      .array(found.map(\.described)),
      text: FunctionText(width: Environment.answerWidth, style: Environment.answerStyle).text(found))
    return .done
  }

  private func list(_ all: [Function]) -> String {
    let width = all.map(\.name.count).max() ?? 0
    let indent = String(repeating: " ", count: width + 4)
    return Function.Library.allCases.map { library in
      let lines = all.filter { $0.library == library }.map { function in
        "  " + function.name.padded(to: width) + "  "
          + function.summary.wrapped(to: Environment.answerWidth, indent: indent).dropFirst(indent.count)
      }
      return ([Environment.answerStyle.bold(library.rawValue)] + lines).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }
}

extension Function {
  fileprivate var described: Value {
    [
      "name": .string(name), "library": .string(library.rawValue), "summary": .string(summary),
      "overloads": .array(overloads.map { $0.described(of: name) }),
      "examples": .array(
        examples.map { ["expression": .string($0.expression), "result": .string($0.result)] }),
    ]
  }
}

extension Overload {
  fileprivate func described(of name: String) -> Value {
    [
      "signature": .string(signature(of: name)), "method": .bool(isMethod),
      "parameters": .array(parameters.map { .string($0.word) }), "result": .string(result.word),
    ]
  }
}
