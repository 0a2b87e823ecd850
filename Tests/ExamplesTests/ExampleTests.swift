import ConnectorKit
import Pipelines
import Records
import Testing

@testable import Examples

/// Examples from their YAML to what differs.
@Suite struct ExampleTests {
  private static let chair = "{record: {id: 1, kind: physical, status: draft}}"

  @Test(arguments: [
    "  - {name: a, given: [\(chair)], expect: [{op: upsert, key: {id: 1}, fields: {status: hidden}, without: [note]}]}",
    "  - {name: a, given: [{op: delete, record: {id: 1, kind: physical}}], expect: [{op: delete, key: {id: 1}}]}",
    "  - {name: a, given: [{op: truncate}], expect: [{op: truncate}]}",
    "  - {name: a, given: [{record: {id: 1.0, kind: physical}}], expect: [{fields: {id: 1}, without: [status]}]}",
    "  - {name: a, given: [{record: {kind: service}}], expect: [], expect_counts: {read: 1, filtered: 1, written: 0}}",
    """
      - name: what is refused
        given: [{record: {kind: physical}}]
        expect: []
        expect_dead_letters: [{code: mapping.required_missing, stage: mapping, field: id, message: required}]
    """,
    """
      - name: a key twice, and the older one last
        given:
          - {op: update, record: {id: 1, kind: physical, note: new}}
          - {op: update, record: {id: 1, kind: physical, note: old}}
          - {op: update, record: {id: 1, kind: physical, note: old}}
        expect: [{fields: {note: new}}, {fields: {note: old}}, {fields: {note: old}}]
    """,
    """
      - name: everything that can happen on the way
        given:
          - {record: {id: 1, kind: physical}}
          - restart
          - {record: {id: 2, kind: physical}}
          - kill
          - {record: {id: 3, kind: physical}}
          - kill
          - {record: {kind: physical}}
        target_failures: [{write: 1}, {write: 2, times: 30}, {write: 4, kind: refuse}]
        expect: [{key: {id: 1}}, {key: {id: 2}}, {key: {id: 3}}]
        expect_counts: {read: 4, written: 3, dead_lettered: 1}
    """,
  ])
  func `holds`(test: String) throws {
    #expect(try differences(test) == [])
  }

  private static func given(_ events: (op: String, id: Int, note: String)...) -> String {
    let steps = events.map { "{op: \($0.op), record: {id: \($0.id), kind: physical, note: \($0.note)}}" }
    return "  - {name: a, given: [\(steps.joined(separator: ", "))]"
  }

  private static let outOfOrder = given(("create", 1, "2"), ("update", 1, "10"), ("update", 1, "9"), ("create", 2, "1"))

  @Test func `an older row never takes a newer one's place, where the target has a version`() throws {
    let kept = "[{key: {id: 1}, fields: {note: 2}}, {fields: {note: 10}}, {key: {id: 2}, fields: {note: 1}}]"
    let test = Self.outOfOrder + ", expect: \(kept), expect_counts: {read: 4, written: 3, stale: 1}}"
    #expect(try differences(test, target: ", version: note") == [])
    #expect(try !differences(test).isEmpty)
    let times = Self.given(
      ("create", 1, "\"2026-01-01T10:00:00+02:00\""), ("update", 1, "\"2026-01-01T09:00:00Z\""),
      ("update", 1, "\"2026-01-01T08:30:00Z\""))
    #expect(
      try differences(times + ", expect: [{}, {}], expect_counts: {stale: 1}}", target: ", version: note") == [])
    let again = Self.given(("create", 1, "2"), ("delete", 1, "3"), ("create", 1, "1"))
    #expect(
      try differences(again + ", expect: [{}, {op: delete}, {fields: {note: 1}}]}", target: ", version: note") == [])
  }

  @Test func `a delete does what the target says`() throws {
    let deleted = Self.given(("create", 1, "2"), ("delete", 1, "3"))
    #expect(
      try differences(
        deleted + ", expect: [{}], expect_counts: {written: 1, filtered: 1}}", target: ", deletes: ignore")
        == [])
    #expect(
      try differences(
        deleted + ", expect: [{}, {op: upsert, key: {id: 1}, fields: {gone: true}, without: [note]}]}",
        target: ", deletes: mark") == [])
  }

  @Test func `columns have the types that the example gives them`() throws {
    let test = """
        - name: a
          types: {id: decimal}
          given: [{record: {id: 2, kind: physical}}]
          expect: [{fields: {id: 2}}]
      """
    let step = "filter: type(record.id) == decimal && record.id * decimal('0.5') == 1"
    #expect(try differences(test, step: step) == [])
    #expect(try !differences(test.replacing("types: {id: decimal}", with: "types: {}"), step: step).isEmpty)
  }

  @Test func `of several ways the first that holds decides`() throws {
    let step = "route: [{when: record.note == 'x', to: drop}, {when: record.id > 1, to: dead_letter, reason: high}]"
    let test = """
        - name: a
          given: [{record: {id: 1, note: a}}, {record: {id: 2, note: x}}, {record: {id: 3, note: b}}]
          expect: [{key: {id: 1}}]
          expect_dead_letters: [{code: transform.routed, stage: "transforms[0].route[1]", message: high}]
          expect_counts: {written: 1, filtered: 1, dead_lettered: 1}
      """
    #expect(try differences(test, step: step) == [])
  }

  @Test func `a field that differs has its place`() throws {
    let found = try differences(
      """
        - name: a
          given: [\(Self.chair)]
          expect:
            - key: {id: 1}
              fields:
                status: active
                note: x
      """)
    #expect(found.map(\.subject) == ["row 1"] && found.map(\.place.line) == [14])
    #expect(
      found[0].lines == [
        .init(
          name: "status", expected: #""active""#, got: #""hidden""#,
          place: Place(file: "p.yaml", line: 16, column: 19, endColumn: 25)),
        .init(
          name: "note", expected: #""x""#, got: nil, place: Place(file: "p.yaml", line: 17, column: 17, endColumn: 18)),
      ])
  }

  @Test(arguments: [
    ("expect: []", ["row: a row was written that nobody expects"]),
    ("expect: [{key: {id: 1}}, {key: {id: 2}}]", ["row 2: no such row was written"]),
    ("expect: [{op: delete, key: {id: 1}}]", ["row 1: 1 field differs"]),
    ("expect: [{fields: {status: hidden}, without: [status]}]", ["row 1: 1 field differs"]),
    ("expect_dead_letters: [{code: mapping.too_long}]", ["dead letter 1: there is no such dead letter"]),
    ("expect_counts: {read: 2}", ["counts: the counts differ"]),
    ("expect_error: contract.violation", ["end: the run ended without the error that is expected"]),
  ])
  func `fails`(expectation: String, said: [String]) throws {
    let found = try differences("  - {name: a, given: [\(Self.chair)], \(expectation)}")
    #expect(found.map { "\($0.subject): \($0.message)" } == said)
  }

  @Test func `a dead letter that nobody speaks of fails`() throws {
    let found = try differences("  - {name: a, given: [{record: {kind: physical}}], expect: []}")
    #expect(found.map(\.subject) == ["dead letter"])
  }

  @Test func `events name their tables`() throws {
    let streams = """
      name: shop
      source: {type: none}
      target: {type: none}
      mappings: all
      streams:
        shop.audit: {skip: true}
        "*": {}
      tests:
        - name: each table by its own key
          given:
            - {record: {id: 1}, key: {id: 1}, meta: {table: shop.products}}
            - {record: {sku: a}, key: {sku: a}, meta: {table: shop.prices}}
            - {record: {id: 2}, meta: {table: shop.audit}}
            - {op: delete, key: {id: 1}, meta: {table: shop.products}}
          expect:
            - {table: shop.products, key: {id: 1}}
            - {table: shop.prices, key: {sku: a}}
            - {op: delete, table: shop.products, key: {id: 1}}
          expect_counts: {read: 4, written: 3, filtered: 1}
      """
    let read = PipelineReader.read(file: "p.yaml", bytes: Array(streams.utf8), catalog: catalog)
    let plan = try #require(read.plans.first, "\(read.diagnostics.items)")
    let outcome = ExampleRun.outcome(of: plan.tests[0], in: plan)
    #expect(ExampleComparison.differences(of: plan.tests[0], at: plan.testNodes[0], from: outcome) == [])
  }

  @Test func `a target that is never there ends nothing`() throws {
    let found = try differences(
      "  - {name: a, given: [\(Self.chair)], target_failures: [{write: 1, times: 1000}], expect: [{key: {id: 1}}]}")
    #expect(found == [])
  }
}
