import ConnectorKit
import Pipelines
import Records
import Testing

@testable import Examples

/// Connectors that declare what examples need, and are never opened.
let catalog = Catalog(sources: [NoSource.self], targets: [NoTarget.self])

struct NoSource: SourceConnector {
  static let about = About("none", .source, title: "None", summary: "Nothing.", hasTables: true)
  func makeSource(_ context: Context) throws(ConnectorError) -> any Source { throw nothing }
}

struct NoTarget: TargetConnector {
  static let about = About("none", .target, title: "None", summary: "Nothing.", streamSettings: ["table"])
  @Setting("A table.") var table: String?
  func makeTarget(_ context: Context, lane: Int) throws(ConnectorError) -> any Target { throw nothing }
}

private let nothing = ConnectorError("none", "Examples open no connector.", remedy: .stop)

let pipeline = """
  name: products
  source: {type: none}
  transforms:
    - filter: record.kind == "physical"
  mappings:
    id: {from: record.id, required: true}
    status: {from: record.status, values: {draft: hidden, published: active}, otherwise: hidden}
    note: record.note
  target: {type: none, key: [id]}
  tests:

  """

func plan(_ tests: String) throws -> Plan {
  let read = PipelineReader.read(file: "p.yaml", bytes: Array((pipeline + tests).utf8), catalog: catalog)
  try #require(!read.diagnostics.hasErrors, "\(read.diagnostics.items)")
  return try #require(read.plans.first)
}

/// What differs in the first example.
func differences(_ tests: String) throws -> [Difference] {
  let plan = try plan(tests)
  let outcome = ExampleRun.outcome(of: plan.tests[0], in: plan)
  return ExampleComparison.differences(of: plan.tests[0], at: plan.testNodes[0], from: outcome)
}

/// A YAML value, as a pipeline file reads it.
func read(_ yaml: String) throws -> Value {
  let text = pipeline + "  - {name: a, given: [{meta: {v: \(yaml)}}], expect: []}\n"
  let read = PipelineReader.read(file: "p.yaml", bytes: Array(text.utf8), catalog: catalog)
  try #require(read.diagnostics.items.isEmpty, "\(yaml): \(read.diagnostics.items)")
  guard case .event(let event)? = read.plans.first?.tests.first?.given.first else { return .null }
  return event.meta?["v"] ?? .null
}
