import ConnectorKit
import Pipelines
import Records
import Testing

@testable import Examples

/// What `--update` changes in a file, and what it leaves alone.
@Suite struct ExpectationEditTests {
  /// The tests of the file with the edits made.
  private func updated(_ tests: String) throws -> String {
    let text = Array((pipeline + tests).utf8)
    let plan = try plan(tests)
    let source = try #require(SourceText.of(text, file: "p.yaml"))
    let edits = zip(plan.tests, plan.testNodes).flatMap { test, node in
      ExpectationEdit.edits(for: test, at: node, from: ExampleRun.outcome(of: test, in: plan), in: source)
    }
    let new = String(decoding: ExpectationEdit.apply(edits, to: source), as: UTF8.self)
    #expect(new.hasPrefix(pipeline))
    return String(new.dropFirst(pipeline.count))
  }

  private static let given = "given: [{record: {id: 1, kind: physical, status: draft, note: \"a: b\"}}]"

  @Test(arguments: [
    // What holds stays as it is.
    (
      "  - {name: é, \(given), expect: [{fields: {status: hidden}}]} # a\n",
      "  - {name: é, \(given), expect: [{fields: {status: hidden}}]} # a\n"
    ),
    (
      "  - {name: é, \(given), expect: [{fields: {status: active}}]} # a\n",
      "  - {name: é, \(given), expect: [{op: upsert, fields: {status: hidden}}]} # a\n"
    ),
    (
      "  - {name: a, \(given)}\n",
      "  - {name: a, \(given), expect: [{op: upsert, key: {id: 1}, fields: {status: hidden, note: \"a: b\"}}]}\n"
    ),
    (
      "  - name: a\n    \(given)   # why\n\n  # next\n  - {name: b, given: [], expect: []}\n",
      "  - name: a\n    \(given)   # why\n    expect:\n      - {op: upsert, key: {id: 1}, fields: {status: hidden, note: \"a: b\"}}"
        + "\n\n  # next\n  - {name: b, given: [], expect: []}\n"
    ),
    (
      "  - name: a\n    expect: []   # none\n    \(given)\n",
      "  - name: a\n    expect: [{op: upsert, key: {id: 1}, fields: {status: hidden, note: \"a: b\"}}]   # none\n    \(given)\n"
    ),
    (
      "  - name: a\n    expect:\n      - fields:\n          status: active\n      - {key: {id: 2}}\n    # last\n    \(given)\n",
      "  - name: a\n    expect:\n      - {op: upsert, fields: {status: hidden}}\n    # last\n    \(given)\n"
    ),
    (
      "  - name: a\n    \(given)\n    expect_counts: {written: 5}\n",
      "  - name: a\n    \(given)\n    expect_counts: {written: 1}\n"
    ),
    (
      "  - name: a\n    given: [{record: {kind: physical}}]\n    expect: []\n",
      "  - name: a\n    given: [{record: {kind: physical}}]\n    expect: []\n    expect_dead_letters:\n"
        + "      - {code: mapping.required_missing, field: id}\n"
    ),
  ])
  func `edits`(before: String, after: String) throws {
    let new = try updated(before)
    #expect(new == after)
    // What was written holds.
    #expect(try updated(new) == new)
  }

  @Test func `what an alias repeats is left alone`() throws {
    let tests = """
        - {name: a, given: [], expect: &rows []}
        - name: b
          \(Self.given)
          expect: *rows

      """
    #expect(try updated(tests) == tests)
  }
}
