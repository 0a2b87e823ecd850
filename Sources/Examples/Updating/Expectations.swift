import ConnectorKit
import Flows
import Pipelines
import Records

/// What an example must expect so that it holds, key by key; only those that differ.
///
/// What stands in the file decides what is looked at: a row that is there keeps its choice of fields, a new one has all.
enum Expectations {
  static func new(
    for test: PipelineTest, at node: ConfigNode, from outcome: ExampleOutcome
  ) -> [(key: String, value: Value)] {
    var changes: [(key: String, value: Value)] = []
    let subjects = ExampleComparison.differences(of: test, at: node, from: outcome).map(\.subject)
    if subjects.contains(where: { $0.hasPrefix("row") }) || !test.expectsSomething {
      changes.append(("expect", .array(rows(test.expect ?? [], outcome.rows))))
    }
    if subjects.contains(where: { $0.hasPrefix("dead letter") }) {
      changes.append(("expect_dead_letters", .array(letters(test.expectDeadLetters ?? [], outcome.letters))))
    }
    if subjects.contains("counts"), let counts = test.expectCounts {
      changes.append(("expect_counts", value(counts, outcome)))
    }
    if subjects.contains("end"), let error = outcome.error { changes.append(("expect_error", .string(error.code))) }
    return changes
  }

  private static func rows(_ expected: [ExpectedRow], _ got: [ExampleOutcome.Row]) -> [Value] {
    let pairs = Alignment.pairs(expected.count, got.count) { ExampleComparison.score(expected[$0], got[$1]) }
    return pairs.compactMap { pair in
      pair.got.map { row in value(got[row], like: pair.expected.map { expected[$0] }) }
    }
  }

  private static func value(_ row: ExampleOutcome.Row, like expected: ExpectedRow?) -> Value {
    var members: [Value.Member] = [.init("op", .string(row.operation.name))]
    if expected == nil || expected?.table != nil, let table = row.table {
      members.append(.init("table", .string(table)))
    }
    let key = expected.map { ($0.key?.members ?? []).compactMap { row.member($0.name) } } ?? row.key
    if !key.isEmpty { members.append(.init("key", .object(key))) }
    let inKey = Set(key.map(\.name))
    let fields =
      expected.map { ($0.fields?.members ?? []).compactMap { row.member($0.name) } }
      ?? row.fields.filter { !inKey.contains($0.name) }
    if !fields.isEmpty { members.append(.init("fields", .object(fields))) }
    let without = (expected?.without ?? []).filter { row.value(of: $0) == nil }
    if !without.isEmpty { members.append(.init("without", .array(without.map { .string($0) }))) }
    return .object(members)
  }

  private static func letters(_ expected: [ExpectedDeadLetter], _ got: [DeadLetter]) -> [Value] {
    let pairs = Alignment.pairs(expected.count, got.count) { ExampleComparison.score(expected[$0], got[$1]) }
    return pairs.compactMap { pair in
      guard let letter = pair.got.map({ got[$0] }) else { return nil }
      let like = pair.expected.map { expected[$0] }
      let members: [(String, Value?)] = [
        ("code", .string(letter.code)), ("stage", like?.stage == nil ? Value?.none : .string(letter.stage)),
        ("field", like != nil && like?.field == nil ? Value?.none : letter.field.map { .string($0) }),
        ("message", like?.message == nil ? Value?.none : .string(letter.message)),
      ]
      return .object(members.compactMap { name, value in value.map { .init(name, $0) } })
    }
  }

  private static func value(_ expected: ExpectedCounts, _ outcome: ExampleOutcome) -> Value {
    .object(
      ExampleComparison.counts(expected, outcome).compactMap { name, wanted, got in
        wanted == nil ? nil : .init(name, .int(Int64(clamping: got)))
      })
  }
}

extension ExampleOutcome.Row {
  fileprivate func member(_ name: String) -> Value.Member? { value(of: name).map { Value.Member(name, $0) } }
}
