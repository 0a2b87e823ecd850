import Flows
import Pipelines
import Records
import Testing

/// How a flow behaves in times of trouble, told by what it says and when, in virtual time.
struct BehaviourTests {
  private func names(_ universe: Universe) -> [String] {
    universe.heard.map { "\($0.event)".split(separator: "(").first.map(String.init) ?? "" }
  }

  @Test func anOutageIsWaitedOutAndNothingIsDeadLettered() throws {
    var scenario = Scenario.quiet(.log, .rowByRow)
    scenario.targetLanes = 1
    scenario.events = scenario.events.map { SimulatedEvent(key: $0.key, sequence: $0.sequence, fate: .written) }
    scenario.outage = .milliseconds(10)..<(.seconds(3))
    let (result, universe) = Simulation.runOnce(scenario)
    let summary = try #require(result).get()
    #expect(summary.counts.written == 6 && summary.counts.deadLettered == 0)
    #expect(summary.retries > 10)
    #expect(summary.seconds > 2.9)
    let told = names(universe).filter { ["retrying", "circuitOpened", "probing", "recovered", "stalled"].contains($0) }
    #expect(told.first == "retrying" && told.last == "recovered")
    #expect(Set(told).count == 5)
    #expect(universe.letters.isEmpty)
  }

  /// Twelve events of three keys; the target fails for the second one, of key 1.
  private func poisoned() -> Scenario {
    var scenario = Scenario.quiet(.callers, .rowByRow, events: 12)
    scenario.targetLanes = 1
    scenario.events = (0..<12).map { SimulatedEvent(key: $0 % 3, sequence: $0, fate: $0 == 1 ? .poisonous : .written) }
    return scenario
  }

  @Test func aPoisonousEventHoldsBackItsKeyAlone() throws {
    var scenario = poisoned()
    scenario.adjust = { $0.retry.parkFor = .seconds(5) }
    let (_, universe) = Simulation.runOnce(scenario)
    #expect(universe.violations.isEmpty)
    let rows = universe.tables[0].map(\.event)
    // Those of the other keys did not wait for it, those of its own key did, and went on when it was given up.
    #expect(rows.prefix(8).allSatisfy { $0.key != 1 } && rows.count == 11)
    #expect(rows.suffix(3).map(\.sequence) == [4, 7, 10])
    #expect(universe.letters.map(\.code) == ["target.failing"] && universe.letters.allSatisfy { $0.attempts > 10 })
    #expect(universe.simulator.time >= .seconds(5) && universe.simulator.time < .seconds(6))
    let parked = names(universe).count { $0 == "parked" }
    #expect(parked > 10)
    #expect(universe.acknowledged.count == 12)
  }

  @Test func memoryThatParkedRowsFillIsFreedByGivingThemUp() throws {
    var scenario = poisoned()
    scenario.batchEvents = 1
    scenario.inFlightBytes = 1
    scenario.adjust = { $0.retry.parkFor = .seconds(3_600) }
    // A row of another key is stored in the write that fails for it.
    scenario.batchEvents = 2
    let (_, universe) = Simulation.runOnce(scenario)
    #expect(universe.letters.map(\.code) == ["target.failing"])
    #expect(universe.tables[0].count == 11 && universe.simulator.time < .seconds(60))
  }

  @Test func withoutAnyRowStoredNoneIsGivenUp() {
    var scenario = poisoned()
    scenario.events = scenario.events.map { SimulatedEvent(key: $0.key, sequence: $0.sequence, fate: .poisonous) }
    scenario.adjust = {
      $0.retry.parkFor = .milliseconds(50)
      $0.drainFor = .seconds(1)
    }
    scenario.stop = 2_000
    let (result, universe) = Simulation.runOnce(scenario)
    #expect(result == .failure(.interrupted))
    #expect(universe.letters.isEmpty && universe.tables[0].isEmpty)
  }

  @Test func whatIsOpenedAgainWaitsForAnOutage() throws {
    var openedAgain = 0
    for begin in 1...60 {
      // Much longer than the delays last. Where it begins inside of a transaction, the target lets go of what it held.
      var scenario = Scenario.quiet(.log, .transactional, events: 30)
      scenario.outage = .milliseconds(begin)..<(.seconds(3))
      let (result, universe) = Simulation.runOnce(scenario)
      let starts = names(universe).count { $0 == "started" }
      #expect(universe.violations.isEmpty, "from \(begin) ms on")
      guard starts > 0 else { continue }
      let summary = try #require(result).get()
      #expect(summary.ended && summary.counts.read == 30, "from \(begin) ms on")
      if starts > 1 && summary.seconds > 2.9 { openedAgain += 1 }
    }
    #expect(openedAgain > 3)
  }

  @Test func givingUpEndsTheRunAndLeavesTheCheckpoint() throws {
    var scenario = Scenario.quiet(.log, .rowByRow)
    scenario.outage = .milliseconds(10)..<(.seconds(3_600))
    scenario.adjust = { $0.retry.giveUpAfter = .seconds(60) }
    let (result, universe) = Simulation.runOnce(scenario)
    let error = try #require(throws: FlowError.self) { try result?.get() }
    #expect(error.code == "target.away" && error.exit == .surroundings)
    #expect(universe.simulator.time >= .seconds(60) && universe.simulator.time < .seconds(61))
    #expect(universe.durableCheckpoint != nil && universe.violations.isEmpty)
  }

  @Test func aStopDrainsSavesAndAcknowledges() throws {
    var drained = 0
    for job in stride(from: 10, to: 400, by: 5) {
      var scenario = Scenario.quiet(.log, .marked)
      scenario.stop = job
      let (result, universe) = Simulation.runOnce(scenario)
      guard case .success(let summary)? = result else { continue }
      let safe = try #require(universe.durableCheckpoint?.totals)
      #expect(summary.counts == safe && safe.read == UInt64(universe.acknowledged.count), "after job \(job)")
      #expect(universe.violations.isEmpty)
      if !summary.ended && summary.counts.read > 0 { drained += 1 }
    }
    #expect(drained > 5)
  }

  @Test func aDrainThatTakesTooLongIsEnded() {
    var scenario = Scenario.quiet(.log, .rowByRow)
    scenario.outage = .milliseconds(10)..<(.seconds(3_600))
    scenario.stop = 120
    scenario.adjust = { $0.drainFor = .seconds(20) }
    let (result, universe) = Simulation.runOnce(scenario)
    #expect(result == .failure(.interrupted))
    #expect(universe.simulator.time >= .seconds(20) && universe.simulator.time < .seconds(21))
  }

  @Test func aSecondStopEndsItAtOnce() {
    var scenario = Scenario.quiet(.log, .rowByRow)
    scenario.outage = .milliseconds(10)..<(.seconds(3_600))
    scenario.stop = 120
    scenario.secondStop = 200
    let (result, universe) = Simulation.runOnce(scenario)
    #expect(result == .failure(.interrupted))
    #expect(universe.simulator.time < .seconds(1))
  }

  @Test func aLoneEventDoesNotWaitForCompany() {
    var scenario = Scenario.quiet(.callers, .rowByRow, events: 1)
    scenario.gatherWait = .seconds(10)
    scenario.checkpointEvery = .seconds(30)
    let (_, universe) = Simulation.runOnce(scenario)
    let read = universe.heard.first { if case .read = $0.event { true } else { false } }
    let settled = universe.heard.first { if case .settled = $0.event { true } else { false } }
    #expect((settled?.at ?? .seconds(99)) - (read?.at ?? .zero) < .milliseconds(50))
  }

  /// - Parameter reopens: at which reads everything is opened anew, as each turn of a backfill beside a stream is.
  @Test(arguments: [[], [3, 6, 9]]) func theRateHolds(reopens: Set<Int>) throws {
    var scenario = Scenario.quiet(.log, .rowByRow, events: 30)
    scenario.rate = 5
    scenario.reopens = reopens
    let summary = try #require(Simulation.runOnce(scenario).result).get()
    #expect(summary.counts.read == 30 && summary.seconds > 4.9 && summary.seconds < 6)
  }

  @Test func aFinishedRunStartedAgainDoesNothing() throws {
    let (first, universe) = Simulation.runOnce(.quiet(.log, .marked))
    let before = (universe.tables, try #require(first).get())
    let second = try #require(Simulation.again(universe)).get()
    #expect(second.ended && second.counts == Counts())
    #expect(second.checkpoint.totals == before.1.checkpoint.totals && second.checkpoint.runs == 2)
    #expect(universe.tables == before.0 && universe.violations.isEmpty)
  }
}
