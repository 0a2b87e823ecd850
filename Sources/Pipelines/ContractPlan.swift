import Contracts
import Expressions
import Records

/// What the events of a pipeline must look like, and what becomes of those that do not.
package struct ContractPlan: Sendable {
  /// What becomes of something that the contract does not know.
  package enum Unknown: String, Sendable {
    case keep, drop
    /// Counts as a violation.
    case reject
    /// Ends the run.
    case stop
  }

  /// One schema of the events.
  package struct Version: Sendable {
    /// What the event's version field says; nil where there is one schema for all.
    package var name: String?
    /// The file of the schema, for people.
    package var file: String
    package var contract: Contract
    /// Steps that make an event of the next version of it.
    package var upgrade: [Transform] = []
    /// In place of the pipeline's mappings, where the version has its own.
    package var mapping: Mapping?

    package init(name: String? = nil, file: String, contract: Contract) {
      self.name = name
      self.file = file
      self.contract = contract
    }
  }

  /// In the file's order, the newest last; never empty.
  package var versions: [Version]
  /// Where an event names its version; nil where there is one schema for all.
  package var version: Path?
  package var unknownVersions = Unknown.reject
  package var unknownFields = Unknown.keep
  /// Whether a violation ends the run, rather than making the event a dead letter.
  package var stopsOnViolation = false
  /// Whether `format` is checked.
  package var assertsFormats = false

  package init(versions: [Version], version: Path? = nil) {
    self.versions = versions
    self.version = version
  }

  /// The same, with dead letters where a run would end: for looking at what would happen.
  package var withoutStops: ContractPlan {
    var plan = self
    plan.stopsOnViolation = false
    if unknownFields == .stop { plan.unknownFields = .reject }
    if unknownVersions == .stop { plan.unknownVersions = .reject }
    return plan
  }

  /// The number of the version with that name.
  package func version(named name: String) -> Int? { versions.firstIndex { $0.name == name } }
}

/// Which contract the events of each table are held against.
package struct ContractRouting: Sendable {
  package var plans: [ContractPlan]
  /// With an index among `plans`, or nil for any event; empty where the source has no tables, and the first is for all.
  package var tables: [(table: SourceTable, plan: Int?)]

  package init(plans: [ContractPlan], tables: [(table: SourceTable, plan: Int?)]) {
    self.plans = plans
    self.tables = tables
  }

  /// With dead letters where a run would end.
  package var withoutStops: ContractRouting {
    ContractRouting(plans: plans.map(\.withoutStops), tables: tables)
  }
}
