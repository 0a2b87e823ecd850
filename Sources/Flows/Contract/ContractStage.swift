import Pipelines
import Records

/// Holds the events of batches against the contracts of a pipeline, on one lane: after decoding, before the transforms.
package final class ContractStage {
  /// For all events, where the source has no tables.
  private let common: ContractCheck?
  private let tables: [(table: SourceTable, check: ContractCheck?)]
  /// The list that `ways` was made for, and what the events of each of its tables are held against.
  private var list: TableList?
  private var ways: [ContractCheck?] = []

  package init(_ routing: ContractRouting) {
    let checks = routing.plans.map { ContractCheck($0) }
    common = routing.tables.isEmpty ? checks.first : nil
    tables = routing.tables.map { ($0.table, $0.plan.map { checks[$0] }) }
  }

  package convenience init(_ plan: ContractPlan) { self.init(ContractRouting(plans: [plan], tables: [])) }

  /// Sets the outcome of events that end here. Throws at the first one that ends the run.
  package func check(_ batch: Batch) throws(ContractBreach) {
    if tables.isEmpty { return try checkAll(batch) }
    if batch.tables !== list || list == nil { learn(batch.tables) }
    for index in batch.events.indices where batch.events[index].outcome == .flowing {
      let table = Int(batch.events[index].table)
      if table < ways.count { try ways[table]?.check(index, of: batch) }
    }
  }

  private func checkAll(_ batch: Batch) throws(ContractBreach) {
    guard let common else { return }
    for index in batch.events.indices where batch.events[index].outcome == .flowing {
      try common.check(index, of: batch)
    }
  }

  private func learn(_ list: TableList?) {
    self.list = list
    ways = (list?.tables ?? []).map { table in
      tables.first { $0.table.schema == table.schema && $0.table.name == table.name }?.check
    }
  }
}
