import Flows
import Glibc
import Testing

/// The real flow through thousands of seeded worlds.
///
/// `MILLRACE_SEED=n swift test --filter SimulationTests` replays one; `MILLRACE_SIMULATION_RUNS=n` runs more.
struct SimulationTests {
  private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

  @Test func nothingIsLostWhateverHappens() {
    let seeds = Self.number("MILLRACE_SEED").map { $0...$0 } ?? 1...(Self.number("MILLRACE_SIMULATION_RUNS") ?? 10_000)
    var failed = 0
    for seed in seeds {
      let outcome = Simulation.run(Scenario(seed: seed), verbose: Self.number("MILLRACE_SEED") != nil)
      guard !outcome.violations.isEmpty else { continue }
      Issue.record("MILLRACE_SEED=\(seed): \(outcome.violations.joined(separator: "; "))")
      failed += 1
      if failed == 5 { return }
    }
  }
}
