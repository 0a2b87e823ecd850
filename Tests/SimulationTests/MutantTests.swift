import Flows
import Testing

/// The simulation is only worth what it catches: the engine is broken on purpose, and must be found out.
struct MutantTests {
  /// The most seeds that a flaw may need to be seen, in seeds.
  private static let seedsMax: UInt64 = 600

  @Test(arguments: Flaw.allCases)
  func theSimulationCatches(_ flaw: Flaw) {
    let caught = (1...Self.seedsMax).first { !Simulation.run(Scenario(seed: $0, flaw: flaw)).violations.isEmpty }
    print(flaw, caught ?? 0, Simulation.run(Scenario(seed: caught ?? 1, flaw: flaw)).violations)
    #expect(caught != nil, "\(flaw) was not caught in \(Self.seedsMax) seeds")
  }

  @Test func aSeedReplaysExactly() {
    for seed: UInt64 in 1...50 {
      #expect(Simulation.run(Scenario(seed: seed)) == Simulation.run(Scenario(seed: seed)), "seed \(seed)")
    }
  }
}
