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
    usage: "millrace dry-run <file> [--limit <n>] [--input <file>] [<options>]",
    discussion: """
      Reads from the beginning of the source, writes nothing and moves no checkpoint. Exit code 4 where records would be \
      dead-lettered.

      Example:
        millrace dry-run products.yaml --limit 3
        millrace dry-run products.yaml --input samples.ndjson --json
      """)

  @Argument(help: "The pipeline file.", completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  @Option(name: [.short, .long], help: "The most records that are read.")
  var limit = 20

  @Option(help: "A file of records to read in place of the source.", completion: .file())
  var input: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be at least 1.") }
  }

  func perform() async throws(Failure) -> ExitStatus {
    let plan = try PipelineFiles.one(file)
    let began = SystemTime.now()
    let trial = try Trial(plan, input: input)
    let view = TrialText(width: Environment.answerWidth, style: Environment.answerStyle)
    var number = 0
    let counts = try await trial.run(limit: limit) { record in
      number += 1
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
    }
    return counts.deadLettered > 0 ? .deadLetters : .done
  }

  private static func summary(_ counts: Counts) -> String {
    "\(Quantity.count(counts.read, "record")) read: \(counts.written) would be written, \(counts.filtered) filtered, "
      + "\(counts.deadLettered) dead-lettered. Nothing was written."
  }
}

extension TrialRecord {
  var json: Value {
    [
      "op": operation.map { .string("\($0)") } ?? .null, "key": key, "before": record,
      "fields": .object(fields.compactMap { field in field.value.map { .init(field.name, $0) } }),
      "dead_letter": failure.map {
        [
          "code": .string($0.code), "stage": .string($0.stage), "field": $0.field.map { .string($0) } ?? .null,
          "message": .string($0.message),
        ]
      } ?? .null, "outcome": .string(outcome), "place": .string(place),
    ]
  }

  var outcome: String {
    if failure != nil { return "dead_lettered" }
    return operation == nil ? "filtered" : "written"
  }
}
