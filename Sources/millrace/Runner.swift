import ConnectorKit
import Expressions
import Flows
import Pipelines
import Records
import Status

/// When a run ends by itself.
enum RunsUntil: Sendable {
  /// When the source does.
  case stopped
  /// When the source has nothing more now (`--once`).
  case read
  /// When all is stored that existed at the start (`--until-current`).
  case current
}

/// One pipeline of this process, from its plan to its end.
struct Runner: Sendable {
  let plan: Plan
  let flow: Flow

  /// Resolves secrets and makes the connectors; nothing is opened yet.
  init(_ plan: Plan, until end: RunsUntil, observe: @escaping @Sendable (Flow.Event) -> Void) throws(Failure) {
    let plan = try Self.resolve(plan)
    let checkpoints = FileCheckpoints(path: plan.checkpoint.path)
    var world = World.system(
      checkpoints: checkpoints,
      deadLetters: FileDeadLetters(
        path: plan.deadLetters.path, retention: LetterRetention(plan.deadLetters), wallTime: SystemTime.wallTime),
      observe: { event in
        checkpoints.hear(event, at: SystemTime.wallTime())
        observe(event)
      })
    world.keys = FileKeyStore(folder: plan.checkpoint.keysFolder)
    let settings = FlowSettings(plan)
    var context = world.context(
      pipeline: plan.name, folder: plan.folder, batchBytes: settings.batchBytes, lanes: plan.lanes)
    context.endsOnceRead = end != .stopped
    context.endsAtCurrent = end == .current
    context.wants = plan.wants
    context.part = plan.part
    context.isBackfill = plan.isBackfill
    context.beside = plan.beside
    context.namesProxy = Environment.namesProxy
    do throws(ConnectorError) {
      let source = try plan.source.makeSource(context)
      var targets: [any Target] = []
      for lane in 0..<plan.lanes { targets.append(try plan.target.makeTarget(context, lane: lane)) }
      flow = Flow(
        settings, source: source, targets: targets,
        route: { tables throws(ConnectorError) in try Routing(plan, tables) }, in: world)
    } catch {
      throw Failure(error)
    }
    self.plan = plan
  }

  /// Sends dead letters through the pipeline again.
  ///
  /// - Parameters:
  ///   - remembered: which keys the pipeline remembers; nil: none is asked for, and none is added.
  ///   - repair: names the repair, where these are rows of one.
  init(
    _ plan: Plan, replaying replay: LetterReplay, remembered: KeyMark? = nil, repair: String? = nil,
    observe: @escaping @Sendable (Flow.Event) -> Void
  ) throws(Failure) {
    let plan = try Self.resolve(plan)
    var world = World.system(checkpoints: replay.checkpoints, deadLetters: replay.sink, observe: observe)
    world.keys = ReplayKeyStore(FileKeyStore(folder: plan.checkpoint.keysFolder), at: remembered)
    let settings = FlowSettings(plan)
    // Never one lane: a target that stores the flow's position with its data would store the replay's.
    var context = world.context(
      pipeline: plan.name, folder: plan.folder, batchBytes: settings.batchBytes, lanes: max(2, plan.lanes))
    context.repair = repair
    context.namesProxy = Environment.namesProxy
    do throws(ConnectorError) {
      var targets: [any Target] = []
      for lane in 0..<plan.lanes { targets.append(try plan.target.makeTarget(context, lane: lane)) }
      flow = Flow(
        settings, source: replay.source, targets: targets,
        route: { tables throws(ConnectorError) in try Routing(plan, tables) }, in: world)
    } catch {
      throw Failure(error)
    }
    self.plan = plan
  }

  static func resolve(_ plan: Plan) throws(Failure) -> Plan {
    do throws(Diagnostics) {
      return try plan.resolved(with: Environment.secrets)
    } catch {
      let first = error.sorted.first
      throw Failure(
        first?.code, first.map { "\($0.place): \($0.message)." } ?? "A secret of the pipeline cannot be resolved.",
        hint: first?.hint, exit: .surroundings)
    }
  }

  var files: StateFiles { StateFiles(checkpoint: plan.checkpoint.path, deadLetters: plan.deadLetters.path) }
}

extension LetterRetention {
  init(_ policy: DeadLetterPolicy) {
    let age = policy.keepsFor.map { Int64($0.components.seconds) * 1_000 }
    self.init(age: age, bytes: policy.bytesMax.map { UInt64(clamping: $0) })
  }
}

extension FlowSettings {
  init(_ plan: Plan) {
    self.init(pipeline: plan.name, fingerprint: plan.fingerprint)
    computeLanes = min(Environment.processors + 1, Self.computeLanesMax)
    batch = plan.batch
    retry = plan.retry
    checkpointEvery = plan.checkpoint.every
    limits = plan.limits
    dedupes = DedupeWindow.all(of: plan)
  }

  /// Beyond this the source cannot feed them.
  private static var computeLanesMax: Int { 16 }
}
