import Contracts
import Expressions
import Pipelines
import Records
import Testing

@testable import Flows

/// What a contract does to the events of a batch.
@Suite struct ContractStageTests {
  private static let product = #"""
    {"type": "object", "required": ["sku"],
     "properties": {"sku": {"type": "string", "minLength": 1}, "price": {"type": "number", "minimum": 0}}}
    """#

  private func plan(_ change: (inout ContractPlan) -> Void = { _ in }) throws -> ContractPlan {
    let contract = try Contract(Value(json: Self.product))
    var plan = ContractPlan(versions: [.init(file: "product.json", contract: contract)])
    change(&plan)
    return plan
  }

  /// Two versions: the first has the price in cents.
  private func versions(_ change: (inout ContractPlan) -> Void = { _ in }) throws -> ContractPlan {
    let old = try Contract(Value(json: #"{"required": ["cents"]}"#))
    var plan = try plan()
    plan.versions = [
      .init(name: "1", file: "old.json", contract: old),
      .init(name: "2", file: "new.json", contract: plan.versions[0].contract),
    ]
    plan.version = Path(.record, [.member("v")])
    change(&plan)
    return plan
  }

  private func batch(_ records: String...) -> Batch {
    let batch = Batch()
    batch.origin = Origin(name: "products.ndjson", offset: 0, line: 1)
    batch.bytes.append(records.joined(separator: "\n"))
    JSONRecordDecoder().decode(batch)
    return batch
  }

  private func outcomes(_ batch: Batch) -> [Outcome] { batch.events.indices.map { batch.events[$0].outcome } }

  @Test func `what breaks it is a dead letter with its place, its keyword and a reason`() throws {
    let batch = batch(#"{"sku":"a","price":1.5}"#, #"{"sku":"b","price":-1}"#, #"{"price":"1"}"#)
    try ContractStage(plan()).check(batch)
    #expect(outcomes(batch) == [.flowing, .deadLettered, .deadLettered])
    #expect(batch.failures.map(\.code) == ["contract.violation", "contract.violation"])
    #expect(batch.failures.map(\.field) == ["/price", "/price"])
    #expect(batch.failures.allSatisfy { $0.stage == "contract" })
    #expect(batch.failures[0].message == "/price: -1 must be at least 0 (minimum)")
    #expect(
      batch.failures[1].message
        == #"/price: "1" is a string, and must be a number (type); the record: the field sku is missing (required)"#)
  }

  @Test func `the first violation ends a run that says so`() throws {
    let batch = batch(#"{"sku":"a"}"#, #"{"sku":""}"#)
    let breach = #expect(throws: ContractBreach.self) {
      try ContractStage(plan { $0.stopsOnViolation = true }).check(batch)
    }
    #expect(breach?.message.hasPrefix("products.ndjson:2: /sku: ") == true)
  }

  @Test func `unknown fields are kept, dropped or refused`() throws {
    let record = #"{"sku":"a","prise":1,"price":2}"#
    let kept = batch(record)
    try ContractStage(plan()).check(kept)
    #expect(kept.json(at: Int(kept.events[0].record)) == record)

    let dropped = batch(record)
    try ContractStage(plan { $0.unknownFields = .drop }).check(dropped)
    #expect(dropped.json(at: Int(dropped.events[0].record)) == #"{"sku":"a","price":2}"#)
    #expect(outcomes(dropped) == [.flowing])
    #expect(dropped.originals[0].map { dropped.json(at: Int($0)) } == record)

    let refused = batch(record)
    try ContractStage(plan { $0.unknownFields = .reject }).check(refused)
    #expect(refused.failures.map(\.code) == ["contract.unknown_field"])
    #expect(
      refused.failures.map(\.message)
        == ["/prise: the contract declares no field prise; did you mean price? (unknown_fields)"])

    #expect(throws: ContractBreach.self) {
      try ContractStage(plan { $0.unknownFields = .stop }).check(batch(record))
    }
  }

  @Test func `each version has its schema, as text or number`() throws {
    let batch = batch(
      #"{"v":1,"cents":5}"#, #"{"v":"1","sku":"a"}"#, #"{"v":2,"sku":"a"}"#, #"{"v":"2","cents":5}"#)
    try ContractStage(versions()).check(batch)
    #expect(outcomes(batch) == [.flowing, .deadLettered, .flowing, .deadLettered])
    #expect(batch.events.indices.map { batch.events[$0].version } == [0, 0, 1, 1])
  }

  @Test func `an unknown version is refused, kept, dropped, or ends the run`() throws {
    let records = (#"{"v":3,"sku":"a"}"#, #"{"sku":"a"}"#)
    let refused = batch(records.0, records.1)
    try ContractStage(versions()).check(refused)
    #expect(refused.failures.map(\.code) == ["contract.version_unknown", "contract.version_unknown"])
    #expect(
      refused.failures.map(\.message) == [
        "the contract has no version 3; it has 1, 2", "record.v names no version; the contract has 1, 2",
      ])

    let kept = batch(records.0, records.1)
    try ContractStage(versions { $0.unknownVersions = .keep }).check(kept)
    #expect(outcomes(kept) == [.flowing, .flowing] && kept.events[0].version == 1)

    let dropped = batch(records.0, records.1)
    try ContractStage(versions { $0.unknownVersions = .drop }).check(dropped)
    #expect(outcomes(dropped) == [.filtered, .filtered])

    #expect(throws: ContractBreach.self) {
      try ContractStage(versions { $0.unknownVersions = .stop }).check(batch(records.0))
    }
  }

  @Test func `a delete is not checked`() throws {
    let batch = batch(#"{"price":"x"}"#)
    batch.events[0].operation = .delete
    try ContractStage(plan()).check(batch)
    #expect(outcomes(batch) == [.flowing])
  }
}
