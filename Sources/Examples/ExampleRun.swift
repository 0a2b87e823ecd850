import ConnectorKit
import Flows
import Pipelines
import Records

/// Runs an example through the pipeline's own flow, in a world of one thread, virtual time and memory for disks.
package struct ExampleRun {
  /// The most jobs that one run takes, in jobs, beside those of its events.
  private static let stepsMax = 100_000
  private static let stepsPerEventMax = 5_000
  /// The world goes on in the same way each time.
  private static let seed: UInt64 = 1
  /// The end of 2023, for what carries a time; every run of an example has the same.
  private static let begin: Int64 = 1_704_067_200_000

  private let plan: Plan
  private let test: PipelineTest
  private let disk: ExampleDisk

  /// What becomes of the events of an example of a pipeline.
  package static func outcome(of test: PipelineTest, in plan: Plan) -> ExampleOutcome {
    ExampleRun(plan, test).run()
  }

  private init(_ plan: Plan, _ test: PipelineTest) {
    self.plan = plan
    self.test = test
    disk = ExampleDisk(test, hasTables: plan.hasStreams)
  }

  private func run() -> ExampleOutcome {
    var outcome = ExampleOutcome()
    // Once, and once more after each restart and kill.
    for _ in 0...test.given.count {
      disk.isOn = true
      switch runOnce() {
      case .success(let summary):
        if summary.ended { return finished(outcome, nil) }
      case .failure(let error):
        if error.code != ExampleDisk.killed.code { return finished(outcome, error) }
      }
    }
    outcome.error = Self.endless
    return outcome
  }

  private func finished(_ outcome: ExampleOutcome, _ error: FlowError?) -> ExampleOutcome {
    var outcome = outcome
    (outcome.rows, outcome.letters, outcome.retries) = (disk.rows, disk.letters, disk.retries)
    outcome.counts = disk.checkpoint?.totals ?? Counts()
    outcome.error = error
    return outcome
  }

  private static let endless = FlowError(
    "test.no_end", "The example does not come to an end.",
    hint: "Does its target fail more often than `retry` allows?", exit: .failed)

  /// `@unchecked Sendable`: written and read on the one thread of the example.
  private final class Box: @unchecked Sendable {
    var flow: Flow?
    var result: Result<Flow.Summary, FlowError>?
  }

  private func runOnce() -> Result<Flow.Summary, FlowError> {
    let simulator = Simulator(seed: Self.seed)
    let box = Box()
    let flow = makeFlow(simulator) { box.flow?.stop() }
    box.flow = flow
    Task(executorPreference: simulator.lane("main")) {
      do throws(FlowError) { box.result = .success(try await flow.run()) } catch { box.result = .failure(error) }
    }
    let most = Self.stepsMax + test.given.count * Self.stepsPerEventMax
    while box.result == nil {
      if simulator.steps > most || !simulator.step() { return .failure(Self.endless) }
    }
    return box.result ?? .failure(Self.endless)
  }

  private func makeFlow(_ simulator: Simulator, stop: @escaping @Sendable () -> Void) -> Flow {
    let disk = disk
    var world = World(
      now: { simulator.time },
      wallTime: { Self.begin + simulator.time.components.seconds * 1_000 },
      alarm: { simulator.alarm($0, $1) },
      lane: { simulator.lane($0) },
      random: { simulator.random.next() },
      checkpoints: ExampleCheckpoints(disk: disk), deadLetters: ExampleLetters(disk: disk),
      observe: { event in
        if case .retrying(.target, _, _, _) = event { disk.retries += 1 }
        if case .circuitOpened(.target, _, _) = event { disk.retries += 1 }
      })
    world.keys = ExampleKeys(disk: disk)
    var settings = FlowSettings(plan)
    settings.computeLanes = 1
    settings.batch.records = 1
    settings.limits.rate = nil
    settings.checkpointEvery = max(settings.checkpointEvery, .seconds(1))
    let context = world.context(pipeline: plan.name, folder: plan.folder, batchBytes: settings.batchBytes)
    var plan = plan
    plan.lanes = 1
    return Flow(
      settings, source: GivenSource(disk, context, stop: stop), targets: [ExampleTarget(disk: disk)],
      route: { [plan] tables throws(ConnectorError) in try Routing(plan, tables) }, in: world)
  }
}
