import ConnectorKit
import Flows

/// What the simulated systems have in common: each effect gives way before and after it takes place, may fail, and has
/// no effect once the power is off.
struct SimulatedEffects: Sendable {
  let universe: Universe
  let simulator: Simulator

  func perform<Answer>(
    _ effect: Scenario.Effect, isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws(ConnectorError) -> Answer
  ) async throws(ConnectorError) -> Answer {
    await simulator.pause()
    try stillOn()
    if let fault = universe.begin(effect) { throw error(fault) }
    if isTarget(effect), let outage = universe.scenario.outage, universe.mayBeAway, outage.contains(simulator.time) {
      throw ConnectorError("target.away", "The target is away.", remedy: .retry(after: nil))
    }
    try stillOn()
    let answer = try await body()
    universe.end(effect)
    await simulator.pause()
    try stillOn()
    return answer
  }

  func stillOn() throws(ConnectorError) {
    if !simulator.isAlive { throw ConnectorError("simulated.crash", "The power failed.", remedy: .stop) }
  }

  private func error(_ fault: Scenario.Fault) -> ConnectorError {
    ConnectorError(
      "simulated.fault", "\(fault.effect) \(fault.call) fails.",
      remedy: fault.isFatal ? .stop : .retry(after: fault.call == 2 ? .milliseconds(7) : nil))
  }

  private func isTarget(_ effect: Scenario.Effect) -> Bool {
    effect == .write || effect == .flush || effect == .openTarget
  }

  /// The same, for the flow's own files, whose failures end the flow.
  func file<Answer>(
    _ effect: Scenario.Effect, _ body: () async throws(ConnectorError) -> Answer
  )
    async throws(FlowError) -> Answer
  {
    do {
      return try await perform(effect, body)
    } catch {
      throw FlowError(error.code, error.message, exit: .surroundings)
    }
  }
}
