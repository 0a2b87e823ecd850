import Pipelines
import Records

/// What a flow takes from a plan.
package struct FlowSettings: Sendable {
  /// The most target lanes.
  package static let lanesMax = 64

  package var pipeline: String
  package var fingerprint: String
  /// How many lanes decode, map and encode; one more than there are cores, so that none stands still while a lane takes a
  /// batch or hands one on.
  package var computeLanes = 2
  /// How many bytes a source puts into a batch, about.
  package var batchBytes = 256 << 10
  package var batch = BatchPolicy()
  package var retry = RetryPolicy()
  package var checkpointEvery: Duration = .seconds(1)
  package var limits = Limits()
  /// How long each `dedupe` step remembers, by the number of the step.
  package var dedupes: [DedupeWindow] = []
  /// A flow that has something in flight and moves nothing for so long says so.
  package var stalledAfter: Duration = .seconds(60)
  /// How long a stopped flow may take to store what is in flight.
  package var drainFor: Duration = .seconds(25)

  package init(pipeline: String, fingerprint: String) {
    self.pipeline = pipeline
    self.fingerprint = fingerprint
  }
}

extension FlowSettings {
  package init(_ plan: Plan) {
    self.init(pipeline: plan.name, fingerprint: plan.fingerprint)
    batch = plan.batch
    retry = plan.retry
    checkpointEvery = plan.checkpoint.every
    limits = plan.limits
    dedupes = DedupeWindow.all(of: plan)
  }
}
