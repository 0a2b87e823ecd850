import ConnectorKit
import Pipelines
import Testing

@testable import Examples

/// `dedupe` through the whole flow: duplicates, failures, restarts and kills.
@Suite struct DedupeTests {
  private func differences(_ step: String, _ test: String, more: String = "") throws -> [Difference] {
    let text = """
      name: orders
      source: {type: none}
      transforms:
      \(more)
        - dedupe: \(step)
      mappings: {id: {from: record.id, required: true}, note: {from: record.note, as: int}}
      target: {type: none, key: [id]}
      tests:
        - {name: a, \(test)}
      """
    let read = PipelineReader.read(file: "p.yaml", bytes: Array(text.utf8), catalog: catalog)
    try #require(!read.diagnostics.hasErrors, "\(read.diagnostics.items)")
    let plan = try #require(read.plans.first)
    let outcome = ExampleRun.outcome(of: plan.tests[0], in: plan)
    return ExampleComparison.differences(of: plan.tests[0], at: plan.testNodes[0], from: outcome)
  }

  @Test(arguments: [
    // The first one goes on, wherever the others come from.
    (
      "meta.event_id",
      """
      given: [{record: {id: 1}, meta: {event_id: a}}, {record: {id: 2}, meta: {event_id: b}},
        {record: {id: 3}, meta: {event_id: a}}],
      expect: [{key: {id: 1}}, {key: {id: 2}}], expect_counts: {read: 3, written: 2, duplicate: 1}
      """
    ),
    // A restart and a kill change nothing.
    (
      "meta.event_id",
      """
      given: [{record: {id: 1}, meta: {event_id: a}}, restart, {record: {id: 2}, meta: {event_id: a}}, kill,
        {record: {id: 3}, meta: {event_id: b}}, kill, {record: {id: 4}, meta: {event_id: b}}],
      expect: [{key: {id: 1}}, {key: {id: 3}}], expect_counts: {read: 4, written: 2, duplicate: 2}
      """
    ),
    // What failed is let through when it comes again, mended.
    (
      "meta.event_id",
      """
      given: [{record: {note: 1}, meta: {event_id: a}}, {record: {id: 1}, meta: {event_id: a}},
        {record: {}, meta: {event_id: a}}],
      expect: [{key: {id: 1}}], expect_dead_letters: [{code: mapping.required_missing}],
      expect_counts: {read: 3, written: 1, dead_lettered: 1, duplicate: 1}
      """
    ),
    (
      "meta.event_id",
      """
      given: [{record: {id: 1}, meta: {event_id: a}}, restart, {record: {id: 1}, meta: {event_id: a}},
        {record: {id: 1}, meta: {event_id: a}}],
      target_failures: [{write: 1, kind: refuse}],
      expect: [{key: {id: 1}}], expect_dead_letters: [{code: test.target_refused}],
      expect_counts: {read: 3, written: 1, dead_lettered: 1, duplicate: 1}
      """
    ),
    // Numbers and texts are told apart, their spellings are not.
    (
      "[record.id, record.?at]",
      """
      given: [{record: {id: 1, at: a}}, {record: {id: 1.0, at: a}}, {record: {id: "1", at: a}}, {record: {id: 1, at: b}}],
      expect: [{key: {id: 1}}, {key: {id: "1"}}, {key: {id: 1}}], expect_counts: {duplicate: 1}
      """
    ),
    // Without a value there is nothing to compare.
    (
      "record.?at",
      """
      given: [{record: {id: 1}}, {record: {id: 1}}, {record: {id: 1, at: null}}, {record: {id: 1, at: null}}],
      expect_counts: {read: 4, written: 4}
      """
    ),
    // A time that is missing is no reason to let an event through, or to drop it.
    (
      "{by: record.id, window: 10m}",
      """
      given: [{record: {id: 1}}, {record: {id: 1}, meta: {time: "2026-01-01T00:00:00Z"}},
        {record: {id: 1}, meta: {time: "2026-01-01T00:10:00Z"}},
        {record: {id: 1}, meta: {ingested_at: "2026-01-01T00:10:00.001Z"}}],
      expect_dead_letters: [{code: transform.no_time}], expect_counts: {written: 2, duplicate: 1, dead_lettered: 1}
      """
    ),
    (
      "{by: record.id, window: 1h, time: timestamp(record.at), records: 2}",
      """
      given: [{record: {id: 1, at: "2026-01-01T00:00:00Z"}}, {record: {id: 1, at: "2026-01-01T02:00:00+01:00"}},
        {record: {id: 1, at: "2026-01-01T02:00:00Z"}}],
      expect_counts: {written: 2, duplicate: 1}
      """
    ),
    // A delete may carry no more than its key.
    (
      "record.version",
      """
      given: [{op: update, record: {id: 1, version: 1}}, {op: update, record: {id: 1, version: 1}},
        {op: delete, record: {id: 1}}],
      expect: [{key: {id: 1}}, {op: delete, key: {id: 1}}], expect_counts: {written: 2, duplicate: 1}
      """
    ),
    // A late update does not bring back what was deleted, whichever version the delete names.
    (
      "{by: record.id, version: record.at}",
      """
      given: [{op: update, record: {id: 1, at: "2026-01-02T00:00:00Z"}}, restart,
        {op: update, record: {id: 1, at: "2026-01-01T23:59:59.999999999Z"}},
        {op: delete, record: {id: 1, at: "2026-01-02T00:00:00Z"}}, kill,
        {op: update, record: {id: 1, at: "2026-01-02T01:00:00+01:00"}},
        {op: create, record: {id: 1, at: "2026-01-02T00:00:00.000000001Z"}}],
      expect: [{key: {id: 1}}, {op: delete, key: {id: 1}}, {key: {id: 1}}], expect_counts: {written: 3, stale: 2}
      """
    ),
    // What has no version keeps nothing out; what has an odd one is told.
    (
      "{by: record.id, version: record.?v}",
      """
      given: [{record: {id: 1, v: 9}}, {record: {id: 1}}, {record: {id: 1, v: null}}, {op: delete, record: {id: 1}},
        {record: {id: 1, v: 8}}, {record: {id: 1, v: "nine"}}, {record: {id: 1, v: 4611686018427387904}},
        {record: {id: 2, v: -4611686018427387903}}],
      expect_dead_letters: [{code: transform.no_version}, {code: transform.no_version}],
      expect_counts: {written: 5, stale: 1, dead_lettered: 2}
      """
    ),
  ])
  func holds(step: String, test: String) throws { #expect(try differences(step, test) == []) }

  @Test func anEventThatWasFilteredBeforeIsNotCompared() throws {
    #expect(
      try differences(
        "record.id",
        """
        given: [{record: {id: 1, ok: false}}, {record: {id: 1, ok: true}}, {record: {id: 1, ok: true}}],
        expect_counts: {written: 1, filtered: 1, duplicate: 1}
        """, more: "  - filter: record.ok") == [])
  }
}
