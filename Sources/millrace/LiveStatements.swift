import ConnectorKit
import Pipelines
import Records

/// What a pipeline's target says to its server about the tables that are there now (`millrace plan`).
struct LiveStatements: Sendable {
  /// By the pattern of the pipeline's streams, in the order of their tables.
  private var statements: [String: [String]] = [:]

  /// Nothing where source or target cannot be asked: what is known without them stands in its place.
  init(_ plan: Plan) async {
    guard let resolved = try? Runner.resolve(plan), let target = resolved.target as? any StatementsTargetConnector
    else { return }
    var context = Context.looking(resolved)
    context.lanes = plan.lanes
    do throws(ConnectorError) {
      let source = try resolved.source.makeSource(context)
      let routes = try resolved.streams.routes(for: try await source.tables(at: nil)).filter { !$0.stream.skips }
      await source.close()
      guard let found = try await target.statements(routes.targetStreams, from: context) else { return }
      for (route, said) in zip(routes, found) { statements[Self.name(route.stream), default: []] += said }
    } catch {
      statements = [:]
    }
  }

  subscript(stream: StreamPlan) -> [String]? { statements[Self.name(stream)] }

  private static func name(_ stream: StreamPlan) -> String { stream.pattern?.text ?? "" }
}
