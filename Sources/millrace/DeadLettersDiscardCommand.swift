import ArgumentParser
import ConnectorKit
import Flows
import Pipelines
import Records
import Status

struct DeadLettersDiscardCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "discard", abstract: "Say that dead letters are not wanted any more.",
    usage: "millrace dead-letters discard <file> [<id> ...] [<filter>] [<options>]",
    discussion: """
      They are no longer listed, counted or replayed; the next run takes them out of their file.

      Example:
        millrace dead-letters discard products.yaml --code mapping.too_long
      """)

  @OptionGroup var pipeline: StateArgument

  @Argument(help: "The ids of dead letters.")
  var ids: [String] = []

  @OptionGroup(title: "Filter") var filter: DeadLetterFilter

  @Flag(help: "All of them, where neither an id nor a filter says which.")
  var all = false

  @Flag(name: [.short, .long], help: "Do not ask.")
  var yes = false

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    let plan = try pipeline.plan()
    guard all || !ids.isEmpty || !filter.isEmpty else {
      throw Failure(
        nil, "Nothing says which dead letters to discard.", hint: "Name ids or a filter, or say --all.", exit: .usage)
    }
    let open = try OpenLetters(plan)
    let chosen = open.chosen(ids, filter)
    guard !chosen.isEmpty else {
      say("\(plan.name): no such dead letters in \(plan.deadLetters.path)")
      return .done
    }
    let amount = Quantity.count(UInt64(chosen.count), "dead letter")
    try Confirmation.ask(plan.name, "Discards \(amount): nothing of them reaches the target.", yes: yes)
    let now = SystemTime.wallTime()
    do throws(FileError) {
      try open.journal.append(
        chosen.map { LetterJournal.Entry(id: $0.id, time: $0.time, outcome: .discarded, at: now) })
    } catch {
      throw Failure(error)
    }
    let left = open.letters.count - chosen.count
    answer(
      [
        "pipeline": .string(plan.name), "discarded": .int(Int64(chosen.count)), "open": .int(Int64(left)),
      ],
      text: "\(plan.name): \(amount) discarded; \(Quantity.count(UInt64(left))) left")
    return .done
  }
}
