import ConnectorKit
import Foundation
import Pipelines
import Testing

@testable import Examples

/// Contracts of streams, in versions, through the whole flow.
@Suite final class StreamContractTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "millrace-streams-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let fields = [
      ("a.json", #""no": {"type": "string"}"#), ("b.json", #""name": {"type": "string"}, "v": {}, "n": {}"#),
    ]
    for (name, more) in fields {
      let text = #"{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, \#(more)}}"#
      try text.write(to: folder.appendingPathComponent(name), atomically: false, encoding: .utf8)
    }
  }
  deinit { try? FileManager.default.removeItem(at: folder) }

  private func read(_ text: String) -> PipelineReader.Result {
    PipelineReader.read(
      file: folder.appendingPathComponent("p.yaml").path, bytes: Array(text.utf8), catalog: catalog)
  }

  private static let streams = """
    name: shop
    source: {type: none}
    contract: b.json
    target: {type: none, key: [id]}
    streams:
      s.orders:
        contract:
          version: record.v
          versions:
            1: {schema: b.json, upgrade: [{set: {record.name: "record.n + '!'"}}]}
            2: {schema: b.json, mappings: {id: record.id, two: record.name}}
            3: {schema: b.json, upgrade: [{set: {record.n: "'three'"}}]}
            4: b.json
        mappings: {id: record.id, name: record.name, n: record.n}
      s.items: {contract: {schema: a.json, unknown_fields: drop}, mappings: all}
      s.audit: {skip: true}
      "*": {mappings: {id: record.id, name: record.name}}
    tests:
      - name: each table has its contract

    """

  @Test func `each table is held against its contract, and each version takes its way`() throws {
    let result = read(
      Self.streams + """
            given:
              - {record: {id: 1, v: 1, n: a}, meta: {table: s.orders}}
              - {record: {id: 2, v: 2, name: b}, meta: {table: s.orders}}
              - {record: {id: 3, v: 3, name: c}, meta: {table: s.orders}}
              - {record: {id: 4, v: 4, name: d}, meta: {table: s.orders}}
              - {record: {id: 5, v: 9}, meta: {table: s.orders}}
              - {record: {id: 6, no: x, more: 1}, meta: {table: s.items}}
              - {record: {id: seven}, meta: {table: s.items}}
              - {record: {nothing: true}, meta: {table: s.audit}}
              - {record: {id: 9, name: 9}, meta: {table: s.others}}
              - {record: {id: 10, name: j}, meta: {table: s.others}}
              - {op: delete, record: {id: 2}, meta: {table: s.orders}}
            expect:
              - {table: s.orders, key: {id: 1}, fields: {two: "a!"}, without: [name, n]}
              - {table: s.orders, key: {id: 2}, fields: {two: b}, without: [name]}
              - {table: s.orders, key: {id: 3}, fields: {name: c, n: three}, without: [two]}
              - {table: s.orders, key: {id: 4}, fields: {name: d}, without: [two, n]}
              - {table: s.items, key: {id: 6}, fields: {no: x}, without: [more]}
              - {table: s.others, key: {id: 10}, fields: {name: j}}
              - {op: delete, table: s.orders, key: {id: 2}}
            expect_dead_letters:
              - {code: contract.version_unknown, field: record.v}
              - {code: contract.violation, field: /id}
              - {code: contract.violation, field: /name}
            expect_counts: {read: 11, written: 7, filtered: 1, dead_lettered: 3}
        """)
    try #require(!result.diagnostics.hasErrors, "\(result.diagnostics.items)")
    let plan = try #require(result.plans.first)
    let outcome = ExampleRun.outcome(of: plan.tests[0], in: plan)
    #expect(ExampleComparison.differences(of: plan.tests[0], at: plan.testNodes[0], from: outcome) == [])
  }

  @Test func `what several streams share has no mappings of one`() {
    let result = read(
      """
      name: shop
      source: {type: none}
      contract: {version: record.v, versions: {1: {schema: b.json, upgrade: [{unset: [record.n]}]}, 2: {schema: b.json, mappings: {id: record.id}}}}
      target: {type: none, key: [id]}
      streams: {s.a: {mappings: {id: record.id}}, s.b: {contract: a.json, mappings: {id: record.idd}}, s.c: {skip: true, contract: a.json}}
      """)
    #expect(
      result.diagnostics.sorted.map(\.code) == ["config.conflict", "config.conflict"], "\(result.diagnostics.sorted)")
  }
}
