import Flows
import Records

/// Whether pipelines do what they are for, which is more than that their process lives (Invariant 8).
package struct Readiness: Sendable, Equatable {
  /// Why each pipeline that is not ready is not.
  package var problems: [(name: String, reason: String)]

  package var isReady: Bool { problems.isEmpty }

  package init(_ pipelines: [(name: String, progress: Progress)]) {
    problems = pipelines.compactMap { name, progress in Self.problem(of: progress).map { (name, $0) } }
    if !pipelines.isEmpty, problems.isEmpty, pipelines.allSatisfy({ $0.progress.phase == .ended }) {
      problems = pipelines.map { ($0.name, "ended") }
    }
  }

  /// nil where it is ready, or has ended well beside others that still run.
  static func problem(of progress: Progress) -> String? {
    switch progress.phase {
    case .starting: "starting"
    case .failed: "failed"
    case .draining: "stopping"
    case .ended: nil
    case .running:
      progress.outage.map { $0.party == .source ? "the source does not answer" : "the target does not answer" }
        ?? progress.stalledFor.map { "nothing has moved for \(Quantity.duration($0))" }
    }
  }

  package var json: String {
    let members = problems.map { Value.Member($0.name, .string($0.reason)) }
    let value: Value = ["ready": .bool(isReady), "problems": .object(members)]
    return value.json + "\n"
  }

  package static func == (a: Readiness, b: Readiness) -> Bool { a.problems.elementsEqual(b.problems) { $0 == $1 } }
}
