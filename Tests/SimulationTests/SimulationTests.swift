import Flows
import Glibc
import Testing

/// The real flow through thousands of seeded worlds.
///
/// `MILLRACE_SEED=n swift test --filter SimulationTests` replays one; `MILLRACE_SIMULATION_RUNS=n` runs more.
struct SimulationTests {
  private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

  private static let chunks: UInt64 = 8

  /// In chunks, so that every core gets some; each run gives way to other tests.
  @Test(arguments: 0..<chunks)
  func nothingIsLostWhateverHappens(_ chunk: UInt64) async {
    let seeds = Self.number("MILLRACE_SEED").map { $0...$0 } ?? 1...(Self.number("MILLRACE_SIMULATION_RUNS") ?? 10_000)
    var failed = 0
    for seed in seeds where seed % Self.chunks == chunk && failed < 3 {
      let outcome = Simulation.run(Scenario(seed: seed))
      if !outcome.violations.isEmpty {
        Issue.record("MILLRACE_SEED=\(seed): \(outcome.violations.joined(separator: "; "))")
        failed += 1
      }
      await Task.yield()
    }
  }

  /// As SQLite and FoundationDB do it: the first call fails, then the second, and so on until there is no such call.
  @Test(arguments: Scenario.SourceKind.allCases, Scenario.TargetKind.allCases)
  func everyCallOfEveryEffectMayFail(_ source: Scenario.SourceKind, _ target: Scenario.TargetKind) async {
    for effect in Scenario.Effect.allCases {
      for trouble in Trouble.allCases {
        var call = 1
        var isReached = true
        while isReached {
          var scenario = Scenario.quiet(source, target)
          trouble.put(effect, call, into: &scenario)
          let outcome = Simulation.run(scenario)
          #expect(outcome.violations.isEmpty, "\(effect) \(call): \(trouble)")
          isReached = outcome.calls[effect, default: 0] >= call
          call += 1
          await Task.yield()
        }
      }
    }
  }

  private enum Trouble: CaseIterable {
    case failure, fatalFailure, crashBefore, crashAfter, targetCrash

    func put(_ effect: Scenario.Effect, _ call: Int, into scenario: inout Scenario) {
      switch self {
      case .failure: scenario.faults = [.init(effect: effect, call: call, isFatal: false)]
      case .fatalFailure: scenario.faults = [.init(effect: effect, call: call, isFatal: true)]
      case .crashBefore: scenario.effectCrashes = [.init(effect: effect, call: call, isFatal: true)]
      case .crashAfter: scenario.effectCrashes = [.init(effect: effect, call: call, isFatal: false)]
      case .targetCrash: scenario.targetCrashes = [.init(effect: effect, call: call, isFatal: false)]
      }
    }
  }

  @Test(arguments: Scenario.SourceKind.allCases, Scenario.TargetKind.allCases)
  func thePowerMayFailAfterAnyJob(_ source: Scenario.SourceKind, _ target: Scenario.TargetKind) async {
    var job = 1
    var crashed = true
    while crashed {
      var scenario = Scenario.quiet(source, target)
      scenario.crashes = [job]
      let outcome = Simulation.run(scenario)
      #expect(outcome.violations.isEmpty, "after job \(job)")
      crashed = outcome.flows > 1
      job += 1
      await Task.yield()
    }
    #expect(job > 100)
  }
}
