import ConnectorKit
import Records

/// One example of `tests`: events, and what must become of them.
package struct PipelineTest: SettingGroup {
  package init() {}

  @Setting("What the example shows.", example: "a draft is hidden") package var name: String
  @Setting("The events.", example: "[{op: create, record: {id: 1}}]") package var given: [GivenEvent]
  @Setting("The rows that the target must get, in order.") package var expect: [ExpectedRow]?
  @Setting("The dead letters that there must be, in order.") package var expectDeadLetters: [ExpectedDeadLetter]?

  package func problems() -> [Problem] {
    expect == nil && expectDeadLetters == nil
      ? [Problem("", "expects nothing", hint: "add `expect` or `expect_dead_letters`; `expect: []` for no row")] : []
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

package struct ExpectedRow: SettingGroup {
  package init() {}

  package enum Operation: String, SettingChoice { case upsert, delete, truncate }

  @Setting("What the target does.") package var op: Operation = .upsert
  @Setting("The row's key.") package var key: Value?
  @Setting("Fields of the row and their values; others are not looked at.") package var fields: Value?
}

package struct ExpectedDeadLetter: SettingGroup {
  package init() {}

  @Setting("The code of the failure.", example: "mapping.required_missing") package var code: String
  @Setting("The target field that failed.") package var field: String?
}
