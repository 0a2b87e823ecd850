import ConnectorKit
import Records

/// One example of `tests`: events, what goes wrong on their way, and what must become of them.
package struct PipelineTest: SettingGroup {
  package init() {}

  @Setting("What the example shows.", example: "a draft is hidden") package var name: String
  @Setting("The events, in order; `restart` and `kill` between them.", example: "[{op: create, record: {id: 1}}]")
  package var given: [GivenStep]
  @Setting(
    "What columns of a table are that JSON does not tell, for all events: `decimal`, `double`, or `time` for a timestamp "
      + "or date. A run learns it from the source, an example only from here.", example: "{price: decimal}")
  package var types: SettingMap<ColumnType> = SettingMap()
  @Setting("Writes that the target fails.", example: "[{write: 2, times: 3}]")
  package var targetFailures: [TargetFailure] = []
  @Setting("The rows that the target must get, in order.") package var expect: [ExpectedRow]?
  @Setting("The dead letters that there must be, in order.") package var expectDeadLetters: [ExpectedDeadLetter]?
  @Setting("How many events must end where.", example: "{read: 3, written: 2, duplicate: 1}")
  package var expectCounts: ExpectedCounts?
  @Setting("The code of the error that must end the run.", example: "contract.violation") package var expectError:
    String?

  /// Whether it says what must become of the events.
  package var expectsSomething: Bool {
    expect != nil || expectDeadLetters != nil || expectCounts != nil || expectError != nil
  }

  package func problems() -> [Problem] {
    expectsSomething
      ? []
      : [
        Problem(
          "", code: "test.no_expectation", "expects nothing",
          hint: "add `expect`, with `expect: []` for no row; `millrace test --update` fills it in", severity: .warning)
      ]
  }
}

/// What a column of a table holds, where its JSON does not tell; the words are those of dead letters.
package enum ColumnType: String, SettingChoice {
  case decimal, double, time
}

/// An event, or what happens to the run between two of them.
package enum GivenStep: SettingValue {
  case event(GivenEvent)
  /// The run is stopped, stores what it has, and starts again.
  case restart
  /// The run is killed when it has written what came before and has not yet saved its checkpoint; then it starts again.
  case kill

  private static let words: [(word: String, step: GivenStep)] = [("restart", .restart), ("kill", .kill)]

  package static var shape: SettingShape { .either([GivenEvent.shape, .choice(words.map(\.word))]) }

  package var written: Value {
    switch self {
    case .event(let event): event.written
    case .restart: "restart"
    case .kill: "kill"
    }
  }

  package static func read(_ node: ConfigNode, _ loader: inout SettingLoader) -> GivenStep? {
    if node.map != nil { return GivenEvent.read(node, &loader).map { .event($0) } }
    if let step = words.first(where: { $0.word == node.scalar?.text }) { return step.step }
    let hint = node.scalar.flatMap { Suggestion.nearest(to: $0.text, among: words.map(\.word)) }
    return loader.mismatch(
      node, expected: "an event, `restart` or `kill`",
      hint: hint.map { "did you mean `\($0)`?" } ?? "write {op: create, record: {id: 1}}")
  }
}

package struct GivenEvent: SettingGroup {
  package init() {}

  package enum Operation: String, SettingChoice { case read, create, update, delete, truncate }

  @Setting("What happened to the record.") package var op: Operation = .read
  @Setting("The record after it.") package var record: Value?
  @Setting("The record before it.") package var before: Value?
  @Setting("Its key.") package var key: Value?
  @Setting("What is known about the event.") package var meta: Value?
}

/// How the target of an example fails.
package struct TargetFailure: SettingGroup {
  package init() {}

  package enum Kind: String, SettingChoice {
    /// It cannot be reached; the write is tried again.
    case away
    /// It refuses the rows for good.
    case refuse
  }

  @Setting("Which write fails, counted from 1; each event is a write of its own.", range: 1...1_000_000)
  package var write: Int
  @Setting("How often it fails before it goes through.", range: 1...1_000) package var times: Int = 1
  @Setting("`away`: it cannot be reached, and the write is tried again. `refuse`: it refuses the rows for good.")
  package var kind: Kind = .away
}

package struct ExpectedRow: SettingGroup {
  package init() {}

  package enum Operation: String, SettingChoice { case upsert, delete, truncate }

  @Setting("What the target does.") package var op: Operation = .upsert
  @Setting("The source's table that the row comes from, where the pipeline has `streams`.", example: "shop.products")
  package var table: String?
  @Setting("The row's key.") package var key: Value?
  @Setting("Fields of the row and their values; others are not looked at.") package var fields: Value?
  @Setting("Fields that the row must not have.") package var without: [String] = []
}

package struct ExpectedDeadLetter: SettingGroup {
  package init() {}

  @Setting("The code of the failure.", example: "mapping.required_missing") package var code: String
  @Setting("The stage that failed: `contract`, a transform, `mapping`, `target`.") package var stage: String?
  @Setting("The target field that failed, or the place in the record.") package var field: String?
  @Setting("A part of the message.") package var message: String?
}

package struct ExpectedCounts: SettingGroup {
  package init() {}

  @Setting("Events that were read.", range: 0...Int.max) package var read: Int?
  @Setting("Events that were written.", range: 0...Int.max) package var written: Int?
  @Setting("Events that a transform took out.", range: 0...Int.max) package var filtered: Int?
  @Setting("Events that came before.", range: 0...Int.max) package var duplicate: Int?
  @Setting("Events that are older than what the target holds.", range: 0...Int.max) package var stale: Int?
  @Setting("Events that became dead letters.", range: 0...Int.max) package var deadLettered: Int?
  @Setting("Writes that were tried again.", range: 0...Int.max) package var retries: Int?
}
