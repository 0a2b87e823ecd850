import ConnectorKit
import Flows
import Records

/// Runs a scenario from its first flow to its last, one after each crash, and checks what is left.
struct Simulation {
  /// The most jobs that one flow may take, in jobs.
  static let stepsMax = 60_000
  /// The most flows that one scenario may take, in flows.
  static let flowsMax = 24

  struct Outcome: Equatable {
    var violations: [String]
    var trace: UInt64
    var flows: Int
    var steps: Int
    var calls: [Scenario.Effect: Int]
  }

  private let scenario: Scenario
  private let universe: Universe

  private init(_ universe: Universe) {
    scenario = universe.scenario
    self.universe = universe
  }

  private init(_ scenario: Scenario) {
    self.scenario = scenario
    universe = Universe(scenario)
  }

  static func run(_ scenario: Scenario) -> Outcome { Simulation(scenario).run() }

  /// Runs the first flow only.
  static func runOnce(_ scenario: Scenario) -> (result: Result<Flow.Summary, FlowError>?, universe: Universe) {
    let simulation = Simulation(scenario)
    simulation.universe.restart(0)
    simulation.universe.mayBeAwayOnceOpen = true
    return (simulation.run(crashAt: nil, isFirst: true), simulation.universe)
  }

  private func run() -> Outcome {
    var trace: UInt64 = 0
    var steps = 0
    var crashes = scenario.crashes
    for flow in 0..<Self.flowsMax {
      universe.restart(flow)
      universe.mayBeAway = flow < 2
      let crash = crashes.popLast()
      let result = run(crashAt: crash, isFirst: flow == 0)
      trace = trace &* 31 &+ universe.simulator.trace
      steps += universe.simulator.steps
      if universe.simulator.isAlive, case .success(let summary)? = result, summary.ended || isDone {
        check(summary)
        return outcome(trace, flows: flow + 1, steps)
      }
      if !universe.violations.isEmpty { break }
    }
    universe.violate("not done after many flows")
    return outcome(trace, flows: Self.flowsMax, steps)
  }

  /// Runs one more flow on what another one left.
  static func again(_ universe: Universe) -> Result<Flow.Summary, FlowError>? {
    let simulation = Simulation(universe)
    universe.restart(99)
    return simulation.run(crashAt: nil, isFirst: false)
  }

  /// Dead letters of the first events are replayed, and then the others come; a flow that crashes is begun again.
  ///
  /// - Parameters:
  ///   - count: how many events come before the replay.
  ///   - crashes: after how many jobs the first replay and the first run behind it crash.
  static func replay(_ scenario: Scenario, before count: Int, crashesAt crashes: (replay: Int?, run: Int?)) -> Universe
  {
    let simulation = Simulation(scenario)
    let universe = simulation.universe
    universe.callersEnd = count
    simulation.repeats(from: 0, crashAt: nil, makeFlow: simulation.makeFlow) { simulation.isDone }
    simulation.repeats(from: 10, crashAt: crashes.replay, makeFlow: simulation.makeReplay, ends: true) {
      universe.journal.count == universe.letters.count
    }
    universe.callersEnd = scenario.events.count
    simulation.repeats(from: 20, crashAt: crashes.run, makeFlow: simulation.makeFlow) { simulation.isDone }
    return universe
  }

  /// Runs flows until it is done, the first of which may crash.
  private func repeats(
    from number: Int, crashAt crash: Int?, makeFlow: () -> Flow, ends: Bool = false, until isDone: () -> Bool
  ) {
    var crash = crash
    for flow in number..<number + 3 where !isDone() {
      universe.restart(flow)
      _ = run(makeFlow(), crashAt: crash, isFirst: false, ends: ends)
      crash = nil
    }
    if !isDone() { universe.violate("not done after three flows") }
  }

  private func outcome(_ trace: UInt64, flows: Int, _ steps: Int) -> Outcome {
    Outcome(violations: universe.violations, trace: trace, flows: flows, steps: steps, calls: universe.calls)
  }

  /// For sources that never end: whether everything in them was acknowledged.
  private var isDone: Bool { universe.acknowledged.count == universe.callersEnd }

  // MARK: - One flow

  private final class Box: @unchecked Sendable { var result: Result<Flow.Summary, FlowError>? }

  private func run(crashAt crash: Int?, isFirst: Bool) -> Result<Flow.Summary, FlowError>? {
    run(makeFlow(), crashAt: crash, isFirst: isFirst, ends: scenario.source == .log)
  }

  /// - Parameter ends: whether its source does; otherwise it is stopped when everything is done.
  private func run(_ flow: Flow, crashAt crash: Int?, isFirst: Bool, ends: Bool) -> Result<Flow.Summary, FlowError>? {
    let simulator = universe.simulator
    let box = Box()
    Task(executorPreference: simulator.lane("main")) {
      do throws(FlowError) { box.result = .success(try await flow.run()) } catch { box.result = .failure(error) }
    }
    scheduleCallers()
    var stops = Stops(scenario, isFirst: isFirst)
    while box.result == nil {
      if simulator.steps == crash { universe.crash() }
      for _ in 0..<stops.due(simulator, isDone: !ends && isDone) { flow.stop() }
      if simulator.steps > Self.stepsMax || !simulator.step() {
        universe.violate("nothing moves: \(simulator.steps) jobs, \(simulator.time)")
        return nil
      }
    }
    return box.result
  }

  /// When a flow is asked to stop: where the scenario says so, when a source that never ends has nothing more, and by
  /// force after a crash, so that what is left of the flow goes away.
  private struct Stops {
    private var planned: [Int]
    private var isStopped = false
    private var isForced = false

    init(_ scenario: Scenario, isFirst: Bool) {
      planned = isFirst ? [scenario.stop, scenario.secondStop].compactMap(\.self) : []
    }

    /// How many stops to ask for now.
    mutating func due(_ simulator: Simulator, isDone: Bool) -> Int {
      if !simulator.isAlive && !isForced {
        isForced = true
        return 2
      }
      if let next = planned.first, simulator.steps >= next {
        planned.removeFirst()
        isStopped = true
        return 1
      }
      if isDone && !isStopped {
        isStopped = true
        return 1
      }
      return 0
    }
  }

  private func makeFlow() -> Flow {
    let effects = SimulatedEffects(universe: universe, simulator: universe.simulator)
    let world = makeWorld(effects)
    let universe = universe
    let sleep = world.context(pipeline: "", folder: "", batchBytes: 0).sleep
    let source: any Source =
      scenario.source == .queue
      ? SimulatedQueue(universe, effects, sleep: sleep) : SimulatedLog(universe, effects, sleep: sleep)
    let targets = (0..<scenario.targetLanes).map { SimulatedTarget($0, universe, effects) }
    return Flow(scenario.settings, source: source, targets: targets, route: route, in: world)
  }

  private func makeReplay() -> Flow {
    let effects = SimulatedEffects(universe: universe, simulator: universe.simulator)
    var world = makeWorld(effects)
    world.checkpoints = NoCheckpoints()
    world.deadLetters = NoLetters()
    world.keys = SimulatedReplayKeys(universe: universe, effects: effects)
    return Flow(
      scenario.settings, source: SimulatedReplay(universe, effects),
      targets: [SimulatedReplayTarget(universe, effects)], route: route, in: world)
  }

  private var route: @Sendable ([SourceTable]) throws(ConnectorError) -> Routing {
    { [dedupes = scenario.remembered != nil] _ in
      Routing([TargetStream(Columns(names: ["line"]))], makeMapper: { SimulatedMapper(dedupes: dedupes) })
    }
  }

  private func makeWorld(_ effects: SimulatedEffects) -> World {
    let simulator = universe.simulator
    let universe = universe
    let limit = inFlightMax
    var world = World(
      now: { simulator.time },
      wallTime: { 1_790_000_000_000 + simulator.time.components.attoseconds / 1_000_000_000_000_000 },
      alarm: { simulator.alarm($0, $1) },
      lane: { simulator.lane($0) },
      random: { simulator.random.next() },
      checkpoints: SimulatedCheckpoints(universe: universe, effects: effects),
      deadLetters: SimulatedLetters(universe: universe, effects: effects),
      observe: { event in
        universe.heard.append((simulator.time, event))
        if case .started = event, universe.mayBeAwayOnceOpen { universe.mayBeAway = true }
        guard case .read(_, let bytes) = event, bytes > limit else { return }
        universe.violate("\(bytes) bytes in flight, over the limit")
      })
    world.keys = SimulatedKeys(universe: universe, effects: effects)
    world.giveWay = { await simulator.pause(upTo: .milliseconds(1)) }
    world.flaw = scenario.flaw
    return world
  }

  /// Invariant 7: the limit, and beyond it what parcels grow while they are computed.
  private var inFlightMax: Int {
    scenario.inFlightBytes + (scenario.computeLanes * 2 + 3) * 6_000
  }

  private func scheduleCallers() {
    guard scenario.source == .callers else { return }
    let simulator = universe.simulator
    let universe = universe
    for _ in universe.answered..<universe.callersEnd {
      _ = simulator.alarm(.milliseconds(simulator.random.below(40))) {
        if simulator.isAlive { universe.answered += 1 }
      }
    }
  }

  // MARK: - What is left

  private func check(_ summary: Flow.Summary) {
    guard let checkpoint = universe.durableCheckpoint, checkpoint == summary.checkpoint else {
      return universe.violate("the last checkpoint is not the one on the disk")
    }
    if checkpoint.stage != (summary.ended ? .finished : .running) { universe.violate("stage \(checkpoint.stage)") }
    if summary.ended && universe.isFinished.contains(false) { universe.violate("a target has not finished") }
    if !isDone { universe.violate("\(scenario.events.count - universe.acknowledged.count) were not acknowledged") }
    if !checkpoint.totals.balances { universe.violate("the totals do not balance: \(checkpoint.totals)") }
    for event in scenario.events where !universe.isDurable(event) { universe.violate("lost: \(event.line.dropLast())") }
    for row in universe.tables.joined() where universe.originals[row.event.sequence] != nil {
      universe.violate("written, although it is a duplicate: \(row.event.line.dropLast())")
    }
    if scenario.source == .queue { return }
    if checkpoint.totals != expectedTotals {
      universe.violate("counted \(checkpoint.totals), expected \(expectedTotals)")
    }
    checkLetters()
    if scenario.target == .marked || scenario.target == .transactional { checkExactlyOnce() }
  }

  private func checkLetters() {
    let expected = scenario.events.filter { $0.fate.code != nil && universe.originals[$0.sequence] == nil }
      .map(\.sequence)
    let found = universe.letters.compactMap(\.text).sorted()
    if found != expected { universe.violate("dead letters \(found), expected \(expected)") }
    if Set(universe.letters.map(\.id)).count != found.count { universe.violate("dead letters share an id") }
    for letter in universe.letters where letter.text.map({ scenario.events[$0].fate.code != letter.code }) ?? true {
      universe.violate("the wrong reason: \(letter)")
    }
  }

  private func checkExactlyOnce() {
    for table in universe.tables {
      var last: [Int: Int] = [:]
      for row in table {
        if let before = last[row.key], before >= row.event.sequence {
          universe.violate("key \(row.key): \(row.event.sequence) stands after \(before)")
        }
        last[row.key] = row.event.sequence
      }
    }
  }

  private var expectedTotals: Counts {
    var counts = Counts()
    for event in scenario.events {
      counts.read += 1
      if universe.originals[event.sequence] != nil {
        counts.duplicate += 1
        continue
      }
      switch event.fate {
      case .written, .twice, .failing: counts.written += 1
      case .filtered: counts.filtered += 1
      case .duplicate: counts.duplicate += 1
      case .stale: counts.stale += 1
      default: counts.deadLettered += 1
      }
    }
    return counts
  }
}
