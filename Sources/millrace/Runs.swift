import ConnectorKit
import Connectors
import Flows
import Pipelines
import Records
import Status
import Synchronization

/// The pipelines of one process, side by side.
final class Runs: Sendable {
  private struct End: Sendable {
    var status: ExitStatus
    var counts = Counts()
    var retries: UInt64 = 0
  }

  private let console: Console
  private let reporter: Reporter
  private let output: OutputOptions
  private let signals = Signals()
  private let flows = Mutex<[Flow]>([])

  init(_ console: Console, _ reporter: Reporter, _ output: OutputOptions) {
    self.console = console
    self.reporter = reporter
    self.output = output
  }

  /// Runs them until the last has ended.
  func run(_ plans: [Plan], until end: RunsUntil) async -> ExitStatus {
    signals.watch { [self] in flows.withLock { $0 }.forEach { $0.stop() } }
    let began = SystemTime.now()
    reporter.start()
    let ends = await withTaskGroup(of: End.self) { group in
      for plan in plans { group.addTask { [self] in await run(plan, until: end) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    reporter.stop()
    if plans.count > 1 { total(ends, seconds: (SystemTime.now() - began).seconds) }
    return .worst(of: ends.map(\.status))
  }

  private func run(_ plan: Plan, until end: RunsUntil) async -> End {
    let result: End
    do throws(Failure) {
      let runner = try Runner(plan, until: end, observe: reporter.observer(of: plan.name))
      flows.withLock { $0.append(runner.flow) }
      // A signal that came before the flow was in the list.
      if signals.number != nil { runner.flow.stop() }
      result = try await finish(runner)
    } catch {
      result = End(status: status(of: error, plan), counts: reporter.counts(of: plan.name))
    }
    reporter.ended(plan.name, failed: result.status != .done && result.status != .deadLetters)
    return result
  }

  /// A reader of standard output that has enough, as `head` does, ends a run without a failure.
  private func status(of failure: Failure, _ plan: Plan) -> ExitStatus {
    guard let code = failure.code, Catalog.quietCodes.contains(code) else {
      tell(failure, plan)
      return failure.exit
    }
    reporter.log(LogLine(.info, plan.name, "closed", failure.message))
    return .done
  }

  private func finish(_ runner: Runner) async throws(Failure) -> End {
    let summary: Flow.Summary
    do throws(FlowError) {
      summary = try await runner.flow.run()
    } catch {
      throw Failure(error, signal: signals.number)
    }
    tell(summary, runner)
    return End(
      status: summary.counts.deadLettered > 0 ? .deadLetters : .done, counts: summary.counts, retries: summary.retries)
  }

  // MARK: - Telling

  private func tell(_ summary: Flow.Summary, _ runner: Runner) {
    if output.json { Output.answer(summary.json(runner.plan.name, runner.files).json) }
    guard !output.quiet else { return }
    if output.logFormat == .json {
      return reporter.log(
        LogLine(
          .info, runner.plan.name, "finished", summary.ended ? "The source has ended." : "The run was stopped.",
          ["summary": summary.json(runner.plan.name, runner.files)]))
    }
    console.say(
      SummaryText.text(
        summary, pipeline: runner.plan.name, file: runner.plan.file + runner.plan.part.arguments, runner.files,
        console.style))
  }

  private func tell(_ failure: Failure, _ plan: Plan) {
    if output.json, case .object(let members) = failure.json {
      Output.answer(Value.object([.init("pipeline", .string(plan.name))] + members).json)
    }
    if output.logFormat == .json {
      reporter.log(
        LogLine(
          .error, plan.name, "failed", failure.message,
          ["code": failure.code.map { .string($0) }, "hint": failure.hint.map { .string($0) }]))
    } else {
      console.say(failure.text(console.style, subject: plan.name))
    }
  }

  /// After several pipelines, the sum of them.
  private func total(_ ends: [End], seconds: Double) {
    var counts = Counts()
    for end in ends { counts += end.counts }
    // Steps of several pipelines have the same names.
    counts.steps = StepCounts()
    let retries = ends.reduce(0) { $0 + $1.retries }
    let failed = ends.count { $0.status != .done && $0.status != .deadLetters }
    if output.json {
      let members: [Value.Member] = [
        .init("pipelines", .int(Int64(ends.count))), .init("failed", .int(Int64(failed))),
      ]
      Output.answer(
        Value.object(
          members + Flow.Summary.members(counts, retries: retries, seconds: seconds) + [.init("checkpoint", .null)]
        ).json)
    }
    guard !output.quiet, output.logFormat == .text else { return }
    console.say("\(ends.count) pipelines, \(failed) failed:")
    console.say(SummaryText.balance(counts).joined(separator: "\n"))
  }
}
