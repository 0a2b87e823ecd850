import Expressions
import Status

/// What a function of expressions does, for people.
struct FunctionText {
  let width: Int
  let style: Style

  /// The names of all functions, each once.
  static var names: [String] { Set(Functions.documented.map(\.name)).sorted() }

  /// All functions of that name; nil where there is none.
  func help(_ name: String) -> String? {
    let found = Functions.documented.filter { $0.name == name }
    return found.isEmpty ? nil : text(found) + "\n"
  }

  func text(_ functions: [Function]) -> String { functions.map(text).joined(separator: "\n\n") }

  private func text(_ function: Function) -> String {
    let forms = function.overloads.map { "  " + $0.signature(of: function.name) }
    let examples = function.examples.map { "  \($0.expression)  \(style.dim("→"))  \($0.result)" }
    return """
      \(style.bold(function.name)) (\(function.library.rawValue))
      \(function.summary.wrapped(to: width))

      \(forms.joined(separator: "\n"))

      \(examples.count == 1 ? "Example:" : "Examples:")
      \(examples.joined(separator: "\n"))
      """
  }
}
