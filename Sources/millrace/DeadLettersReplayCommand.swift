import ArgumentParser
import ConnectorKit
import Expressions
import Flows
import Pipelines
import Records
import Status

struct DeadLettersReplayCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Send dead letters through the pipeline again.",
    usage: "millrace dead-letters replay <file> [<id> ...] [<filter>] [<options>]",
    discussion: """
      Each passes the whole pipeline as it is now. What arrives is done; what is refused again stays, with its new reason. \
      A target with a `version` keeps what is newer. The pipeline must not be running.

      Example:
        millrace dead-letters replay products.yaml --code mapping.too_long
        millrace dead-letters replay products.yaml catalogue.ndjson@4711 --edit
      """)

  @OptionGroup var pipeline: StateArgument

  @Argument(help: "The ids of dead letters; without them all that the filter accepts.")
  var ids: [String] = []

  @OptionGroup(title: "Filter") var filter: DeadLetterFilter

  @Flag(help: "Mend each record in $EDITOR first.")
  var edit = false

  @Option(help: "The record of the one letter that is named, as JSON.")
  var record: String?

  @Flag(name: [.short, .long], help: "Do not ask.")
  var yes = false

  @OptionGroup var output: OutputOptions

  func perform() async throws(Failure) -> ExitStatus {
    Signals.ignoreClosedPipes()
    let plan = try pipeline.plan()
    if let reason = plan.target.refusesReplay {
      throw Failure(
        "dead_letters.no_replay", reason, hint: "Mend the source or the pipeline, and run it again.",
        exit: .surroundings)
    }
    // Held until the end, so that no run starts meanwhile.
    let held = FileCheckpoints(path: plan.checkpoint.path)
    let checkpoint: Checkpoint?
    do throws(FlowError) { checkpoint = try await held.open() } catch { throw Failure(error) }
    let open = try OpenLetters(plan, withLines: true)
    let chosen = open.chosen(ids, filter)
    let letters = try prepare(chosen)
    guard !letters.isEmpty else {
      say("\(plan.name): no dead letters to replay in \(plan.deadLetters.path)")
      await held.close()
      return chosen.isEmpty ? .done : .deadLetters
    }
    try Confirmation.ask(plan.name, effect(letters.count, plan), yes: yes)
    let status = try await replay(letters, open.journal, plan, remembered: checkpoint?.keys)
    await held.close()
    return letters.count < chosen.count ? .worst(of: [status, .deadLetters]) : status
  }

  private func effect(_ count: Int, _ plan: Plan) -> String {
    let guarded =
      NamedSetting.written(of: plan.target).contains { $0.name == "version" }
      || plan.dedupes.contains { $0.version != nil }
    return "Sends \(Quantity.count(UInt64(count), "dead letter")) to the target again. "
      + (guarded ? "Newer rows stay as they are." : "Nothing has a `version`: a row that is newer is overwritten.")
  }

  /// The events of the letters, mended where that is asked for; those that hold no event are named and left out.
  private func prepare(_ chosen: [StoredLetter]) throws(Failure) -> [LetterReplay.Letter] {
    if record != nil, chosen.count != 1 {
      throw Failure(
        nil, "--record is for one dead letter; \(chosen.count) are chosen.", hint: "Name its id.", exit: .usage)
    }
    var letters: [LetterReplay.Letter] = []
    for letter in chosen {
      var mended: Value?
      if let record { mended = try LetterEditor.record(record) } else if edit { mended = try LetterEditor.edit(letter) }
      guard let event = letter.event(record: mended) else {
        say("\(letter.id) could not be decoded, so there is nothing to send: mend it with --edit, or discard it.")
        continue
      }
      letters.append(LetterReplay.Letter(id: letter.id, time: letter.time, event: event.json))
    }
    return letters
  }

  private func replay(
    _ letters: [LetterReplay.Letter], _ journal: LetterJournal, _ plan: Plan, remembered: KeyMark?
  ) async throws(Failure) -> ExitStatus {
    let replay = LetterReplay(letters, journal, wallTime: SystemTime.wallTime)
    let reporter = output.reporter(Console(isTerminal: Environment.isTerminal, style: Environment.style))
    let runner = try Runner(
      plan, replaying: replay, remembered: remembered, observe: reporter.observer(of: plan.name))
    let signals = Signals()
    signals.watch { runner.flow.stop() }
    reporter.start()
    defer { reporter.stop() }
    let summary: Flow.Summary
    do throws(FlowError) {
      summary = try await runner.flow.run()
    } catch {
      throw Failure(error, signal: signals.number)
    }
    let counts = summary.counts
    let open = try OpenLetters(plan).letters.count
    answer(
      [
        "pipeline": .string(plan.name), "replayed": .int(Int64(counts.read - counts.deadLettered)),
        "duplicate": .int(Int64(counts.duplicate)), "stale": .int(Int64(counts.stale)),
        "filtered": .int(Int64(counts.filtered)),
        "refused_again": .int(Int64(counts.deadLettered)), "open": .int(Int64(open)),
      ],
      text: "\(plan.name): \(Quantity.count(counts.read - counts.deadLettered)) replayed"
        + (counts.duplicate > 0 ? ", \(Quantity.count(counts.duplicate)) of them written before" : "")
        + (counts.stale > 0 ? ", \(Quantity.count(counts.stale)) of them older than what is there" : "")
        + (counts.deadLettered > 0 ? ", \(Quantity.count(counts.deadLettered)) refused again" : "")
        + "; \(Quantity.count(UInt64(open), "dead letter")) left")
    return counts.deadLettered > 0 ? .deadLetters : .done
  }
}
