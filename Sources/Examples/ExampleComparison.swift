import ConnectorKit
import Flows
import Pipelines
import Records

/// Compares what became of an example with what it expects.
package struct ExampleComparison {
  private let test: PipelineTest
  private let outcome: ExampleOutcome
  /// The example in the file.
  private let node: ConfigNode
  private var differences: [Difference] = []

  /// All in which they differ, in the order of the file; none where the example holds.
  package static func differences(
    of test: PipelineTest, at node: ConfigNode, from outcome: ExampleOutcome
  ) -> [Difference] {
    var comparison = ExampleComparison(test: test, outcome: outcome, node: node)
    comparison.compareEnd()
    comparison.compareRows()
    comparison.compareLetters()
    comparison.compareCounts()
    if !test.expectsSomething {
      comparison.add("example", at: node, "expects nothing", [])
    }
    return comparison.differences
  }

  private init(test: PipelineTest, outcome: ExampleOutcome, node: ConfigNode) {
    self.test = test
    self.outcome = outcome
    self.node = node
  }

  private mutating func add(_ subject: String, at node: ConfigNode?, _ message: String, _ lines: [Difference.Line]) {
    differences.append(
      Difference(place: (node ?? self.node).place, subject: subject, message: message, lines: lines))
  }

  /// The end of the run.
  private mutating func compareEnd() {
    let (expected, got) = (test.expectError, outcome.error)
    guard expected != got?.code else { return }
    let message =
      got.map { "the run ended with an error: \($0.message)" } ?? "the run ended without the error that is expected"
    add(
      "end", at: node["expect_error"], message,
      [Difference.Line(name: "error", expected: expected, got: got?.code)])
  }
}

// Rows.
extension ExampleComparison {
  private mutating func compareRows() {
    guard let expected = test.expect else { return }
    let got = outcome.rows
    let pairs = Alignment.pairs(expected.count, got.count) { Self.score(expected[$0], got[$1]) }
    let nodes = node["expect"]?.list ?? []
    for pair in pairs {
      switch (pair.expected, pair.got) {
      case (let index?, let row?): compare(expected[index], got[row], "row \(index + 1)", at: nodes[index])
      case (let index?, nil):
        add("row \(index + 1)", at: nodes[index], "no such row was written", Self.lines(of: expected[index]))
      case (nil, let row?):
        add("row", at: node["expect"], "a row was written that nobody expects", Self.lines(of: got[row]))
      case (nil, nil): break
      }
    }
  }

  /// Which row is probably meant by an expectation: the one that fits, or at least has its key.
  static func score(_ expected: ExpectedRow, _ got: ExampleOutcome.Row) -> Int {
    if let table = expected.table, table != got.table { return 0 }
    guard expected.op.rawValue == got.operation.name else { return expected.key == nil ? 0 : 1 }
    guard let key = expected.key?.members else { return 2 + matching(expected, got) }
    let isSame = key.allSatisfy { member in got.value(of: member.name).map { member.value.means($0) } ?? false }
    return isSame ? 1_000 + matching(expected, got) : 1
  }

  private static func matching(_ expected: ExpectedRow, _ got: ExampleOutcome.Row) -> Int {
    (expected.fields?.members ?? []).count { member in
      got.value(of: member.name).map { member.value.means($0) } ?? false
    }
  }

  private mutating func compare(
    _ expected: ExpectedRow, _ got: ExampleOutcome.Row, _ subject: String, at node: ConfigNode
  ) {
    var lines: [Difference.Line] = []
    if expected.op.rawValue != got.operation.name {
      lines.append(.init(name: "op", expected: expected.op.rawValue, got: got.operation.name))
    }
    if let table = expected.table, table != got.table {
      lines.append(.init(name: "table", expected: table, got: got.table))
    }
    for (part, members) in [("key", expected.key?.members), ("fields", expected.fields?.members)] {
      for member in members ?? [] {
        let value = got.value(of: member.name)
        if let value, member.value.means(value) { continue }
        let place = node[part]?[member.name]?.place
        lines.append(.init(name: member.name, expected: member.value.shown, got: value?.shown, place: place))
      }
    }
    for name in expected.without {
      if let value = got.value(of: name) { lines.append(.init(name: name, expected: nil, got: value.shown)) }
    }
    guard !lines.isEmpty else { return }
    add(subject, at: node, "\(lines.count == 1 ? "1 field differs" : "\(lines.count) fields differ")", lines)
  }

  private static func lines(of row: ExpectedRow) -> [Difference.Line] {
    let members = (row.key?.members ?? []) + (row.fields?.members ?? [])
    return [.init(name: "op", expected: row.op.rawValue, got: nil)]
      + members.map { .init(name: $0.name, expected: $0.value.shown, got: nil) }
  }

  private static func lines(of row: ExampleOutcome.Row) -> [Difference.Line] {
    [.init(name: "op", expected: nil, got: row.operation.name)]
      + row.fields.map { .init(name: $0.name, expected: nil, got: $0.value.shown) }
  }
}

// Dead letters.
extension ExampleComparison {
  /// One that nobody speaks of fails an example that expects rows: it may be why they are not there.
  private mutating func compareLetters() {
    let got = outcome.letters
    guard let expected = test.expectDeadLetters ?? (test.expectCounts?.deadLettered == nil ? [] : nil) else { return }
    let pairs = Alignment.pairs(expected.count, got.count) { Self.score(expected[$0], got[$1]) }
    let nodes = node["expect_dead_letters"]?.list ?? []
    for pair in pairs {
      switch (pair.expected, pair.got) {
      case (let index?, let letter?):
        compare(expected[index], got[letter], "dead letter \(index + 1)", at: nodes[index])
      case (let index?, nil):
        add(
          "dead letter \(index + 1)", at: nodes[index], "there is no such dead letter",
          [.init(name: "code", expected: expected[index].code, got: nil)])
      case (nil, let letter?):
        add(
          "dead letter", at: node["expect_dead_letters"], "an event became a dead letter: \(got[letter].message)",
          Self.lines(of: got[letter]))
      case (nil, nil): break
      }
    }
  }

  static func score(_ expected: ExpectedDeadLetter, _ got: DeadLetter) -> Int {
    1 + (expected.code == got.code ? 10 : 0) + (expected.field == got.field ? 1 : 0)
  }

  private mutating func compare(
    _ expected: ExpectedDeadLetter, _ got: DeadLetter, _ subject: String, at node: ConfigNode
  ) {
    var lines: [Difference.Line] = []
    let pairs = [
      ("code", expected.code as String?, got.code as String?), ("stage", expected.stage, got.stage),
      ("field", expected.field, got.field),
    ]
    for (name, wanted, found) in pairs {
      guard let wanted, wanted != found else { continue }
      lines.append(.init(name: name, expected: wanted, got: found))
    }
    if let part = expected.message, !got.message.contains(part) {
      lines.append(.init(name: "message", expected: part, got: got.message))
    }
    if !lines.isEmpty { add(subject, at: node, "is another: \(got.message)", lines) }
  }

  private static func lines(of letter: DeadLetter) -> [Difference.Line] {
    [("code", letter.code as String?), ("stage", letter.stage), ("field", letter.field)].compactMap { name, value in
      value.map { .init(name: name, expected: nil, got: $0) }
    }
  }
}

// Counts.
extension ExampleComparison {
  private mutating func compareCounts() {
    guard let expected = test.expectCounts else { return }
    let lines = Self.counts(expected, outcome).compactMap { name, wanted, got -> Difference.Line? in
      guard let wanted, UInt64(wanted) != got else { return nil }
      return Difference.Line(name: name, expected: "\(wanted)", got: "\(got)")
    }
    if !lines.isEmpty { add("counts", at: node["expect_counts"], "the counts differ", lines) }
  }

  /// Each count by its name in the file: how many are expected, where anything is, and how many there are.
  static func counts(
    _ expected: ExpectedCounts, _ outcome: ExampleOutcome
  ) -> [(name: String, expected: Int?, got: UInt64)] {
    let counts = outcome.counts
    return [
      ("read", expected.read, counts.read), ("written", expected.written, counts.written),
      ("filtered", expected.filtered, counts.filtered), ("duplicate", expected.duplicate, counts.duplicate),
      ("stale", expected.stale, counts.stale), ("dead_lettered", expected.deadLettered, counts.deadLettered),
      ("retries", expected.retries, UInt64(outcome.retries)),
    ]
  }
}

extension ExampleOutcome.Row {
  /// The value of a field or of a part of the key.
  func value(of name: String) -> Value? {
    (fields.last { $0.name == name } ?? key.last { $0.name == name })?.value
  }
}

extension Value {
  fileprivate var shown: String { json }
}
