import Records

/// Maps the events of several versions of a contract, each by a program of its own, in the order in which they come.
/// Belongs to one lane.
package final class VersionMapper: Mapper {
  private let executors: [MappingExecutor]
  private let stepNames: [String]
  /// Which executors have seen the batch under way.
  private var hasBegun: [Bool]

  /// - Parameter programs: one a version, in the order that ``Event/version`` counts in.
  package init(_ programs: [MappingProgram]) {
    precondition(!programs.isEmpty, "a contract has at least one version")
    var stepNames: [String] = []
    executors = programs.map { program in
      let executor = MappingExecutor(program, firstStep: stepNames.count)
      stepNames += executor.stepNames
      return executor
    }
    self.stepNames = stepNames
    hasBegun = programs.map { _ in false }
  }

  package func map(_ batch: Batch) {
    for index in hasBegun.indices { hasBegun[index] = false }
    batch.steps = stepNames
    for event in batch.events.indices where batch.events[event].outcome == .flowing {
      let version = min(Int(batch.events[event].version), executors.count - 1)
      if !hasBegun[version] {
        hasBegun[version] = true
        executors[version].begin(batch)
      }
      executors[version].mapEvent(event, batch)
    }
  }
}
