import Flows
import Testing

/// The simulation is only worth what it catches: the engine is broken on purpose, and must be found out.
struct MutantTests {
  /// The most seeds that a flaw may need to be seen, in seeds.
  private static let seedsMax: UInt64 = 1_000

  /// What must be found wrong: not just anything, but the harm that the flaw does.
  private static func harm(of flaw: Flaw) -> String {
    switch flaw {
    case .checkpointBeforeWrite, .highestSeen, .fullHandoverDrops, .deadLettersNotDurable, .parkedIsForgotten: "lost"
    case .acknowledgeBeforeCheckpoint: "but the checkpoint stands at"
    case .droppedAcknowledgement: "were not acknowledged"
    case .lanesInTurn, .orderNotRestored, .parkedIsOvertaken: "was written after"
    case .noFlush: "which is not durable"
    case .rejectionIgnored: "counted"
    case .keysNotCutBack, .lossIsIgnored: "lost"
    case .keysNotDurable: "remembered keys of the checkpoint are lost"
    case .replayedKeysGoEarly: "applied twice"
    case .tornTransactions, .heldIsForgotten: "is torn"
    }
  }

  /// One shows only where dead letters are replayed; see ``ReplayTests``.
  @Test(arguments: Flaw.allCases.filter { $0 != .replayedKeysGoEarly })
  func theSimulationCatches(_ flaw: Flaw) {
    let caught = (1...Self.seedsMax).first { seed in
      Simulation.run(Scenario(seed: seed, flaw: flaw)).violations.contains { $0.contains(Self.harm(of: flaw)) }
    }
    #expect(caught != nil, "\(flaw) was not caught in \(Self.seedsMax) seeds")
  }

  /// A target that commits before it is durable is flushed before anybody upstream hears of its rows.
  @Test func theSimulationCatchesFeedbackBeforeTheFlush() {
    let caught = (1...Self.seedsMax).first { seed in
      let scenario = Scenario(seed: seed, flaw: .noFlush)
      guard scenario.target == .transactional else { return false }
      return Simulation.run(scenario).violations.contains { $0.contains(Self.harm(of: .noFlush)) }
    }
    #expect(caught != nil)
  }

  @Test func aSeedReplaysExactly() {
    for seed: UInt64 in 1...50 {
      #expect(Simulation.run(Scenario(seed: seed)) == Simulation.run(Scenario(seed: seed)), "seed \(seed)")
    }
    #expect(Simulation.run(Scenario(seed: 1)).trace != Simulation.run(Scenario(seed: 2)).trace)
  }
}
