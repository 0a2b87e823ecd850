import ConnectorKit
import Pipelines
import Records

/// Compares a pipeline with the systems that it names (`validate --connect`), without changing anything there.
struct LiveCheck {
  /// The file's own plan, whose places are known.
  let plan: Plan

  func diagnostics() async -> [Diagnostic] {
    let resolved: Plan
    do throws(Failure) {
      resolved = try Runner.resolve(plan)
    } catch {
      return plan.diagnostics(
        [Problem("", code: error.code ?? "config.invalid", error.message, hint: error.hint)], in: .source)
    }
    let context = Context.looking(resolved)
    let source = await (resolved.source as? any SourceConnectionCheck)?.check(context) ?? SourceCheck()
    let found = plan.diagnostics(source.problems, in: .source)
    let isUnknown = source.tables.isEmpty && !source.problems.isEmpty
    if isUnknown, plan.hasStreams { return found }
    let typed = plan.problems(with: source.tables)
    do throws(ConnectorError) {
      return found + typed + (await target(resolved, try resolved.streams.routes(for: source.tables), context))
    } catch {
      return found + plan.diagnostics([Problem("tables", error)], in: .source)
    }
  }

  private func target(_ resolved: Plan, _ routes: [Route], _ context: Context) async -> [Diagnostic] {
    guard let target = resolved.target as? any TargetConnectionCheck else { return [] }
    let wanted = routes.filter { !$0.stream.skips }
    let problems = await target.check(context, wanted.targetStreams)
    return zip(wanted, problems).flatMap { route, problems in
      let stream = plan.streams.firstIndex { $0.pattern == route.stream.pattern } ?? 0
      return plan.diagnostics(problems, in: .target(stream: stream))
    }
  }
}
