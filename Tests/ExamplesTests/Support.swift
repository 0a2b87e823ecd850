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
  @Setting("A column.") var version: String?
  @Setting("What a delete does.") var deletes: Deletes = .delete
  enum Deletes: String, SettingChoice { case delete, ignore, mark }
  var rules: RowRules {
    switch deletes {
    case .delete: RowRules(version: version)
    case .ignore: RowRules(version: version, onDelete: .ignore)
    case .mark: RowRules(version: version, onDelete: .mark([.init("gone", true)]))
    }
  }
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

/// - Parameters:
///   - target: what the target says beside its type and key.
///   - step: what stands in the filter's place.
func plan(_ tests: String, target: String = "", step: String? = nil) throws -> Plan {
  var text = (pipeline + tests).replacing("key: [id]}", with: "key: [id]\(target)}")
  if let step { text = text.replacing("filter: record.kind == \"physical\"", with: step) }
  let read = PipelineReader.read(file: "p.yaml", bytes: Array(text.utf8), catalog: catalog)
  try #require(!read.diagnostics.hasErrors, "\(read.diagnostics.items)")
  return try #require(read.plans.first)
}

/// What differs in the first example.
func differences(_ tests: String, target: String = "", step: String? = nil) throws -> [Difference] {
  let plan = try plan(tests, target: target, step: step)
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
