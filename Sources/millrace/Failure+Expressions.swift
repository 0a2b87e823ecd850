import Expressions
import Pipelines

/// A place in an expression, with the line that it stands in.
struct MarkedPlace {
  var line: Int
  var column: Int
  private let source: Expressions.SourceText

  init(_ place: TextPlace, in source: Expressions.SourceText) {
    line = place.line
    column = place.column
    self.source = source
  }

  /// The line and a caret under the place; where the line is too long to be shown, the place in numbers.
  var lines: [String] {
    guard let (text, marker) = Excerpts.marked(source.line(line), from: column, to: column + 1) else {
      return ["  line \(line), column \(column)"]
    }
    let margin = String(repeating: " ", count: String(line).count)
    return ["  \(line) | \(text)", "  \(margin) | \(marker)"]
  }
}

extension Failure {
  /// An expression that does not compile.
  init(_ problem: CompileProblem, in source: Expressions.SourceText) {
    self.init(problem.code.rawValue, problem.message, hint: problem.hint, exit: .pipeline)
    place = MarkedPlace(problem.place, in: source)
  }

  /// An expression that has no value.
  init(_ error: EvaluationError, in expression: Expression) {
    self.init(error.code.rawValue, error.message, hint: error.hint, exit: .failed)
    place = MarkedPlace(expression.place(of: error), in: expression.source)
  }
}
