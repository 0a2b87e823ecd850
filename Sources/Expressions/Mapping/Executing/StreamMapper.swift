import Records

/// Maps the events of several tables, each by the program of its stream, in the order in which they come. Belongs to one
/// lane.
///
/// A pipeline with one stream has a ``MappingExecutor`` alone and pays nothing for this.
package final class StreamMapper: Mapper {
  /// What becomes of a table's events.
  package struct Stream: Sendable {
    package var table: SourceTable
    /// One for all its events, or one for each version of its contract; empty where the pipeline skips the table.
    package var programs: [MappingProgram]
    /// What its rows carry.
    package var number: UInt16

    package init(_ table: SourceTable, _ programs: [MappingProgram], number: UInt16) {
      self.table = table
      self.programs = programs
      self.number = number
    }
  }

  private enum Way {
    case mapped(Int)
    case skipped, unknown
  }

  private let streams: [Stream]
  private let executors: [[MappingExecutor]]
  private let stepNames: [String]
  /// The list that `ways` was made for, and where the events of each of its tables go.
  private var list: TableList?
  private var ways: [Way] = []
  /// Which executors have seen the batch under way.
  private var hasBegun: [[Bool]]

  package init(_ streams: [Stream]) {
    self.streams = streams
    var stepNames: [String] = []
    executors = streams.map { stream in
      stream.programs.map { program in
        let executor = MappingExecutor(
          program, stream: stream.number, of: stream.table.fullName, firstStep: stepNames.count)
        stepNames += executor.stepNames
        return executor
      }
    }
    self.stepNames = stepNames
    hasBegun = executors.map { $0.map { _ in false } }
  }

  package func map(_ batch: Batch) {
    if batch.tables !== list || list == nil { learn(batch.tables) }
    batch.steps = stepNames
    for index in hasBegun.indices {
      for way in hasBegun[index].indices { hasBegun[index][way] = false }
    }
    for event in batch.events.indices where batch.events[event].outcome == .flowing { map(event, batch) }
  }

  private func map(_ event: Int, _ batch: Batch) {
    let table = Int(batch.events[event].table)
    switch table < ways.count ? ways[table] : .unknown {
    case .mapped(let index):
      let way = min(Int(batch.events[event].version), executors[index].count - 1)
      let executor = executors[index][way]
      if !hasBegun[index][way] {
        hasBegun[index][way] = true
        executor.begin(batch)
      }
      executor.mapEvent(event, batch)
    case .skipped: batch.events[event].outcome = .filtered
    case .unknown: refuse(event, batch)
    }
  }

  private func learn(_ list: TableList?) {
    self.list = list
    ways = (list?.tables ?? []).map { table in
      let index = streams.firstIndex { $0.table.schema == table.schema && $0.table.name == table.name }
      guard let index else { return .unknown }
      return executors[index].isEmpty ? .skipped : .mapped(index)
    }
  }

  /// A table that came along after the run began.
  private func refuse(_ event: Int, _ batch: Batch) {
    let name = batch.table(of: batch.events[event])?.fullName ?? "no table"
    batch.fail(
      event,
      Failure(
        event: event, code: "stream.unknown_table", stage: "stream",
        message: "the event is about \(name), which the source did not have when the run began"))
  }
}
