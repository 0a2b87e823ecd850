import Contracts
import Expressions
import Pipelines
import Records

/// Holds events against one contract, on one lane.
///
/// A delete is not checked: its record may be no more than a key.
final class ContractCheck {
  /// The name of the stage in dead letters.
  private static let name = "contract"

  private let plan: ContractPlan
  private let validators: [ContractValidator]
  /// One a version, where unknown fields matter.
  private let unknownFields: [UnknownFields]

  init(_ plan: ContractPlan) {
    self.plan = plan
    validators = plan.versions.map { ContractValidator($0.contract) }
    unknownFields = plan.unknownFields == .keep ? [] : plan.versions.map { UnknownFields($0.contract.declarations) }
  }

  /// Sets the outcome of an event that ends here. Throws at one that ends the run.
  func check(_ index: Int, of batch: Batch) throws(ContractBreach) {
    let event = batch.events[index]
    guard event.operation != .truncate, event.record != Records.Event.none else { return }
    guard let version = try version(of: index, batch) else { return }
    batch.events[index].version = UInt16(version)
    if event.operation == .delete { return }
    try check(index, version, batch)
  }

  private func check(_ index: Int, _ version: Int, _ batch: Batch) throws(ContractBreach) {
    if !unknownFields.isEmpty, try !checkFields(index, version, batch) { return }
    let node = Int(batch.events[index].record)
    if validators[version].isValid(batch, node: node) { return }
    let violations = validators[version].validate(batch, node: node, collecting: true)
    try refuse(index, violations, stops: plan.stopsOnViolation, batch)
  }

  /// False where the event ends here.
  private func checkFields(_ index: Int, _ version: Int, _ batch: Batch) throws(ContractBreach) -> Bool {
    let record = Int(batch.events[index].record)
    let found = unknownFields[version].find(in: batch, node: record)
    if found.isEmpty { return true }
    if plan.unknownFields == .drop {
      batch.originals[index] = batch.events[index].record
      batch.events[index].record = UInt32(batch.copy(record, without: found.map(\.node)))
      return true
    }
    let violations = found.prefix(Violation.violationsMax).map { unknown in
      let pointer = batch.pointer(to: unknown.node, from: record)
      let name = batch.path(to: unknown.node, from: record).last ?? ""
      let hint = Suggestion.nearest(to: name, among: unknown.known).map { "; did you mean \($0)?" } ?? ""
      return Violation(
        instancePath: pointer, schemaPath: "#", keyword: "unknown_fields",
        message: "the contract declares no field \(name)\(hint)")
    }
    try refuse(
      index, violations, code: "contract.unknown_field", stops: plan.unknownFields == .stop || plan.stopsOnViolation,
      batch)
    return false
  }

  private func refuse(
    _ index: Int, _ violations: [Violation], code: String = "contract.violation", stops: Bool, _ batch: Batch
  ) throws(ContractBreach) {
    let failure = Failure(
      event: index, code: code, stage: Self.name, field: violations.first?.place,
      message: Violation.text(violations))
    if stops { throw ContractBreach(failure, batch) }
    batch.fail(index, failure)
  }
}

// Versions.
extension ContractCheck {
  /// The number of the event's version; nil where it ends here, or goes on unchecked.
  private func version(of index: Int, _ batch: Batch) throws(ContractBreach) -> Int? {
    guard let path = plan.version else { return 0 }
    let name = batch.node(at: path, of: batch.events[index]).flatMap { batch.versionName($0) }
    if let name, let version = plan.version(named: name) { return version }
    let newest = plan.versions.count - 1
    // A delete carries what identifies the row, and perhaps no version.
    if batch.events[index].operation == .delete { return newest }
    switch plan.unknownVersions {
    case .keep: batch.events[index].version = UInt16(newest)
    case .drop: batch.events[index].outcome = .filtered
    case .reject, .stop: try refuse(index, version: name, at: path, batch)
    }
    return nil
  }

  private func refuse(_ index: Int, version name: String?, at path: Path, _ batch: Batch) throws(ContractBreach) {
    let known = plan.versions.compactMap(\.name).joined(separator: ", ")
    let message =
      name.map { "the contract has no version \($0); it has \(known)" }
      ?? "\(path) names no version; the contract has \(known)"
    let failure = Failure(
      event: index, code: "contract.version_unknown", stage: Self.name, field: "\(path)", message: message)
    if plan.unknownVersions == .stop || plan.stopsOnViolation { throw ContractBreach(failure, batch) }
    batch.fail(index, failure)
  }
}

extension Batch {
  /// The name of a version at a node: a text, or a number as it is written.
  fileprivate func versionName(_ node: Int) -> String? {
    switch nodes[node].kind {
    case .string, .integer, .number: text(nodes[node])
    default: nil
    }
  }

  /// The node at a path of an event.
  fileprivate func node(at path: Path, of event: Records.Event) -> Int? {
    let root =
      switch path.root {
      case .record: event.record
      case .before: event.before
      case .key: event.key
      case .meta: event.meta
      case .op: Records.Event.none
      }
    guard root != Records.Event.none else { return nil }
    var node = Int(root)
    for step in path.steps {
      let children = children(of: node)
      switch step {
      case .member(let name):
        guard nodes[node].kind == .object,
          let child = children.last(where: { self.name(of: $0).utf8.elementsEqual(name.utf8) })
        else { return nil }
        node = child.node
      case .index(let index):
        guard nodes[node].kind == .array, children.indices.contains(index) else { return nil }
        node = children[index].node
      }
    }
    return node
  }
}

extension Violation {
  /// The most violations that one message tells.
  private static let toldMax = 3

  fileprivate var place: String? { instancePath.isEmpty ? nil : instancePath }

  /// `/price: -1 must be at least 0 (minimum)`, and the next ones behind it.
  fileprivate static func text(_ violations: [Violation]) -> String {
    let told = violations.prefix(toldMax).map { violation in
      "\(violation.place ?? "the record"): \(violation.message) (\(violation.keyword))"
    }
    let more = violations.count - told.count
    return told.joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
  }
}

/// An event that ends the run, because the contract says so.
package struct ContractBreach: Error, Sendable, Equatable {
  package var code: String
  /// Where the event was read and what is wrong with it.
  package var message: String

  init(_ failure: Failure, _ batch: Batch) {
    let event = batch.events[failure.event]
    let place = batch.line(of: event).map { "\(batch.origin.name):\($0)" } ?? batch.eventID(event)
    code = failure.code
    message = "\(place): \(failure.message)."
  }
}

extension FlowError {
  package init(_ breach: ContractBreach) {
    self.init(
      breach.code, "The contract was broken: \(breach.message)",
      hint:
        "Mend the source or the contract and run again: the checkpoint stands. `on_violation: dead_letter` sets such"
        + " events aside instead.", exit: .failed)
  }
}
