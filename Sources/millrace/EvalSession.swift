import ConnectorKit
import Expressions
import Records
import Status

/// A conversation about expressions: each line gets its answer.
struct EvalSession {
  /// What is said to a line.
  struct Reply: Equatable {
    var text = ""
    /// Whether the line is not yet a whole expression.
    var wantsMore = false
    var failed = false
    var ends = false
  }

  private enum Command: String, CaseIterable {
    case record, before, key, meta, type, help, quit

    /// What stands behind it, and what it does.
    var help: (usage: String, sentence: String) {
      switch self {
      case .record:
        (":record [JSON | FILE N]", "shows the record, or sets it: the Nth of a file")
      case .before: (":before JSON", "sets the record before the change")
      case .key: (":key JSON", "sets the event's key")
      case .meta: (":meta JSON", "sets what is known about the event")
      case .type: (":type EXPRESSION", "shows the type of an expression without its value")
      case .help: (":help [FUNCTION]", "shows this, or what a function does")
      case .quit: (":quit", "ends; Control-D does too")
      }
    }

    static var names: [String] { allCases.map(\.rawValue) }
  }

  private var parts = Evaluation.Parts()
  private let style: Style
  private let width: Int

  init(record: Value?, style: Style, width: Int) {
    parts.record = record
    self.style = style
    self.width = width
  }

  /// What the tab key completes from.
  static var words: [String] {
    (["record", "before", "key", "meta", "op"] + FunctionText.names + Command.names.map { ":\($0)" }).sorted()
  }

  mutating func answer(_ line: String) async -> Reply {
    let text = line.trimmed
    if text.isEmpty { return Reply() }
    guard text.hasPrefix(":") else { return evaluate(line) }
    let words = text.dropFirst().split(separator: " ", maxSplits: 1).map(String.init)
    let name = words.first ?? ""
    let rest = words.count > 1 ? words[1].trimmed : ""
    guard
      let command = Command(rawValue: name)
        ?? Command.allCases.first(where: { $0.rawValue.hasPrefix(name) && !name.isEmpty })
    else {
      let hint = Suggestion.nearest(to: name, among: Command.names).map { "did you mean :\($0)?" }
      return failure(Failure(nil, "There is no command :\(name).", hint: hint ?? ":help lists them.", exit: .usage))
    }
    return await run(command, rest)
  }

  private mutating func run(_ command: Command, _ rest: String) async -> Reply {
    switch command {
    case .record: return await setRecord(rest)
    case .before: return set(\.before, rest)
    case .key: return set(\.key, rest)
    case .meta: return set(\.meta, rest)
    case .type: return type(of: rest)
    case .help: return help(rest)
    case .quit: return Reply(ends: true)
    }
  }
}

// Expressions.
extension EvalSession {
  private func evaluate(_ text: String) -> Reply {
    compiled(text) { evaluation in
      do throws(EvaluationError) {
        let value = try evaluation.value(of: parts)
        let shown = try value.json().prettyJSON
        let warnings = evaluation.expression.warnings.map { problem in
          var warning = Failure(problem, in: evaluation.expression.source)
          warning.isWarning = true
          return warning.text(style) + "\n"
        }
        return Reply(text: warnings.joined() + shown + "  " + style.dim(value.type.simpleWord) + "\n")
      } catch {
        var problem = Failure(error, in: evaluation.expression)
        if parts.record == nil, error.code == .unknownName { problem.hint = "Set a record: :record {\"id\": 1}" }
        return failure(problem)
      }
    }
  }

  private func type(of text: String) -> Reply {
    if text.isEmpty { return failure(Failure(nil, "Say of what: :type record.price > 0", exit: .usage)) }
    return compiled(text) { Reply(text: $0.expression.type.word + "\n") }
  }

  private func compiled(_ text: String, _ body: (Evaluation) -> Reply) -> Reply {
    do throws(CompileProblems) {
      return body(try Evaluation(text))
    } catch {
      let source = Expressions.SourceText(text)
      let isUnfinished = error.problems.allSatisfy { $0.code == .syntax && $0.offset >= text.trimmedEnd.utf8.count }
      let told = error.problems.map { Failure($0, in: source).text(style) }.joined(separator: "\n")
      return Reply(text: told + "\n", wantsMore: isUnfinished, failed: true)
    }
  }

  private func failure(_ failure: Failure) -> Reply { Reply(text: failure.text(style) + "\n", failed: true) }
}

// Commands.
extension EvalSession {
  private mutating func setRecord(_ text: String) async -> Reply {
    if text.isEmpty {
      return Reply(text: (parts.record?.prettyJSON ?? "There is no record; :record {\"id\": 1} sets one.") + "\n")
    }
    if text.hasPrefix("{") { return set(\.record, text) }
    do throws(Failure) {
      parts.record = try await Self.record(text)
      return Reply(text: (parts.record?.prettyJSON ?? "") + "\n")
    } catch {
      return failure(error)
    }
  }

  /// `FILE`, or `FILE N` for its Nth record.
  private static func record(_ text: String) async throws(Failure) -> Value {
    let words = text.split(separator: " ").map(String.init)
    let number = words.count > 1 ? words.last.flatMap { Int($0) } : nil
    let path = number == nil ? text : words.dropLast().joined(separator: " ")
    var found: Value?
    var left = max(1, number ?? 1)
    var context = Context.looking(pipeline: "eval", folder: ".")
    context.endsOnceRead = true
    let connector = try RecordFile.connector(path)
    do throws(ConnectorError) {
      try await connector.makeSource(context).readBatches { batch in
        for index in batch.events.indices where found == nil && batch.events[index].record != Event.none {
          left -= 1
          if left == 0 { found = batch.value(at: Int(batch.events[index].record)) }
        }
        return found == nil
      }
    } catch {
      throw Failure(error)
    }
    guard let found else { throw Failure(nil, "\(path) has no such record.", exit: .failed) }
    return found
  }

  private mutating func set(_ part: WritableKeyPath<Evaluation.Parts, Value?>, _ text: String) -> Reply {
    do throws(JSONProblem) {
      parts[keyPath: part] = try Value(json: text)
      return Reply()
    } catch {
      return failure(
        Failure(
          nil, "This is no JSON: \(error.reason.rawValue), at byte \(error.offset).",
          hint: "Write it like {\"id\": 1}.", exit: .usage))
    }
  }

  private func help(_ name: String) -> Reply {
    if !name.isEmpty {
      guard let text = FunctionText(width: width, style: style).help(name) else {
        return failure(
          Failure(
            nil, "There is no function \(name).", hint: Suggestion.hint(for: name, among: FunctionText.names),
            exit: .usage))
      }
      return Reply(text: text)
    }
    let commands = Command.allCases.map(\.help)
    let longest = commands.map(\.usage.count).max() ?? 0
    let lines = commands.map { "  \($0.usage.padded(to: longest))  \($0.sentence)" }
    return Reply(
      text: "Write an expression, and see its value and type. It sees record, before, key, meta and op.".wrapped(
        to: width)
        + "\n\n" + lines.joined(separator: "\n") + "\n\n`millrace functions` lists what it can call.\n")
  }
}

extension String {
  fileprivate var trimmed: String { String(drop(while: \.isWhitespace)).trimmedEnd }

  fileprivate var trimmedEnd: String {
    var text = self
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
