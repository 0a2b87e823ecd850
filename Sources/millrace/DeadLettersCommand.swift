import ArgumentParser
import ConnectorKit
import Pipelines
import Records
import Status

struct DeadLettersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead-letters",
    abstract: "Work through the records that could not be delivered.",
    discussion: """
      Example:
        millrace dead-letters list products.yaml
        millrace dead-letters show products.yaml --code mapping.too_long
        millrace dead-letters replay products.yaml --code mapping.too_long
      """,
    subcommands: [
      DeadLettersListCommand.self, DeadLettersShowCommand.self, DeadLettersReplayCommand.self,
      DeadLettersDiscardCommand.self,
    ])
}

/// Which dead letters are meant.
struct DeadLetterFilter: ParsableArguments {
  @Option(help: "Only those of this code, such as mapping.required_missing.")
  var code: String?

  @Option(help: "Only those that this stage refused: decode, filter, mapping, target.")
  var stage: String?

  @Option(help: "Only those of this target field.")
  var field: String?

  @Option(help: "Only those of this key, or with this value in it.")
  var key: String?

  @Option(help: "Only those that failed then or later, such as 2026-11-23T08:00:00Z.")
  var since: String?

  @Option(help: "Only those that failed before.")
  var until: String?

  func validate() throws {
    for text in [since, until].compactMap(\.self) where Timestamp(text) == nil {
      throw ValidationError("'\(text)' is no time; write it like 2026-11-23T08:00:00Z")
    }
  }

  /// Whether it accepts all.
  var isEmpty: Bool { [code, stage, field, key, since, until].allSatisfy { $0 == nil } }

  func accepts(_ letter: StoredLetter) -> Bool {
    (code == nil || letter.code == code) && (stage == nil || letter.stage == stage)
      && (field == nil || letter.field == field) && acceptsKey(letter) && acceptsTime(letter)
  }

  private func acceptsKey(_ letter: StoredLetter) -> Bool {
    guard let key else { return true }
    guard case .object(let members) = letter.key else { return letter.key?.shown == key }
    return letter.key?.json == key || members.contains { $0.value.shown == key }
  }

  private func acceptsTime(_ letter: StoredLetter) -> Bool {
    guard since != nil || until != nil else { return true }
    guard let time = Timestamp(letter.time) else { return false }
    if let since = since.flatMap({ Timestamp($0) }), time < since { return false }
    if let until = until.flatMap({ Timestamp($0) }), time >= until { return false }
    return true
  }
}

extension Value {
  /// A text without quotes, anything else as JSON.
  fileprivate var shown: String { string ?? json }
}

struct DeadLettersListCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Count the dead letters by reason.",
    usage: "millrace dead-letters list <file> [<filter>] [<options>]",
    discussion: """
      Example:
        millrace dead-letters list products.yaml
      """)

  @OptionGroup var pipeline: StateArgument

  @OptionGroup(title: "Filter") var filter: DeadLetterFilter
  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let plan = try pipeline.plan()
    let letters = try OpenLetters(plan).chosen([], filter)
    let kinds = DeadLetterKind.kinds(of: letters)
    answer(
      [
        "pipeline": .string(plan.name), "path": .string(plan.deadLetters.path), "total": .int(Int64(letters.count)),
        "kinds": .array(kinds.map(\.value)),
      ],
      text: text(kinds, letters.count, plan))
    return .done
  }

  private func text(_ kinds: [DeadLetterKind], _ total: Int, _ plan: Plan) -> String {
    let style = Environment.answerStyle
    guard total > 0 else { return "\(plan.name): no dead letters in \(plan.deadLetters.path)" }
    let width = Quantity.count(UInt64(kinds.map(\.count).max() ?? 0)).count
    let lines = kinds.flatMap { kind -> [String] in
      let count = Quantity.count(UInt64(kind.count))
      let margin = String(repeating: " ", count: width + 2)
      return [
        String(repeating: " ", count: width - count.count) + count + "  " + style.bold(kind.title),
        kind.first.message.oneLine.wrapped(to: Environment.answerWidth, indent: margin),
        margin + style.dim("first at \(kind.first.place)"),
      ]
    }
    let head = "\(style.bold(plan.name)): \(Quantity.count(UInt64(total), "dead letter")) in \(plan.deadLetters.path)"
    return
      ([head, ""] + lines + ["", "millrace dead-letters show \(plan.file)\(plan.part.arguments)   shows the records"])
      .joined(
        separator: "\n")
  }
}

struct DeadLettersShowCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print dead letters with their records.",
    usage: "millrace dead-letters show <file> [<id> ...] [<filter>] [<options>]",
    discussion: """
      With --json each is one line, as it stands in the file.

      Example:
        millrace dead-letters show products.yaml --code mapping.too_long --limit 5
      """)

  @OptionGroup var pipeline: StateArgument

  @Argument(help: "The ids of dead letters; without them all.")
  var ids: [String] = []

  @Option(help: "The most that are printed.")
  var limit = 20

  @OptionGroup(title: "Filter") var filter: DeadLetterFilter
  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let plan = try pipeline.plan()
    let chosen = try OpenLetters(plan, withLines: true).chosen(ids, filter)
    for letter in chosen.prefix(max(0, limit)) {
      Output.answer(output.json ? letter.line : text(letter))
    }
    if chosen.count > limit { say("… and \(Quantity.count(UInt64(chosen.count - limit))) more; --limit shows them.") }
    if chosen.isEmpty { say("\(plan.name): no such dead letters in \(plan.deadLetters.path)") }
    return .done
  }

  private func text(_ letter: StoredLetter) -> String {
    let style = Environment.answerStyle
    let about = letter.field.map { " field `\($0)`" } ?? ""
    return """
      \(style.bold(letter.id))  \(letter.time.prefix(19))Z
        [\(letter.code)] \(letter.stage)\(about)
      \(letter.message.oneLine.wrapped(to: Environment.answerWidth, indent: "  "))
        \(letter.content)

      """
  }
}
