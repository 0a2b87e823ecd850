import ArgumentParser
import ConnectorKit
import Flows
import Pipelines
import Records
import Status

struct DryRunCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "dry-run",
    abstract: "Show what a pipeline makes of real records, field by field.",
    usage: "millrace dry-run <file> [--input <file>] [--against-target] [<options>]",
    discussion: """
      Reads from the beginning of the source, writes nothing and moves no checkpoint. Each field of a row is shown with \
      its type and where it came from; what is refused, with the reason. With --against-target the target is asked what \
      it holds under the row's key, and what would change is shown. Exit code 4 where records would be dead-lettered.

      Example:
        millrace dry-run products.yaml --limit 3
        millrace dry-run products.yaml --input samples.ndjson --json
        millrace dry-run products.yaml --against-target
      """)

  @OptionGroup var pipeline: PipelineArgument

  @Option(name: [.short, .long], help: "The most records that are read.")
  var limit = 20

  @Option(help: "A file of records to read in place of the source.", completion: .file())
  var input: String?

  @Flag(help: "Show what the target holds now, and what would change.")
  var againstTarget = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be at least 1.") }
  }

  func perform() async throws(Failure) -> ExitStatus {
    let plan = try pipeline.plan()
    let began = SystemTime.now()
    let trial = try await Trial(plan, input: input, looksAtTarget: againstTarget)
    let view = TrialText(width: Environment.answerWidth, style: Environment.answerStyle)
    var number = 0
    var effects = Effects()
    let counts = try await trial.run(limit: limit) { record in
      number += 1
      effects.add(record)
      Output.answer(output.json ? record.json.json : view.text(record, number: number))
    }
    if output.json {
      Output.answer(
        Value.object(
          Flow.Summary.members(counts, retries: 0, seconds: (SystemTime.now() - began).seconds)
            + [.init("checkpoint", .null)]
        ).json)
    } else {
      say(Self.summary(counts))
      if againstTarget { say(effects.text) }
    }
    return counts.deadLettered > 0 ? .deadLetters : .done
  }

  private static func summary(_ counts: Counts) -> String {
    "\(Quantity.count(counts.read, "record")) read: \(counts.written) would be written, \(counts.filtered) filtered, "
      + (counts.duplicate > 0 ? "\(counts.duplicate) duplicate, " : "")
      + "\(counts.deadLettered) dead-lettered. Nothing was written."
  }
}

/// What the rows of a dry run do to what the target holds.
private struct Effects {
  private var new: UInt64 = 0
  private var changed: UInt64 = 0
  private var same: UInt64 = 0
  private var gone: UInt64 = 0

  mutating func add(_ record: TrialRecord) {
    switch (record.held, record.operation) {
    case (.row?, .delete?): gone += 1
    case (.row?, _): if record.changes.isEmpty { same += 1 } else { changed += 1 }
    case (.nothing?, .upsert?): new += 1
    default: break
    }
  }

  var text: String { "In the target: \(new) new, \(changed) changed, \(same) as they are, \(gone) deleted." }
}

extension TrialRecord {
  var json: Value {
    let known = fields.filter { $0.value != nil }
    var members: [Value.Member] = [
      .init("op", operation.map { .string("\($0)") } ?? .null), .init("key", key), .init("before", record),
      .init("fields", .object(known.compactMap { field in field.value.map { .init(field.name, $0) } })),
      .init("types", .object(known.compactMap { field in field.type.map { .init(field.name, .string($0)) } })),
      .init("dead_letter", failure.map(\.described) ?? .null), .init("outcome", .string(outcome)),
      .init("place", .string(place)),
    ]
    if let table { members.append(.init("table", .string(table))) }
    if let held { members.append(.init("target", described(held))) }
    return .object(members)
  }

  private func described(_ held: Held) -> Value {
    guard case .row(let row) = held else { return ["row": nil, "changes": []] }
    return [
      "row": row,
      "changes": .array(
        changes.map { ["field": .string($0.name), "from": $0.before ?? .null, "to": $0.after] }),
    ]
  }

  var outcome: String {
    if failure != nil { return "dead_lettered" }
    if isDuplicate { return "duplicate" }
    return operation == nil ? "filtered" : "written"
  }
}

extension Records.Failure {
  fileprivate var described: Value {
    [
      "code": .string(code), "stage": .string(stage), "field": field.map { .string($0) } ?? .null,
      "message": .string(message),
    ]
  }
}
