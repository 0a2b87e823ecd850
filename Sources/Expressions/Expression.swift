/// A compiled expression, ready to run over any number of records on any number of lanes.
///
/// `@unchecked Sendable`: the steps in `code` are made before `init` returns and never change; all that changes while
/// they run stands in the ``Frame`` that a lane hands in.
package final class Expression: @unchecked Sendable {
  package let source: SourceText
  package let environment: Environment
  /// What is known of the type of its value.
  package let type: CELType
  /// The fields of variables that it reads by fixed names; a mapping may hand their values in: see
  /// ``Frame/read(_:at:)``.
  package let paths: [FieldPath]
  /// The variables of the environment that it reads, by their slots.
  package let variables: Set<Int>
  /// What is probably not meant: parts that fail for every record.
  package let warnings: [CompileProblem]
  private let code: Code
  private let localCount: Int
  private let names: [String]

  /// Parses, checks and compiles an expression.
  ///
  /// - Parameters:
  ///   - checked: false leaves unknown names and types that do not fit to the evaluation, as the standard allows.
  ///   - macros: false makes `all`, `map`, `has` and the like plain calls.
  package init(
    _ text: String, in environment: Environment, checked: Bool = true, macros: Bool = true
  ) throws(CompileProblems) {
    source = SourceText(text)
    self.environment = environment
    let parsed = try Self.parse(source, macros: macros)
    var resolver = Resolver(environment: environment)
    let resolved = resolver.resolve(parsed)
    localCount = resolver.slotCount
    var problems = checked ? resolver.problems : []
    if checked {
      var checker = Checker(environment: environment, source: source)
      type = checker.check(resolved)
      problems += checker.problems
    } else {
      type = .dyn
    }
    var compiler = Compiler(environment: environment, source: source)
    code = compiler.compile(resolved)
    (paths, names, variables) = (compiler.paths, compiler.names, compiler.variables)
    warnings = Self.located(compiler.warnings, source).problems
    if checked { problems += compiler.problems }
    if !problems.isEmpty { throw Self.located(problems, source) }
  }

  private static func parse(_ source: SourceText, macros: Bool) throws(CompileProblems) -> Expr {
    do throws(CompileProblem) {
      return try Parser.parse(source, macros: macros)
    } catch {
      throw located([error], source)
    }
  }

  private static func located(_ problems: [CompileProblem], _ source: SourceText) -> CompileProblems {
    CompileProblems(
      problems: problems.sorted { $0.offset < $1.offset }.map { problem in
        var placed = problem
        placed.place = source.place(of: problem.offset)
        return placed
      })
  }

  /// Where evaluations of this expression keep their variables; one a lane. Slots are the environment's variables.
  package func makeFrame() -> Frame {
    Frame(variables: environment.variables.count, locals: localCount, names: names, paths: paths.count)
  }

  /// The value for what stands in the slots of the frame.
  package func evaluate(_ frame: Frame) throws(EvaluationError) -> CELValue { try run(frame).detached }

  /// The value, which may look into the frame's batch and is valid until the frame is used again: for what writes it
  /// into the batch at once.
  package func run(_ frame: Frame) throws(EvaluationError) -> CELValue {
    frame.reset()
    return try code.run(frame)
  }

  /// The value, where it is the same for every record.
  package var constant: CELValue? { code.constant }

  /// The place of an error for people.
  package func place(of error: EvaluationError) -> TextPlace { source.place(of: error.offset ?? 0) }
}
