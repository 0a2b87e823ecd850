import ConnectorKit
import Expressions
import Pipelines
import Records

/// What a flow makes of its events, known once the source has said which tables it reads.
package struct Routing: Sendable {
  /// What the targets store; rows carry their number.
  package var streams: [TargetStream]
  /// Called once for each compute lane.
  package var makeMapper: @Sendable () -> any Mapper
  /// What events must look like; nil where any will do.
  package var contract: ContractRouting?

  package init(
    _ streams: [TargetStream], contract: ContractRouting? = nil, makeMapper: @escaping @Sendable () -> any Mapper
  ) {
    self.contract = contract
    self.streams = streams
    self.makeMapper = makeMapper
  }
}

extension Routing {
  /// The routes of a plan for these tables; none where the source has no tables.
  package init(_ plan: Plan, _ tables: [SourceTable]) throws(ConnectorError) {
    if let problem = plan.problems(with: tables).first(where: { $0.severity == .error }) {
      throw ConnectorError(
        problem.code, "\(problem.place): \(problem.message).", remedy: .stop, hint: problem.hint)
    }
    let routes = try plan.streams.routes(for: tables)
    self.init(routes.targetStreams, contract: routes.contract, makeMapper: routes.mappers(lanes: plan.lanes))
  }
}
