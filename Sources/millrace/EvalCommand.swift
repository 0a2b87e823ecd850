import ArgumentParser
import ConnectorKit
import Contracts
import Expressions
import Records
import Status

struct EvalCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Evaluate an expression, alone or over records.",
    usage: """
      millrace eval <expression> [--record <json> | --input <file>] [<options>]
      millrace eval
      millrace eval --lines
      """,
    discussion: """
      Prints the value as JSON, with --input one line a record. Expressions are written in CEL, the Common Expression \
      Language; they see op, record, key, before and meta, and call what `millrace functions` lists. One that begins \
      with a minus stands behind `--`. Exit code 2 where the expression is wrong, 1 where it has no value.

      Example:
        millrace eval '[1, 2, 3].filter(n, n > 1)'
        millrace eval 'record.name.upperAscii()' --record '{"name": "desk"}'
        millrace eval 'has(record.price)' --input products.csv
        millrace eval -- '-7 / 2'

      Without an expression it asks for one after the other, with a history on a terminal; :help shows what else can be \
      said, such as :record and :type.

      With --lines a program asks, a line of JSON a question; the answer is a line with the same id:
        {"id": 1, "expr": "a + 1", "bindings": {"a": {"t": "int", "v": "2"}}}
        {"id":1,"value":{"t":"int","v":"3"}}
        {"id": 2, "schema": {"type": "object", "required": ["sku"]}, "data": {}}
        {"id":2,"valid":false,"violations":[…]}
      """)

  @Argument(help: "The expression.")
  var expression: String?

  @Option(help: "The record, as JSON.")
  var record: String?

  @Option(help: "A file of records: the expression is evaluated for each.", completion: .file())
  var input: String?

  @Flag(help: "Answer the requests of standard input, each as it comes.")
  var lines = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if lines, expression != nil || record != nil || input != nil {
      throw ValidationError("--lines reads its expressions from standard input; leave out everything else.")
    }
    if record != nil, input != nil { throw ValidationError("Give --record or --input, not both.") }
  }

  func perform() async throws(Failure) -> ExitStatus {
    if lines { return Self.answerLines() }
    guard let expression else { return try await converse() }
    let evaluation = try compile(expression)
    if let input { return try await evaluate(evaluation, over: input) }
    let record = try record.map { text throws(Failure) in try Self.json(text) }
    do throws(EvaluationError) {
      show(try EvaluatedValue(evaluation.value(of: Evaluation.Parts(record: record))))
      warn(evaluation)
    } catch {
      var failure = Failure(error, in: evaluation.expression)
      if record == nil, error.code == .unknownName { failure.hint = "Give a record with --record or --input." }
      throw failure
    }
    return .done
  }

  /// Answers line by line: at a prompt where somebody sits at a terminal.
  private func converse() async throws(Failure) -> ExitStatus {
    if input != nil {
      throw Failure(nil, "There is no expression for the records.", hint: "Say which one to evaluate.", exit: .usage)
    }
    let record = try record.map { text throws(Failure) in try Self.json(text) }
    var session = EvalSession(record: record, style: Environment.answerStyle, width: Environment.answerWidth)
    let editor = LineEditor(words: EvalSession.words)
    if editor.isTerminal { say("An expression shows its value; :help shows what else there is, Control-D ends.") }
    var status = ExitStatus.done
    var pending = ""
    while let line = editor.next(prompt: pending.isEmpty ? "> " : "… ") {
      editor.remember(line)
      if line.hasPrefix(":") { pending = "" }
      let reply = await session.answer(line.isEmpty ? String(pending.dropLast()) : pending + line)
      // Somebody at a terminal may go on with it; an empty line gives up.
      if reply.wantsMore, editor.isTerminal, !line.isEmpty {
        pending += line + "\n"
        continue
      }
      pending = ""
      Output.write(reply.text, to: 1)
      if reply.ends { break }
      if reply.failed, !editor.isTerminal { status = .failed }
    }
    return status
  }

  private static func answerLines() -> ExitStatus {
    while let line = readLine() { Output.answer(answer(line)) }
    return .done
  }

  /// A request with a schema asks about a contract, any other about an expression.
  private static func answer(_ line: String) -> String {
    guard let request = try? Value(json: line), request["schema"] != nil else { return EvalLines.answer(line) }
    return ContractRequest.answer(request).json
  }

  /// All that is wrong is told; the last is thrown.
  private func compile(_ text: String) throws(Failure) -> Evaluation {
    do throws(CompileProblems) {
      return try Evaluation(text)
    } catch {
      let source = Expressions.SourceText(text)
      var last = Failure(nil, "The expression is wrong.", exit: .pipeline)
      for (index, problem) in error.problems.enumerated() {
        if index > 0 { tell(last) }
        last = Failure(problem, in: source)
      }
      throw last
    }
  }

  /// Says what is probably not meant, though it has a value.
  private func warn(_ evaluation: Evaluation) {
    for problem in evaluation.expression.warnings {
      var warning = Failure(problem, in: evaluation.expression.source)
      warning.isWarning = true
      say(warning.text(Environment.style))
    }
  }

  private static func json(_ text: String) throws(Failure) -> Value {
    do throws(JSONProblem) {
      return try Value(json: text)
    } catch {
      throw Failure(
        nil, "The record is no JSON: \(error.reason.rawValue), at byte \(error.offset).",
        hint: "Put it between single quotes, so that the shell leaves its double quotes alone.", exit: .usage)
    }
  }

  private func evaluate(_ evaluation: Evaluation, over path: String) async throws(Failure) -> ExitStatus {
    var context = Context.looking(pipeline: "eval", folder: ".")
    context.endsOnceRead = true
    let connector = try RecordFile.connector(path)
    warn(evaluation)
    var status = ExitStatus.done
    do throws(ConnectorError) {
      try await connector.makeSource(context).readBatches { batch in
        for index in batch.events.indices where !show(index, of: batch, evaluation) { status = .failed }
        return true
      }
    } catch {
      throw Failure(error)
    }
    return status
  }

  /// Shows the value for one record, or why there is none; then it is false.
  private func show(_ index: Int, of batch: Batch, _ evaluation: Evaluation) -> Bool {
    let event = batch.events[index]
    let place = batch.place(of: event)
    if let failure = batch.failures.first(where: { $0.event == index }) {
      tell(Failure(failure.code, "\(place): \(failure.message)", exit: .failed))
      return false
    }
    do throws(EvaluationError) {
      show(try EvaluatedValue(evaluation.value(of: event, in: batch), place: place))
      return true
    } catch {
      var failure = Failure(error, in: evaluation.expression)
      failure.message = "\(place): \(failure.message)"
      tell(failure)
      return false
    }
  }

  private func show(_ value: EvaluatedValue) { answer(value.described, text: value.json.json) }

  private func tell(_ failure: Failure) { failure.tell(json: output.json, style: Environment.style) }
}

/// What an expression gave, for people and programs.
private struct EvaluatedValue {
  var json: Value
  var type: String
  /// The record's; nil where there is none.
  var place: String?

  init(_ value: CELValue, place: String? = nil) throws(EvaluationError) {
    json = try value.json()
    type = value.type.simpleWord
    self.place = place
  }

  var described: Value {
    .object([.init("value", json), .init("type", .string(type))] + (place.map { [.init("place", .string($0))] } ?? []))
  }
}
